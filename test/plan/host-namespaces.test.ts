import { expect, describe as group, test } from "@jest/globals";
import type { Spec } from "../../runtime/spec/generated/types.ts";
import { HOST, planOf, specWith } from "../support/plan.ts";

const FLAGS = { network: 0x40000000, uts: 0x04000000, ipc: 0x08000000, mount: 0x00020000 } as const;
type Kind = keyof typeof FLAGS;

/** The host as its own namespaces are joined by path, or others. */
function joining(kind: Kind, own: boolean): (change: (spec: Spec) => void) => () => unknown {
  const path = `/proc/1/ns/${kind}`;
  const file = { type: FLAGS[kind], id: own ? "4:7" : "4:8", owner: "4:1" };
  const host = { ...HOST, namespaceFiles: { [path]: file }, ownNamespaces: { [FLAGS[kind]]: "4:7" } };
  return (change) => () =>
    planOf(
      specWith((spec) => {
        delete spec.hostname;
        for (const namespace of spec.linux?.namespaces ?? []) if (namespace.type === kind) namespace.path = path;
        change(spec);
      }),
      host,
    );
}

const sysctl = (key: string) => (spec: Spec) => void Object.assign(spec.linux ?? {}, { sysctl: { [key]: "1" } });

const CASES: readonly (readonly [Kind, string, (spec: Spec) => void, string])[] = [
  ["network", "net.ipv4.ip_forward", sysctl("net.ipv4.ip_forward"), "/linux/sysctl/net.ipv4.ip_forward"],
  [
    "network",
    "net/ipv4/conf/eth0.1/forwarding",
    sysctl("net/ipv4/conf/eth0.1/forwarding"),
    "/linux/sysctl/net~1ipv4~1conf~1eth0.1~1forwarding",
  ],
  ["ipc", "kernel.shmmax", sysctl("kernel.shmmax"), "/linux/sysctl/kernel.shmmax"],
  ["uts", "kernel.domainname", sysctl("kernel.domainname"), "/linux/sysctl/kernel.domainname"],
  ["uts", "hostname", (spec) => void Object.assign(spec, { hostname: "x" }), "/hostname"],
  [
    "network",
    "a network device",
    (spec) => void Object.assign(spec.linux ?? {}, { netDevices: { eth0: {} } }),
    "/linux/netDevices/eth0",
  ],
];

group.each(CASES)("a joined %s namespace and %s", (kind, _what, change, pointer) => {
  test("the host's own is refused", () => {
    expect(joining(kind, true)(change)).toThrow(
      expect.objectContaining({ code: "E_CONFIG_INVALID", details: expect.objectContaining({ pointer }) }),
    );
  });

  test("another one is fine", () => {
    expect(joining(kind, false)(change)).not.toThrow();
  });
});

test("the host's own namespaces are not joined: nothing changes by it", () => {
  const plan = joining("network", true)(() => undefined)() as ReturnType<typeof planOf>;
  expect(plan.steps.filter(({ step }) => step === "joinNamespace" || step === "setLinkUp")).toEqual([]);
});

test("the host's own mount namespace is none for mounts", () => {
  expect(joining("mount", true)(() => undefined)).toThrow(/need a mount namespace/);
});
