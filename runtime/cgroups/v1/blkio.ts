import { BLOCK_IO, THROTTLES } from "../block-io.ts";
import { decimal } from "../integers.ts";
import type { CgroupWrite, Resources, Writer } from "../types.ts";

type BlockIo = NonNullable<Resources["blockIO"]>;

/**
 * blkio.* of v1. A weight belongs to CFQ (kernels before 5.0) or to BFQ, whose file has another name; a kernel without
 * either can't be asked for one. Weight 0 is "leave it"; a rate of 0 is no limit, as the kernel means it.
 */
export const blkio: Writer = ({ blockIO }) => (blockIO === undefined ? [] : [...weights(blockIO), ...rates(blockIO)]);

function weights({ weight, leafWeight, weightDevice = [] }: BlockIo): CgroupWrite[] {
  return [
    ...weightWrite("weight", "", weight, `${BLOCK_IO}/weight`),
    ...weightWrite("leaf_weight", "", leafWeight, `${BLOCK_IO}/leafWeight`),
    ...weightDevice.flatMap(({ major, minor, weight, leafWeight }, index) => {
      const from = `${BLOCK_IO}/weightDevice/${index}`;
      const device = `${major}:${minor} `;
      return [
        ...weightWrite("weight_device", device, weight, `${from}/weight`),
        ...weightWrite("leaf_weight_device", device, leafWeight, `${from}/leafWeight`),
      ];
    }),
  ];
}

function weightWrite(name: string, device: string, weight: number | undefined, from: string): CgroupWrite[] {
  if (weight === undefined || weight === 0) return [];
  const value = `${device}${decimal(weight, from)}`;
  const other = name.startsWith("leaf_") ? {} : { other: { file: `blkio.bfq.${name}`, value } };
  return [{ file: `blkio.${name}`, value, from, ...other }];
}

function rates(blockIO: BlockIo): CgroupWrite[] {
  return THROTTLES.flatMap(([property, file]) =>
    (blockIO[property] ?? []).map(({ major, minor, rate }, index) => {
      const from = `${BLOCK_IO}/${property}/${index}`;
      return { file, value: `${major}:${minor} ${decimal(rate, `${from}/rate`)}`, from };
    }),
  );
}
