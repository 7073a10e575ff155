import { closeSync, openSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Holder, hold } from "../../bundles/holder.ts";
import "../../runtime/host/node.ts";
import { port } from "../../runtime/host/port.ts";
import { Links } from "../../runtime/network/links.ts";
import { linkMessage, linksQuery } from "../../runtime/network/messages.ts";

let other: Holder;
let namespace = -1;
beforeAll(async () => {
  other = await hold(["--net"], "ip link add left type veth peer name right");
  namespace = openSync(other.path("net"), "r");
});
afterAll(() => {
  closeSync(namespace);
  other.close();
});

describe("a route socket", () => {
  test("is of the namespace that it is opened in, while this process stays in its own", () => {
    const before = port().readlink("/proc/self/ns/net");
    const [here, there] = [new Links(-1), new Links(namespace)];
    expect(
      there
        .list()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["left", "lo", "right"]);
    expect(here.find("lo")?.index).toBe(1);
    expect(here.find("left")).toBeUndefined();
    expect(port().readlink("/proc/self/ns/net")).toBe(before);
    here.close();
    there.close();
  });

  test("gives the kernel's error, and its words", () => {
    const socket = port().netlinkOpen(namespace);
    const call = (message: Uint8Array) => () => port().netlinkCall(socket, message);
    expect(call(linkMessage({ index: 4711, flags: 1, change: 1 }))).toThrow(expect.objectContaining({ errno: 19 }));
    const unknown = linkMessage({ index: 1 });
    new DataView(unknown.buffer).setUint16(4, 9999, true);
    expect(call(unknown)).toThrow(expect.objectContaining({ errno: 95, syscall: "rtnetlink" }));
    expect(call(new Uint8Array(3))).toThrow(expect.objectContaining({ errno: 22 }));
    // The socket is as good as before.
    expect(port().netlinkCall(socket, linksQuery()).length).toBeGreaterThan(100);
    port().close(socket);
  });

  test("is not opened in what is no network namespace", () => {
    const file = openSync("/proc/self/ns/uts", "r");
    expect(() => port().netlinkOpen(file)).toThrow(expect.objectContaining({ syscall: "setns", errno: 22 }));
    closeSync(file);
  });
});
