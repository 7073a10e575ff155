import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  type Address,
  addressMessage,
  IFA_FLAGS,
  IFLA_IFNAME,
  linkMessage,
  linksQuery,
  nameValue,
  number32,
  parseAddresses,
  parseLinks,
} from "../../runtime/network/messages.ts";
import { fakePort } from "../support/fake-port.ts";

beforeAll(() => void fakePort([], []));

const LOCAL = 2;
const bytes = (...values: number[]) => Uint8Array.from(values);

function joined(...messages: Uint8Array[]): Uint8Array {
  return Uint8Array.from(messages.flatMap((message) => [...message]));
}

describe("messages of rtnetlink", () => {
  test("a link is said as the kernel reads it", () => {
    const message = linkMessage({ index: 0x01020304, flags: 1, change: 1 }, [
      { type: IFLA_IFNAME, value: nameValue("eth0") },
    ]);
    const [sequence] = [message.slice(8, 12)];
    expect([...message]).toEqual([
      ...[44, 0, 0, 0, 16, 0, 5, 0, ...sequence, 0, 0, 0, 0],
      ...[0, 0, 0, 0, 4, 3, 2, 1, 1, 0, 0, 0, 1, 0, 0, 0],
      ...[9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0],
    ]);
  });

  test("every message has a number of its own", () => {
    const number = (message: Uint8Array) => new DataView(message.buffer).getUint32(8, true);
    expect(number(linksQuery())).not.toBe(number(linksQuery()));
  });

  test("links are read back, with names of any bytes", () => {
    const [one, two] = ["eth0", "häßlich"].map((name, index) =>
      linkMessage({ index: index + 1, flags: index }, [
        { type: 99, value: bytes(1, 2, 3) },
        { type: IFLA_IFNAME, value: nameValue(name) },
      ]),
    ) as [Uint8Array, Uint8Array];
    expect(parseLinks(joined(one, two))).toEqual([
      { index: 1, flags: 0, name: "eth0" },
      { index: 2, flags: 1, name: "häßlich" },
    ]);
  });

  test("addresses are read back, with the wide flags when there are any", () => {
    const address: Address = {
      family: 10,
      prefix: 64,
      flags: 0x280,
      scope: 0,
      index: 7,
      attributes: [
        { type: LOCAL, value: bytes(...Array(16).keys()) },
        { type: IFA_FLAGS, value: number32(0x280) },
      ],
    };
    const narrow = { ...address, flags: 0x80, attributes: address.attributes.slice(0, 1) };
    expect(parseAddresses(joined(addressMessage(address), addressMessage(narrow)))).toEqual([address, narrow]);
  });

  test("what is cut off or of another type is left out", () => {
    const link = linkMessage({ index: 1 }, [{ type: IFLA_IFNAME, value: nameValue("eth0") }]);
    for (let size = 0; size < link.length; size++) expect(parseLinks(link.slice(0, size))).toEqual([]);
    expect(parseAddresses(link)).toEqual([]);
    const wrong = link.slice();
    wrong[32] = 200;
    expect(parseLinks(wrong)).toEqual([{ index: 1, flags: 0, name: "" }]);
    wrong[0] = 3;
    expect(parseLinks(wrong)).toEqual([]);
  });
});
