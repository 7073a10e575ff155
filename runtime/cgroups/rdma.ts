import { decimal } from "./integers.ts";
import type { Integer, Writer } from "./types.ts";

const AT = "/linux/resources/rdma";

/** rdma.max, the same on v1 and v2 (Documentation/admin-guide/cgroup-v1/rdma.rst): what is not given stays as it is. */
export const rdma: Writer = ({ rdma = {} }) =>
  Object.entries(rdma).flatMap(([device, { hcaHandles, hcaObjects }]) => {
    const from = `${AT}/${device.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const part = (key: string, name: string, value: Integer | undefined) =>
      value === undefined ? [] : [`${key}=${decimal(value, `${from}/${name}`)}`];
    const limits = [...part("hca_handle", "hcaHandles", hcaHandles), ...part("hca_object", "hcaObjects", hcaObjects)];
    return limits.length === 0 ? [] : [{ file: "rdma.max", value: [device, ...limits].join(" "), from }];
  });
