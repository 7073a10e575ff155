/** Messages of rtnetlink(7) as bytes: headers, attributes, and the readers of what answers. */

import { port } from "../host/port.ts";

/** Message types (linux/rtnetlink.h). */
export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_GETADDR = 22;

const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
/** NLM_F_ROOT | NLM_F_MATCH: all entries. */
const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLM_F_EXCL = 0x200;

/** Attributes of links (linux/if_link.h). */
export const IFLA_IFNAME = 3;
export const IFLA_NET_NS_FD = 28;
/** Attributes of addresses (linux/if_addr.h). */
export const IFA_LABEL = 3;
export const IFA_CACHEINFO = 6;
export const IFA_FLAGS = 8;

export const IFF_UP = 0x1;
export const IFA_F_PERMANENT = 0x80;
/** RT_SCOPE_UNIVERSE. */
export const SCOPE_GLOBAL = 0;

const HEADER_SIZE = 16;
const LINK_SIZE = 16;
const ADDRESS_SIZE = 8;
const ATTRIBUTE_HEADER = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of an attribute's type. */
const TYPE_MASK = 0x3fff;

export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** What a link is to us. */
export interface Link {
  readonly index: number;
  readonly flags: number;
  readonly name: string;
}

/** An address as the kernel tells it: enough to tell it the kernel again. */
export interface Address {
  readonly family: number;
  readonly prefix: number;
  readonly flags: number;
  readonly scope: number;
  readonly index: number;
  readonly attributes: readonly Attribute[];
}

let sequence = 0;

function align(size: number): number {
  return (size + 3) & ~3;
}

function message(type: number, flags: number, body: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
  const sizes = attributes.map(({ value }) => align(ATTRIBUTE_HEADER + value.length));
  const total = HEADER_SIZE + body.length + sizes.reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  sequence = (sequence + 1) >>> 0;
  view.setUint32(0, total, true);
  view.setUint16(4, type, true);
  view.setUint16(6, NLM_F_REQUEST | flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(body, HEADER_SIZE);
  let at = HEADER_SIZE + body.length;
  attributes.forEach(({ type: kind, value }, index) => {
    view.setUint16(at, ATTRIBUTE_HEADER + value.length, true);
    view.setUint16(at + 2, kind, true);
    bytes.set(value, at + ATTRIBUTE_HEADER);
    at += sizes[index] ?? 0;
  });
  return bytes;
}

/** A change of one link: `change` says which of `flags` are meant. */
export function linkMessage(
  link: { readonly index: number; readonly flags?: number; readonly change?: number },
  attributes: readonly Attribute[] = [],
): Uint8Array {
  const body = new Uint8Array(LINK_SIZE);
  const view = new DataView(body.buffer);
  view.setInt32(4, link.index, true);
  view.setUint32(8, link.flags ?? 0, true);
  view.setUint32(12, link.change ?? 0, true);
  return message(RTM_NEWLINK, NLM_F_ACK, body, attributes);
}

/** Asks for all links of a namespace. */
export function linksQuery(): Uint8Array {
  return message(RTM_GETLINK, NLM_F_DUMP, new Uint8Array(LINK_SIZE), []);
}

/** Asks for all addresses of a namespace. */
export function addressesQuery(): Uint8Array {
  return message(RTM_GETADDR, NLM_F_DUMP, new Uint8Array(ADDRESS_SIZE), []);
}

/** Gives a link one more address, which it must not have yet. */
export function addressMessage({ family, prefix, flags, scope, index, attributes }: Address): Uint8Array {
  const body = new Uint8Array(ADDRESS_SIZE);
  body.set([family, prefix, flags & 0xff, scope]);
  new DataView(body.buffer).setUint32(4, index, true);
  return message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body, attributes);
}

/** A number as the value of an attribute. */
export function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** Name as the value of an attribute, with its NUL. */
export function nameValue(name: string): Uint8Array {
  return port().encode(`${name}\0`);
}

function textOf(value: Uint8Array): string {
  const end = value.indexOf(0);
  return port().decode(end < 0 ? value : value.subarray(0, end));
}

/** Message bodies of one type, with the view on the whole and the place after the netlink header. */
function* bodies(answer: Uint8Array, wanted: number): Generator<{ view: DataView; at: number; end: number }> {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  for (let at = 0; at + HEADER_SIZE <= answer.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER_SIZE || at + length > answer.length) return;
    if (view.getUint16(at + 4, true) === wanted) yield { view, at: at + HEADER_SIZE, end: at + length };
    at += align(length);
  }
}

function attributesOf(view: DataView, from: number, end: number): Attribute[] {
  const found: Attribute[] = [];
  for (let at = from; at + ATTRIBUTE_HEADER <= end; ) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER || at + length > end) break;
    const value = new Uint8Array(view.buffer, view.byteOffset + at + ATTRIBUTE_HEADER, length - ATTRIBUTE_HEADER);
    found.push({ type: view.getUint16(at + 2, true) & TYPE_MASK, value: value.slice() });
    at += align(length);
  }
  return found;
}

/** The links in an answer. */
export function parseLinks(answer: Uint8Array): Link[] {
  return [...bodies(answer, RTM_NEWLINK)].map(({ view, at, end }) => {
    const name = attributesOf(view, at + LINK_SIZE, end).find(({ type }) => type === IFLA_IFNAME);
    return {
      index: view.getInt32(at + 4, true),
      flags: view.getUint32(at + 8, true),
      name: name === undefined ? "" : textOf(name.value),
    };
  });
}

/** The addresses in an answer; flags are the wide ones where the kernel tells them (3.14). */
export function parseAddresses(answer: Uint8Array): Address[] {
  return [...bodies(answer, RTM_NEWADDR)].map(({ view, at, end }) => {
    const attributes = attributesOf(view, at + ADDRESS_SIZE, end);
    const wide = attributes.find(({ type, value }) => type === IFA_FLAGS && value.length === 4)?.value;
    const flags = wide === undefined ? view.getUint8(at + 2) : new DataView(wide.buffer).getUint32(0, true);
    return {
      family: view.getUint8(at),
      prefix: view.getUint8(at + 1),
      flags,
      scope: view.getUint8(at + 3),
      index: view.getUint32(at + 4, true),
      attributes,
    };
  });
}
