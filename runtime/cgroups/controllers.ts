/** Which part of `resources` is which controller's, on v1 and on v2: the table that plans are made from. */
import { RuntimeError } from "../errors.ts";
import { cpuset } from "./cpuset.ts";
import { hugetlb, hugetlbUnified } from "./hugetlb.ts";
import { rdma } from "./rdma.ts";
import type { Resources, Writer } from "./types.ts";
import { blkio } from "./v1/blkio.ts";
import { cpu as cpuV1 } from "./v1/cpu.ts";
import { memory as memoryV1 } from "./v1/memory.ts";
import { netCls, netPrio } from "./v1/net.ts";
import { pids as pidsV1 } from "./v1/pids.ts";
import { cpu as cpuV2 } from "./v2/cpu.ts";
import { io } from "./v2/io.ts";
import { memory as memoryV2 } from "./v2/memory.ts";
import { pids as pidsV2 } from "./v2/pids.ts";

interface Controller {
  readonly name: string;
  readonly writes: Writer;
}

export interface ControllerRow {
  readonly property: keyof Resources;
  readonly v1: Controller;
  readonly v2: Controller;
}

/** In the order in which they are written. */
export const CONTROLLERS: readonly ControllerRow[] = [
  { property: "cpu", v1: { name: "cpuset", writes: cpuset }, v2: { name: "cpuset", writes: cpuset } },
  { property: "memory", v1: { name: "memory", writes: memoryV1 }, v2: { name: "memory", writes: memoryV2 } },
  { property: "cpu", v1: { name: "cpu", writes: cpuV1 }, v2: { name: "cpu", writes: cpuV2 } },
  { property: "pids", v1: { name: "pids", writes: pidsV1 }, v2: { name: "pids", writes: pidsV2 } },
  { property: "blockIO", v1: { name: "blkio", writes: blkio }, v2: { name: "io", writes: io } },
  {
    property: "hugepageLimits",
    v1: { name: "hugetlb", writes: hugetlb },
    v2: { name: "hugetlb", writes: hugetlbUnified },
  },
  { property: "rdma", v1: { name: "rdma", writes: rdma }, v2: { name: "rdma", writes: rdma } },
  { property: "network", v1: { name: "net_cls", writes: netCls }, v2: { name: "", writes: v1Only("net_cls", netCls) } },
  {
    property: "network",
    v1: { name: "net_prio", writes: netPrio },
    v2: { name: "", writes: v1Only("net_prio", netPrio) },
  },
];

/** The v2 side of a controller that v2 has not: nothing, or an error when it is asked for. */
function v1Only(name: string, writer: Writer): Writer {
  return (resources, warn) => {
    const [first] = writer(resources, warn);
    if (first === undefined) return [];
    throw new RuntimeError("E_HOST_UNSUPPORTED", `network: cgroup v2 has no ${name} controller`, {
      pointer: first.from,
    });
  };
}
