/** The port on the native host: the core through its QuickJS binding, waiting in that binding's own loop. */
import { type Core, portOver } from "./core.ts";
import { type Port, setPort } from "./port.ts";

/** What addon/bindings/quickjs.cc adds to the core's calls. */
export interface Native extends Core, Pick<Port, "wait" | "sleep"> {
  /** The caller's words, without the program's name. */
  args(): string[];
  /** Ends the waits on a descriptor that is about to be closed: their promises are rejected with EBADF. */
  drop(fd: number): void;
}

/** Makes `core` the port of this process. */
export function useCore(core: Native): void {
  // Its seed is part of the program: every process would get the same numbers.
  Object.defineProperty(Math, "random", { value: undefined });
  setPort(
    portOver(core, {
      argv: () => core.args(),
      close(fd) {
        core.drop(fd);
        core.close(fd);
      },
      wait: (fd, events, deadline) => core.wait(fd, events, deadline),
      sleep: (deadline) => core.sleep(deadline),
    }),
  );
}
