import { hostname } from "node:os";
import { expect, test } from "@jest/globals";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();

const without = (namespaces: { type: string }[], type: string): { type: string }[] =>
  namespaces.filter((namespace) => namespace.type !== type);

test.each([
  ["net.ipv4.ip_unprivileged_port_start", "80"],
  ["net.ipv4.ping_group_range", "0 2147483647"],
  ["kernel.shmmax", "123456789"],
  ["kernel.msgmax", "65000"],
  ["kernel.sem", "300 32000 40 130"],
  ["fs.mqueue.msg_max", "100"],
])("sysctl %s", async (name, value) => {
  const seen = await box.sh(`cat /proc/sys/${name.replaceAll(".", "/")}`, (c) => {
    c.linux.sysctl = { [name]: value };
  });
  expect(seen.split(/\s+/).join(" ")).toBe(value);
});

test("a sysctl written with slashes", async () => {
  const name = "net/ipv4/ip_forward";
  expect(
    await box.sh(`cat /proc/sys/${name}`, (c) => {
      c.linux.sysctl = { [name]: "1" };
    }),
  ).toBe("1");
});

test.each(["kernel.pid_max", "vm.swappiness", "fs.file-max", "kernel.panic"])(
  "sysctl %s is the host's: refused",
  async (name) => {
    const c = await box.container((config) => {
      config.linux.sysctl = { [name]: "1" };
    });
    const outcome = await c.create();
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(name);
    expect((await c.stateOutcome()).code).toBe(1);
  },
);

test.each([
  ["net.ipv4.ip_forward", "network"],
  ["kernel.shmmax", "ipc"],
])("sysctl %s without a new %s namespace: refused", async (name, namespace) => {
  const outcome = await box.run((c) => {
    c.linux.sysctl = { [name]: "1" };
    c.linux.namespaces = without(c.linux.namespaces, namespace);
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(name);
});

test("a value that the kernel refuses is an error", async () => {
  const outcome = await box.run((c) => {
    c.linux.sysctl = { "net.ipv4.ip_unprivileged_port_start": "many" };
  });
  expect(outcome.code).toBe(1);
});

test("hostname, and the host's left alone", async () => {
  const before = hostname();
  expect(
    await box.sh("hostname", (c) => {
      c.hostname = "a-name.example";
    }),
  ).toBe("a-name.example");
  expect(hostname()).toBe(before);
});

test("a hostname without a uts namespace is an error", async () => {
  const outcome = await box.run((c) => {
    c.linux.namespaces = without(c.linux.namespaces, "uts");
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/hostname/i);
});

test("without hostname and uts namespace the host's name is seen", async () => {
  const seen = await box.sh("hostname", (c) => {
    delete c.hostname;
    c.linux.namespaces = without(c.linux.namespaces, "uts");
  });
  expect(seen).toBe(hostname());
});

unlessPeer(["runc"], "knows no domainname in 1.1")("domainname", async () => {
  expect(
    await box.sh("cat /proc/sys/kernel/domainname", (c) => {
      c.domainname = "example.test";
    }),
  ).toBe("example.test");
});
