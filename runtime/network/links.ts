/** One network namespace, spoken to by rtnetlink(7). */
import { isSystemError, port } from "../host/port.ts";
import { EINTR } from "../linux/errno.ts";
import {
  type Address,
  type Attribute,
  addressesQuery,
  addressMessage,
  IFA_CACHEINFO,
  IFA_F_PERMANENT,
  IFA_FLAGS,
  IFA_LABEL,
  IFF_UP,
  IFLA_IFNAME,
  IFLA_NET_NS_FD,
  type Link,
  linkMessage,
  linksQuery,
  nameValue,
  number32,
  parseAddresses,
  parseLinks,
  SCOPE_GLOBAL,
} from "./messages.ts";

/** A dump is repeated when something changed while it was told. */
const MOST_TRIES = 10;
/**
 * Flags of an address that its owner has chosen: NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN
 * (linux/if_addr.h). The rest is how the kernel feels about it.
 */
const CHOSEN = 0x02 | 0x10 | 0x100 | 0x200 | 0x400;

/** An open route socket in a network namespace. Every call throws SystemError. */
export class Links {
  readonly #socket: number;

  /** `namespace` is a descriptor, or -1 for the caller's own. */
  constructor(namespace: number) {
    this.#socket = port().netlinkOpen(namespace);
  }

  close(): void {
    port().close(this.#socket);
  }

  /** All links. */
  list(): Link[] {
    return parseLinks(this.#dump(linksQuery()));
  }

  /** The link of that name, if there is one. */
  find(name: string): Link | undefined {
    return this.list().find((link) => link.name === name);
  }

  /** Addresses of a link that are meant to stay: permanent ones of global scope, of any family. */
  permanentAddresses(index: number): Address[] {
    return parseAddresses(this.#dump(addressesQuery())).filter(
      (address) => address.index === index && address.scope === SCOPE_GLOBAL && (address.flags & IFA_F_PERMANENT) !== 0,
    );
  }

  /** Moves a link into the namespace of a descriptor under a name, which may be a template of the kernel's (`eth%d`). */
  move(index: number, namespace: number, name: string): void {
    this.#call(
      linkMessage({ index }, [
        { type: IFLA_NET_NS_FD, value: number32(namespace) },
        { type: IFLA_IFNAME, value: nameValue(name) },
      ]),
    );
  }

  /** Gives a link an address that it had elsewhere. */
  addAddress(index: number, address: Address): void {
    const flags = address.flags & CHOSEN;
    // The label of an IPv4 address begins with a name that the link may no longer have; times left are those of none.
    const kept = address.attributes.filter(({ type }) => ![IFA_LABEL, IFA_CACHEINFO, IFA_FLAGS].includes(type));
    const attributes: Attribute[] = [...kept, { type: IFA_FLAGS, value: number32(flags) }];
    this.#call(addressMessage({ ...address, flags, index, attributes }));
  }

  setUp(index: number): void {
    this.#call(linkMessage({ index, flags: IFF_UP, change: IFF_UP }));
  }

  #call(message: Uint8Array): Uint8Array {
    return port().netlinkCall(this.#socket, message);
  }

  #dump(message: Uint8Array): Uint8Array {
    for (let tries = 1; ; tries++) {
      try {
        return this.#call(message);
      } catch (error) {
        if (!isSystemError(error, EINTR) || tries === MOST_TRIES) throw error;
      }
    }
  }
}
