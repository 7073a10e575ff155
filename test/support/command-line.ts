/** The whole command line over a fake port and fake containers. */
import type { Port } from "../../runtime/host/port.ts";
import "./fake-containers.ts";
import { fakePort } from "./fake-port.ts";

const { main } = await import("../../runtime/main.ts");

/** How a call ended: exit code, standard output and error, and the files it wrote. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly files: Map<string, string>;
}

/** Runs the words of a command line. */
export async function tsrun(
  words: readonly string[],
  port: Partial<Port> = {},
  environ: readonly string[] = [],
): Promise<Outcome> {
  const { fds, files } = fakePort(words, environ, port);
  const code = await main();
  return { code, out: fds.get(1) ?? "", err: fds.get(2) ?? "", files };
}

/** A signalfd that delivers `signals`, then nothing more. */
export function signalling(...signals: number[]): Partial<Port> {
  const held = [...signals];
  return {
    signalfd: () => 9,
    wait: () => (held.length > 0 ? Promise.resolve(true) : new Promise(() => undefined)),
    readSignal: () => held.shift() ?? 0,
  };
}
