/** linux.netDevices: devices of the host's network namespace moved into a container's (config-linux.md#network-devices). */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port, type SystemError } from "../host/port.ts";
import { EEXIST, errnoName } from "../linux/errno.ts";
import { O_RDONLY } from "../linux/flags.ts";
import { Links } from "./links.ts";
import { type Address, IFF_UP, type Link } from "./messages.ts";

/** What is needed to move a device back. */
interface Moved {
  /** In the container. */
  readonly index: number;
  /** On the host. */
  readonly name: string;
  readonly wasUp: boolean;
  readonly addresses: readonly Address[];
}

const SPEC_REF = "config-linux.md#network-devices";

/**
 * Moves devices into the network namespace of one container. Until `close` it remembers them, so that a create that
 * fails can give them back: the end of the namespace would destroy those that are virtual.
 */
export class DeviceMover {
  #here: Links | undefined;
  #there: Links | undefined;
  #namespace = -1;
  readonly #moved: Moved[] = [];

  /**
   * Moves `device` into the network namespace of process `pid`, names it (a final `%d` is filled in by the kernel), gives
   * it its permanent global addresses again and sets it up. Throws E_NETWORK with `pointer`.
   */
  move(pid: number, device: string, name: string, pointer: string): void {
    try {
      const { here, there } = this.#open(pid);
      if (this.#isOurs()) throw failure(device, "the container's network namespace is the host's", pointer);
      const link = here.find(device);
      if (link === undefined) throw failure(device, "there is no such device on the host", pointer);
      const before = there.list();
      // The kernel would move the device first, and then find its name taken.
      if (before.some((other) => other.name === name)) {
        throw failure(device, `the container has a device ${name} already`, pointer);
      }
      const addresses = here.permanentAddresses(link.index);
      here.move(link.index, this.#namespace, name);
      this.#settle(there, before, { name: device, wasUp: (link.flags & IFF_UP) !== 0, addresses });
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw failure(device, `move to the container as ${name}: ${wordsOf(error)}`, pointer, error);
    }
  }

  /** Moves everything back, as far as that is possible; `warn` is told of what is not. */
  giveBack(warn: (message: string) => void): void {
    for (const moved of this.#moved.splice(0).reverse()) {
      try {
        this.#return(moved);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        warn(`network device ${moved.name} can't be moved back: ${wordsOf(error)}`);
      }
    }
  }

  close(): void {
    this.#here?.close();
    this.#there?.close();
    if (this.#namespace >= 0) port().close(this.#namespace);
    this.#here = this.#there = undefined;
    this.#namespace = -1;
  }

  #open(pid: number): { readonly here: Links; readonly there: Links } {
    if (this.#namespace < 0) this.#namespace = openNetwork(`${pid}`);
    this.#here ??= new Links(-1);
    this.#there ??= new Links(this.#namespace);
    return { here: this.#here, there: this.#there };
  }

  #isOurs(): boolean {
    const own = port().stat("/proc/self/ns/net");
    const { dev, ino } = port().fstat(this.#namespace);
    return own.dev === dev && own.ino === ino;
  }

  /** The device is in the container now, under whatever number and name: it is the one that was not there before. */
  #settle(there: Links, before: readonly Link[], device: Omit<Moved, "index">): void {
    const link = there.list().find(({ index }) => !before.some((other) => other.index === index));
    if (link === undefined) return;
    this.#moved.push({ ...device, index: link.index });
    restore(there, link.index, device.addresses);
    there.setUp(link.index);
  }

  #return({ index, name, wasUp, addresses }: Moved): void {
    const { here, there } = this.#open(0);
    const own = openNetwork("self");
    try {
      there.move(index, own, name);
    } finally {
      port().close(own);
    }
    const link = here.find(name);
    if (link === undefined) return;
    restore(here, link.index, addresses);
    if (wasUp) here.setUp(link.index);
  }
}

function openNetwork(process: string): number {
  return port().open(`/proc/${process}/ns/net`, O_RDONLY);
}

/** Addresses in the order in which they were: the first of a network is its primary one. */
function restore(links: Links, index: number, addresses: readonly Address[]): void {
  for (const address of addresses) {
    try {
      links.addAddress(index, address);
    } catch (error) {
      if (!isSystemError(error, EEXIST)) throw error;
    }
  }
}

/** The kernel's own words, where it had some, and its errno. */
function wordsOf({ message, syscall }: SystemError): string {
  return message.startsWith(`${syscall} `)
    ? message.slice(syscall.length + 1)
    : message.slice(message.indexOf(": ") + 2);
}

function failure(device: string, reason: string, pointer: string, cause?: SystemError): RuntimeError {
  return new RuntimeError("E_NETWORK", `network device ${device}: ${reason}`, {
    pointer,
    specRef: SPEC_REF,
    syscall: cause?.syscall,
    errno: cause === undefined ? undefined : errnoName(cause.errno),
    cause,
  });
}
