/**
 * Waiting on Node: one epoll instance below one handle of libuv. The descriptors themselves are never given to libuv,
 * which would make them non-blocking for everybody who shares them.
 */
import type { Core } from "./core.ts";
import { isSystemError } from "./port.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const EPOLLOUT = 4;
const EPOLLERR = 8;
const EPOLLHUP = 16;
const EPERM = 1;
const EBADF = 9;
/** setTimeout's limit in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** How a host's loop is told of the epoll descriptor: see addon/bindings/watch.h. */
export interface Loop {
  watch(fd: number, callback: () => void): unknown;
  hold(token: unknown, on: boolean): void;
}

interface Waiter {
  readonly events: number;
  readonly done: (ready: boolean) => void;
  readonly failed: (error: Error) => void;
}

/** The waits of one process (or worker). */
export class Waits {
  readonly #core: Core;
  readonly #loop: Loop;
  readonly #waiters = new Map<number, Set<Waiter>>();
  #epoll = -1;
  #token: unknown;

  constructor(core: Core, loop: Loop) {
    this.#core = core;
    this.#loop = loop;
  }

  /** See Port.wait. */
  wait(fd: number, direction: "read" | "write", deadline?: number): Promise<boolean> {
    const events = direction === "read" ? EPOLLIN : EPOLLOUT;
    if (deadline !== undefined && deadline <= this.#core.monotonic()) return this.#readyNow(fd, events);
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const waiter: Waiter = {
        events,
        done(ready) {
          stop();
          resolve(ready);
        },
        failed(error) {
          stop();
          reject(error);
        },
      };
      if (!this.#add(fd, waiter)) {
        setImmediate(resolve, true);
      } else if (deadline !== undefined) {
        stop = this.#at(deadline, () => this.#end(fd, waiter, (one) => one.done(false)));
      }
    });
  }

  /** See Port.sleep. */
  sleep(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      this.#at(deadline, resolve);
    });
  }

  /** Ends the waits on a descriptor that is about to be closed: their number may soon mean another file. */
  drop(fd: number): void {
    for (const waiter of this.#waiters.get(fd) ?? []) {
      const error = Object.assign(new Error(`wait ${fd}: closed while waited for`), { syscall: "wait", errno: EBADF });
      this.#end(fd, waiter, (one) => one.failed(error));
    }
  }

  async #readyNow(fd: number, events: number): Promise<boolean> {
    await new Promise(setImmediate);
    return (this.#core.poll([fd], [events], 0)[0] ?? 0) !== 0;
  }

  /** Calls back at `deadline`; setTimeout alone may be a millisecond early and ends at 24 days. */
  #at(deadline: number, due: () => void): () => void {
    const left = () => Math.min(Math.max(Math.ceil((deadline - this.#core.monotonic()) / 1000), 0), LONGEST);
    const check = () => {
      if (left() === 0) due();
      else timer = setTimeout(check, left());
    };
    let timer = setTimeout(check, left());
    return () => clearTimeout(timer);
  }

  /** False when the descriptor is of a kind that is always ready (a regular file). */
  #add(fd: number, waiter: Waiter): boolean {
    if (this.#epoll < 0) {
      this.#epoll = this.#core.epollCreate();
      this.#token = this.#loop.watch(this.#epoll, () => this.#collect());
    }
    const waiters = this.#waiters.get(fd);
    if (waiters !== undefined) {
      waiters.add(waiter);
      this.#core.epollControl(this.#epoll, EPOLL_CTL_MOD, fd, this.#wanted(waiters));
      return true;
    }
    try {
      this.#core.epollControl(this.#epoll, EPOLL_CTL_ADD, fd, waiter.events);
    } catch (error) {
      if (isSystemError(error, EPERM)) return false;
      throw error;
    }
    this.#waiters.set(fd, new Set([waiter]));
    if (this.#waiters.size === 1) this.#loop.hold(this.#token, true);
    return true;
  }

  #wanted(waiters: ReadonlySet<Waiter>): number {
    let events = 0;
    for (const waiter of waiters) events |= waiter.events;
    return events;
  }

  #end(fd: number, waiter: Waiter, how: (waiter: Waiter) => void): void {
    const waiters = this.#waiters.get(fd);
    if (!waiters?.delete(waiter)) return;
    if (waiters.size > 0) {
      this.#core.epollControl(this.#epoll, EPOLL_CTL_MOD, fd, this.#wanted(waiters));
    } else {
      this.#waiters.delete(fd);
      this.#core.epollControl(this.#epoll, EPOLL_CTL_DEL, fd, 0);
      if (this.#waiters.size === 0) this.#loop.hold(this.#token, false);
    }
    how(waiter);
  }

  #collect(): void {
    const ready = this.#core.epollReady(this.#epoll);
    for (let at = 0; at + 1 < ready.length; at += 2) {
      const fd = ready[at] as number;
      const found = ready[at + 1] as number;
      for (const waiter of [...(this.#waiters.get(fd) ?? [])])
        if ((found & (waiter.events | EPOLLERR | EPOLLHUP)) !== 0) this.#end(fd, waiter, (one) => one.done(true));
    }
  }
}
