import { RuntimeError } from "../../errors.ts";
import { BLOCK_IO, THROTTLES } from "../block-io.ts";
import { decimal } from "../integers.ts";
import type { CgroupWrite, Resources, Writer } from "../types.ts";

type BlockIo = NonNullable<Resources["blockIO"]>;

/** blkio weights are 10 to 1000, io.weight is 1 to 10000. */
const SCALE = { least: 10, most: 1000, leastIo: 1, mostIo: 10_000 };

/**
 * io.* of v2. A weight goes to BFQ's file, whose scale is v1's, else to io.weight. Throws for leaf weights, which v2 has
 * not. A rate of 0 is no limit, as on v1.
 */
export const io: Writer = ({ blockIO }) => (blockIO === undefined ? [] : [...weights(blockIO), ...rates(blockIO)]);

function weights({ weight, leafWeight, weightDevice = [] }: BlockIo): CgroupWrite[] {
  refuseLeaf(leafWeight, `${BLOCK_IO}/leafWeight`);
  return [
    ...weightWrite("", weight, `${BLOCK_IO}/weight`),
    ...weightDevice.flatMap(({ major, minor, weight, leafWeight }, index) => {
      const from = `${BLOCK_IO}/weightDevice/${index}`;
      refuseLeaf(leafWeight, `${from}/leafWeight`);
      return weightWrite(`${major}:${minor} `, weight, `${from}/weight`);
    }),
  ];
}

function weightWrite(device: string, weight: number | undefined, from: string): CgroupWrite[] {
  if (weight === undefined || weight === 0) return [];
  const value = `${device}${decimal(weight, from)}`;
  const other = { file: "io.weight", value: `${device}${ioWeight(weight)}` };
  return [{ file: "io.bfq.weight", value, from, other }];
}

/** Maps 10..1000 to 1..10000 in a straight line. */
export function ioWeight(weight: number): number {
  const { least, most, leastIo, mostIo } = SCALE;
  return leastIo + Math.floor(((weight - least) * (mostIo - leastIo)) / (most - least));
}

function rates(blockIO: BlockIo): CgroupWrite[] {
  return THROTTLES.flatMap(([property, , key]) =>
    (blockIO[property] ?? []).map(({ major, minor, rate }, index) => {
      const from = `${BLOCK_IO}/${property}/${index}`;
      const limit = Number(rate) === 0 ? "max" : decimal(rate, `${from}/rate`);
      return { file: "io.max", value: `${major}:${minor} ${key}=${limit}`, from };
    }),
  );
}

function refuseLeaf(leafWeight: number | undefined, pointer: string): void {
  if (leafWeight === undefined || leafWeight === 0) return;
  throw new RuntimeError("E_HOST_UNSUPPORTED", `block io leaf weight ${leafWeight}: cgroup v2 has no leaf weights`, {
    pointer,
  });
}
