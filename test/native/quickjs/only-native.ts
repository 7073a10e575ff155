/** What the native engine refuses, and how it ends when something goes wrong. */
import { port } from "../../../runtime/host/port.ts";

const DYNAMIC = "node:fs";

/** What a call throws, as one line. */
function thrown(call: () => unknown): string {
  try {
    return `gave ${String(call())}`;
  } catch (error) {
    return String(error);
  }
}

const grow = (depth: number): number => grow(depth + 1) + 1;

/** Each ends the process in its own way. */
export const ENDS: Readonly<Record<string, () => unknown>> = {
  /** Code 0 and the globals on stdout. */
  globals: () => {
    const names = Object.getOwnPropertyNames(globalThis).sort();
    port().write(1, JSON.stringify(names));
    return 0;
  },
  async refused() {
    const makeFunction = grow.constructor as (text: string) => unknown;
    // biome-ignore lint/security/noGlobalEval: that it does nothing is what is looked for
    const found = [thrown(() => globalThis.eval("1+1")), thrown(() => makeFunction("return 1")), thrown(Math.random)];
    found.push(await import(DYNAMIC).then(String, String));
    port().write(1, JSON.stringify(found));
    return 0;
  },
  stack: () => {
    port().write(
      1,
      thrown(() => grow(0)),
    );
    return 0;
  },
  memory: () => {
    const kept: unknown[] = [];
    const eat = () => {
      for (;;) kept.push("x".repeat(1 << 20).concat(String(kept.length)));
    };
    const text = thrown(eat);
    kept.length = 0;
    port().write(1, text);
    return 0;
  },
  garbage: () => {
    for (let at = 0; at < 3_000_000; at++) {
      const pair: { other?: unknown; big: number[] } = { big: [at, at, at, at, at, at, at, at] };
      pair.other = { pair };
    }
    port().write(1, "done");
    return 0;
  },
  throws: () => {
    throw new Error("first line\nsecond \u001b[31mline");
  },
  async rejects() {
    await Promise.resolve();
    throw new TypeError("rejected");
  },
  throwsText: () => {
    throw "no error at all";
  },
  unhandled: async () => {
    Promise.reject(new Error("nobody looks"));
    await port().sleep(port().monotonic() + 1_000_000);
    return 0;
  },
  handledLater: async () => {
    const late = Promise.reject(new Error("somebody looks"));
    await Promise.resolve();
    late.catch(() => undefined);
    await port().sleep(port().monotonic() + 1000);
    return 7;
  },
  nothingLeft: () => new Promise(() => undefined),
  code: () => 300,
  environment: () => {
    port().write(1, JSON.stringify([port().environ(), port().argv()]));
    return 0;
  },
  streams: () => {
    port().write(1, JSON.stringify([0, 1, 2].map((fd) => port().readlink(`/proc/self/fd/${fd}`))));
    return 0;
  },
};
