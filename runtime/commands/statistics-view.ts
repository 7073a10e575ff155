/** Statistics as runc's `events` prints them: its keys, and of the numbers that may be left out only those that are not 0. */
import type { Statistics } from "../container/events.ts";
import type { Integer } from "../spec/generated/types.ts";

/** Flags of a cpuset, which stand there also when they are 0. */
const CPUSET_FLAGS = [
  "cpu_exclusive",
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
] as const;

/** The `data` of an event of type `stats`. */
export function statisticsView({ cpu, cpuset, memory, pids, blkio, hugetlb }: Statistics): object {
  const { kernel, user, ...usage } = cpu.usage;
  const { cpus, mems } = cpuset;
  return {
    cpu: { usage: { ...given(usage), kernel, user }, throttling: given(cpu.throttling), ...given({ psi: cpu.psi }) },
    cpuset: { ...given({ cpus, mems }), ...Object.fromEntries(CPUSET_FLAGS.map((name) => [name, cpuset[name] ?? 0])) },
    memory: memoryView(memory),
    pids: given(pids),
    blkio: blkioView(blkio),
    hugetlb: Object.fromEntries(Object.entries(hugetlb).map(([size, counter]) => [size, counterView(counter)])),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function memoryView({ cache, raw, psi, ...counters }: Statistics["memory"]): object {
  const none = { limit: 0, failcnt: 0 };
  return {
    ...given({ cache }),
    usage: counterView(counters.usage ?? none),
    swap: counterView(counters.swap ?? none),
    kernel: counterView(counters.kernel ?? none),
    kernelTCP: counterView(counters.kernelTCP ?? none),
    ...given({ raw, psi }),
  };
}

/** Those of memory have a limit. */
interface Counter {
  readonly limit?: Integer;
  readonly usage?: Integer;
  readonly max?: Integer;
  readonly failcnt: Integer;
}

/** `limit` and `failcnt` are always there. */
function counterView({ limit, failcnt, ...rest }: Counter): object {
  return { ...(limit === undefined ? {} : { limit }), ...given(rest), failcnt };
}

function blkioView(blkio: Statistics["blkio"]): object {
  const lists = Object.entries(blkio).map(([name, value]) => [name, Array.isArray(value) ? value.map(given) : value]);
  return given(Object.fromEntries(lists));
}

/** Without what is absent, 0, "" or empty. */
function given(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isGiven(value)));
}

function isGiven(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "bigint") return Number(value) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== "";
}
