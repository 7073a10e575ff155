/** The rates of resources.blockIO, which v1 and v2 spell differently. */
import type { Resources } from "./types.ts";

export const BLOCK_IO = "/linux/resources/blockIO";

/** Property of config.json, v1 file, key within v2's io.max. */
export const THROTTLES = [
  ["throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"],
  ["throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"],
  ["throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"],
  ["throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"],
] as const satisfies readonly (readonly [keyof NonNullable<Resources["blockIO"]>, string, string])[];
