/**
 * What a host must do in the same way as the other: each scene asks the port and tells what it got. Both hosts run this
 * file; nothing of Node may be used here.
 */
import { isSystemError, port } from "../../../runtime/host/port.ts";

export type Scene = (folder: string) => unknown;

const O_RDWR = 2;
const O_CREAT = 0o100;
const MILLISECOND = 1000;
const NONE = new Uint8Array();

/** What a call gives, or what it throws. */
function told(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error)) return `threw ${String(error)}`;
    const name = error instanceof TypeError ? "TypeError" : "Error";
    return isSystemError(error)
      ? {
          name,
          message: error.message.replace(/^wait \d+/, "wait N"),
          syscall: error.syscall,
          errno: error.errno,
          keys: Object.keys(error),
        }
      : { name, message: error.message };
  }
}

async function settled(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return told(() => {
      throw error;
    });
  }
}

const units = (text: string): number[] => Array.from(text, (_, at) => at).map((at) => text.charCodeAt(at));
const allUnits = (text: string): number[] => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));

/** The same pseudo-random numbers everywhere. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 8;
  }
}

/** Bytes in which whole, broken and forbidden sequences of UTF-8 are frequent. */
function someBytes(random: Generator<number>): Uint8Array {
  const parts = [[0x41], [0xc3, 0xa9], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xed, 0xb2, 0x80], [0xc0, 0xaf]];
  const next = () => random.next().value as number;
  const bytes: number[] = [];
  for (let count = next() % 12; count > 0; count--) {
    const part = parts[next() % parts.length] ?? [];
    bytes.push(...(next() % 3 === 0 ? [next() & 0xff] : part.slice(0, 1 + (next() % part.length))));
  }
  return Uint8Array.from(bytes);
}

function someText(random: Generator<number>): string {
  const kinds = [0x41, 0xe9, 0x20ac, 0xd83d, 0xde00, 0xdc80, 0xdcff, 0xdc00, 0xdbff, 0, 0xfeff, 0xffff];
  const next = () => random.next().value as number;
  return String.fromCharCode(...Array.from({ length: next() % 8 }, () => kinds[next() % kinds.length] ?? 0));
}

const text: Scene = () => {
  const random = numbers(1);
  const found: unknown[] = [];
  for (let byte = 0; byte < 256; byte++) found.push(allUnits(port().decode(Uint8Array.of(byte, 0x41))));
  for (let count = 0; count < 3000; count++) {
    const bytes = someBytes(random);
    const decoded = port().decode(bytes);
    found.push(allUnits(decoded), [...port().encode(decoded)].join() === [...bytes].join());
  }
  return port().sha256(port().encode(JSON.stringify(found)));
};

const lostText: Scene = () => {
  const random = numbers(2);
  return Array.from({ length: 500 }, () => {
    const given = someText(random);
    return [allUnits(given), told(() => [...port().encode(given)])];
  });
};

const bytes: Scene = (folder) => {
  const large = Uint8Array.from({ length: 100_000 }, (_, at) => at * 7);
  const path = `${folder}/bytes`;
  port().writeFile(path, large.subarray(3, 99_999), O_RDWR | O_CREAT);
  const back = port().readFileBytes(path, 1 << 20);
  const fd = port().open(path, O_RDWR);
  const pieces = [port().read(fd, 5), port().read(fd, 0), port().read(fd, 3)].map((piece) => [...piece]);
  const wrote = [port().write(fd, NONE), port().write(fd, large.subarray(0, 0)), port().write(fd, "é\udcff\0")];
  port().close(fd);
  return [back.length, back instanceof Uint8Array, back.buffer.byteLength, port().sha256(back), pieces, wrote];
};

const large: Scene = () => {
  const copy = new Uint8Array(20 << 20).fill(0x41).slice();
  copy[5] = 0x42;
  copy.copyWithin(1, 0);
  const decoded = port().decode(copy);
  return [decoded.length, port().sha256(copy), port().sha256(port().encode(`${decoded}é${decoded}`))];
};

const wrongArguments: Scene = () => {
  const any = port() as unknown as Record<string, (...given: unknown[]) => unknown>;
  const calls: readonly [string, ...unknown[]][] = [
    ["mkdir", 1, 2],
    ["mkdir", "x\0y", 0o700],
    ["mkdir", "\ud800", 0o700],
    ["mkdir", "/nowhere/x", "7"],
    ["mkdir", "/nowhere/x", -1],
    ["mkdir", "/nowhere/x", 1.5],
    ["mkdir", "/nowhere/x", Number.NaN],
    ["mkdir", "/nowhere/x", 2 ** 32],
    ["mkdir"],
    ["close", 2 ** 31],
    ["close", -1],
    ["close", 1n],
    ["encode", undefined],
    ["decode", "text"],
    ["decode", [1, 2]],
    ["decode", Uint16Array.of(1)],
    ["sha256", {}],
    ["write", 1, null],
    ["prlimit", 0, 7, 1, 2],
    ["prlimit", 0, 7, -1n, 1n],
    ["prlimit", 0, 7, 2n ** 64n, 1n],
    ["prlimit", 0, 7, 2n ** 200n, 1n],
    ["poll", [1, "2"], [1, 1], 0],
    ["poll", "12", [1, 1], 0],
    ["signalfd", [65]],
    ["signalfd", [0]],
    ["kill", -1, 0],
  ];
  return calls.map(([name, ...given]) => [name, told(() => any[name]?.(...given))]);
};

const failures: Scene = (folder) => {
  port().writeFile(`${folder}/file`, "x", O_RDWR | O_CREAT);
  port().symlink("loop", `${folder}/loop`);
  return [
    () => port().open(`${folder}/none`, 0),
    () => port().open(`${folder}/file/x`, 0),
    () => port().mkdir(folder, 0o700),
    () => port().rmdir(folder),
    () => port().rmdir(`${folder}/file`),
    () => port().readFile(`${folder}/loop`, 10),
    () => port().readFile(folder, 10),
    () => port().readFile("/proc/self/status", 10),
    () => port().open(`${folder}/${"n".repeat(300)}`, 0),
    () => port().readdir(`${folder}/file`),
    () => port().readlink(`${folder}/file`),
    () => port().realpath(`${folder}/none/x`),
    () => port().writeFile("/dev/full", "x", 1),
    () => port().kill(2 ** 22 + 1, 0),
    () => port().pidfdOpen(2 ** 22 + 1),
    () => port().waitPidfd(999),
    () => port().read(999, 1),
    () => port().flock(999, 2),
    () => port().receive(999, 1),
    () => port().isatty(999),
    () => port().spawn({ path: `${folder}/none`, args: [], env: [], cwd: "", input: NONE }),
    () => port().spawn({ path: "/bin/sh", args: [], env: [], cwd: `${folder}/none`, input: NONE }),
  ].map(told);
};

const names: Scene = (folder) => {
  const dir = `${folder}/names`;
  port().mkdir(dir, 0o700);
  const given = ["plain", "é€😀", "\udcff", "a\udc80b", "\udcc3(", "n\nl"].map((name) => {
    port().writeFile(`${dir}/${name}`, name, O_RDWR | O_CREAT);
    return allUnits(name);
  });
  port().symlink("to\udcfe", `${dir}/link`);
  return [given, port().readdir(dir).map(units).map(String).sort(), allUnits(port().readlink(`${dir}/link`))];
};

const integers: Scene = () => {
  const [soft, hard] = port().getrlimit(4);
  const all = [2n ** 64n - 1n, 2n ** 63n, 2n ** 53n + 1n].map((value) => {
    port().prlimit(0, 4, 0n, value < hard ? value : hard);
    return String(port().getrlimit(4)[1] <= value);
  });
  return [typeof soft, String(soft <= hard), all, typeof port().now(), Number.isInteger(port().getpid())];
};

const json: Scene = (folder) =>
  ["{}", "[[[]]]", '"\\"["', '{"a": 1', "\u00e9", '"\ud800"'].map((document, at) => {
    const path = `${folder}/json-${at}`;
    return told(() => {
      port().writeFile(path, document, O_RDWR | O_CREAT);
      return [port().readJson(path, 100, 2), port().readJson(path, 3, 9)];
    });
  });

/** Both ends of a FIFO in one descriptor. */
function fifo(folder: string, name: string): number {
  port().mkfifo(`${folder}/${name}`, 0o600);
  return port().open(`${folder}/${name}`, O_RDWR);
}

const soon = (milliseconds: number): number => port().monotonic() + milliseconds * MILLISECOND;

const waits: Scene = async (folder) => {
  const [one, two] = [fifo(folder, "one"), fifo(folder, "two")];
  const file = port().open(`${folder}/file`, O_RDWR | O_CREAT);
  const found: unknown[] = [
    await port().wait(one, "write"),
    await port().wait(one, "read", soon(5)),
    await port().wait(one, "read", 0),
    await port().wait(file, "read"),
    await settled(port().wait(999, "read")),
    await settled(port().wait(-1, "read", soon(5))),
    await settled(port().sleep(soon(1))),
  ];
  const both = Promise.all([port().wait(one, "read"), port().wait(one, "read", soon(2000)), port().wait(two, "read")]);
  port().write(one, "x");
  port().write(two, "x");
  found.push(await both, port().decode(port().read(one, 9)));
  const closed = settled(port().wait(one, "read"));
  port().close(one);
  found.push(await closed);
  const order: number[] = [];
  const naps = [30, 10, 20].map(async (time) => {
    await port().sleep(soon(time));
    order.push(time);
  });
  await Promise.all(naps);
  return [...found, order];
};

const signals: Scene = async () => {
  const [USR1, CHLD, FIRST, LAST] = [10, 17, 34, 64];
  const fd = port().signalfd([USR1, CHLD, FIRST, LAST]);
  const none = port().readSignal(fd);
  const found: number[] = [];
  for (const signal of [USR1, FIRST, LAST]) {
    port().kill(port().getpid(), signal);
    await port().wait(fd, "read");
    found.push(port().readSignal(fd), port().readSignal(fd));
  }
  return [none, found];
};

async function output(fd: number): Promise<string> {
  let all = "";
  for (;;) {
    await port().wait(fd, "read");
    const piece = port().read(fd, 4096);
    if (piece.length === 0) return all;
    all += port().decode(piece);
  }
}

const programs: Scene = async () => {
  const found: unknown[] = [];
  for (const script of ["cat; echo $0 $A; exit 3", "kill -9 $$", 'printf "\\377"', "trap; sleep 0 & wait; ulimit -c"]) {
    const options = { path: "/bin/sh", args: ["sh", "-c", script, "\udcff"], env: ["A=\udc80"], cwd: "/" };
    const { pidfd, output: fd } = port().spawn({ ...options, input: port().encode("in\n") });
    const said = allUnits(await output(fd));
    await port().wait(pidfd, "read");
    found.push(
      said,
      port().waitPidfd(pidfd),
      told(() => port().waitPidfd(pidfd)),
    );
    port().close(fd);
    port().close(pidfd);
  }
  return found;
};

/** Every scene that is the same on both hosts. */
export const SCENES: Readonly<Record<string, Scene>> = {
  text,
  lostText,
  bytes,
  large,
  wrongArguments,
  failures,
  names,
  integers,
  json,
  waits,
  signals,
  programs,
};
