import type { CgroupWrite, Writer } from "./types.ts";

const AT = "/linux/resources/cpu";

/** cpuset.cpus and cpuset.mems; the files have the same names and values on v1 and v2. An empty list is left alone. */
export const cpuset: Writer = ({ cpu }) => {
  const lists = [
    ["cpuset.cpus", "cpus", cpu?.cpus],
    ["cpuset.mems", "mems", cpu?.mems],
  ] as const;
  return lists.flatMap(([file, name, value]): CgroupWrite[] =>
    value === undefined || value === "" ? [] : [{ file, value, from: `${AT}/${name}` }],
  );
};
