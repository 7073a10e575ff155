import { decimal, isGiven } from "../integers.ts";
import type { Writer } from "../types.ts";

const AT = "/linux/resources/network";

/** net_cls.classid; 0 is "leave it", as it is what a new cgroup has. */
export const netCls: Writer = ({ network }) => {
  if (!isGiven(network?.classID)) return [];
  const from = `${AT}/classID`;
  return [{ file: "net_cls.classid", value: decimal(network.classID, from), from }];
};

/** net_prio.ifpriomap, one interface at a time. */
export const netPrio: Writer = ({ network }) =>
  (network?.priorities ?? []).map(({ name, priority }, index) => {
    const from = `${AT}/priorities/${index}`;
    return { file: "net_prio.ifpriomap", value: `${name} ${decimal(priority, from)}`, from };
  });
