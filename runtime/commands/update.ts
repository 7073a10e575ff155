import { updateContainer } from "../container/update.ts";
import { RuntimeError } from "../errors.ts";
import type { Integer, Resources } from "../spec/generated/types.ts";
import { loadResources } from "../spec/load.ts";
import type { Flags, Invocation } from "./invocation.ts";
import { spoolStdin } from "./stdin.ts";

/** `update`: new limits for a container, from flags, from a JSON file, or from stdin. */
export async function update({ context, args, flags }: Invocation): Promise<number> {
  const file = flags.text("resources") ?? "";
  const resources = file === "" ? resourcesOf(flags) : await fromFile({ context, args, flags }, file);
  const [l3CacheSchema, memBwSchema] = [flags.text("l3-cache-schema"), flags.text("mem-bw-schema")];
  const cache = { ...(l3CacheSchema && { l3CacheSchema }), ...(memBwSchema && { memBwSchema }) };
  await updateContainer(context, args[0] ?? "", resources, cache);
  return 0;
}

type Reader = (text: string) => Integer | string | undefined;
type SectionName = "blockIO" | "cpu" | "memory" | "pids";

/** Which flag is which property, and how its value is written. */
const PROPERTIES: readonly (readonly [flag: string, section: SectionName, key: string, read: Reader])[] = [
  ["blkio-weight", "blockIO", "weight", natural],
  ["cpu-period", "cpu", "period", natural],
  ["cpu-quota", "cpu", "quota", integer],
  ["cpu-burst", "cpu", "burst", natural],
  ["cpu-share", "cpu", "shares", natural],
  ["cpu-rt-period", "cpu", "realtimePeriod", natural],
  ["cpu-rt-runtime", "cpu", "realtimeRuntime", integer],
  ["cpu-idle", "cpu", "idle", natural],
  ["cpuset-cpus", "cpu", "cpus", (text) => text],
  ["cpuset-mems", "cpu", "mems", (text) => text],
  ["kernel-memory", "memory", "kernel", bytes],
  ["kernel-memory-tcp", "memory", "kernelTCP", bytes],
  ["memory", "memory", "limit", bytes],
  ["memory-reservation", "memory", "reservation", bytes],
  ["memory-swap", "memory", "swap", bytes],
  ["pids-limit", "pids", "limit", integer],
];

/** The resources that the flags name. Throws E_USAGE. */
export function resourcesOf(flags: Flags): Resources {
  const resources: { [section in SectionName]?: { [key: string]: Integer | string } } = {};
  for (const [flag, section, key, read] of PROPERTIES) {
    const text = flags.text(flag);
    if (text === undefined || text === "") continue;
    const value = read(text);
    if (value === undefined) throw new RuntimeError("E_USAGE", `update: --${flag} ${text}: not a number it can be`);
    resources[section] = { ...resources[section], [key]: value };
  }
  return resources as Resources;
}

/** Callers give flags beside the file and mean the file. */
async function fromFile({ context, flags }: Invocation, file: string): Promise<Resources> {
  const beside = PROPERTIES.map(([flag]) => flag).filter((flag) => flags.text(flag));
  if (beside.length > 0) {
    context.onWarning(`update: --resources gives all limits, ${beside.map((flag) => `--${flag}`).join(", ")} none`);
  }
  const { resources, warnings } =
    file === "-" ? loadResources(await spoolStdin(), "standard input") : loadResources(file);
  for (const { message, pointer } of warnings) context.onWarning(`update: ${message} (${file} ${pointer})`);
  return resources;
}

function integer(text: string): Integer | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  return narrowed(BigInt(text.replace("+", "")));
}

function natural(text: string): Integer | undefined {
  return text.startsWith("-") ? undefined : integer(text);
}

/** Powers of 1024; a `b` or `ib` may follow the letter. */
const UNITS = ["", "k", "m", "g", "t", "p"];

/** Bytes, -1 for no limit, or a number with a unit such as 64m or 1.5GiB. */
function bytes(text: string): Integer | undefined {
  const match = /^(\d+)(\.\d+)? ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (match === null) return text === "-1" ? -1 : undefined;
  const [, whole = "", fraction, unit = ""] = match;
  if (whole.length > 19) return undefined;
  const scale = 1024n ** BigInt(UNITS.indexOf(unit.toLowerCase()));
  const part = fraction === undefined ? 0n : BigInt(Math.floor(Number(`0${fraction}`) * Number(scale)));
  return narrowed(BigInt(whole) * scale + part);
}

/** Undefined beyond what a limit can be: 64 bits with sign. */
function narrowed(value: bigint): Integer | undefined {
  if (value > 0x7fff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
