import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { expect } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import type { Change } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();
const mine = unlessPeer(["runc", "crun"], "this is about tsrun's own init");

async function waiting(change: Change = () => undefined): Promise<{ container: Container; pid: number }> {
  const container = await box.container((c, made) => {
    c.process.args = ["sleep", "100"];
    change(c, made);
  });
  succeeded(await container.create());
  return { container, pid: (await container.state()).pid };
}

mine("runs from a memfd, no file of the host", async () => {
  const { pid } = await waiting();
  expect(readlinkSync(`/proc/${pid}/exe`)).toMatch(/^\/memfd:.* \(deleted\)$/);
});

mine("its file can't be written through /proc/PID/exe", async () => {
  const { pid } = await waiting();
  for (const flags of ["r+", "w", "a"])
    expect(() => openSync(`/proc/${pid}/exe`, flags)).toThrow(/EPERM|ETXTBSY|EACCES/);
  closeSync(openSync(`/proc/${pid}/exe`, "r"));
});

mine("holds less than 128 KB of memory while it waits", async () => {
  const { pid } = await waiting();
  const rss = Number(/^Rss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
  expect(rss).toBeGreaterThan(0);
  expect(rss).toBeLessThan(128);
});

mine("leads to no folder of the host while it waits", async () => {
  const { container, pid } = await waiting();
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const known = /^(socket:|pipe:|anon_inode:|\/memfd:|\/dev\/null|.*\/(exec|report)\.fifo$)/;
  const output = [`${container.bundle}/stdout`, `${container.bundle}/stderr`];
  expect(targets.filter((target) => !known.test(target) && !output.includes(target))).toEqual([]);
  expect(readlinkSync(`/proc/${pid}/root`)).not.toBe("");
  expect(targets.length).toBeLessThan(10);
});

mine("is one thread", async () => {
  const { pid } = await waiting();
  expect(readdirSync(`/proc/${pid}/task`)).toEqual([`${pid}`]);
});

mine("leaves nothing but the program behind", async () => {
  const { container, pid } = await waiting();
  succeeded(await container.start());
  expect((await container.state()).pid).toBe(pid);
  expect(readlinkSync(`/proc/${pid}/exe`)).toBe("/bin/busybox");
  expect(readFileSync(`/proc/${pid}/comm`, "utf8")).toBe("sleep\n");
  expect(readdirSync(`/proc/${pid}/fd`).sort()).toEqual(["0", "1", "2"]);
  expect(readFileSync(`${container.cgroup("pids")}/cgroup.procs`, "utf8")).toBe(`${pid}\n`);
});

mine("a program that is /proc/self/exe does not reach the host's tsrun (CVE-2019-5736)", async () => {
  const c = await box.container((config) => {
    config.process.args = ["/proc/self/exe"];
  });
  const outcome = await c.run();
  expect(outcome.code).not.toBe(0);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(c.bundle);
});

mine("is the same under a user namespace", async () => {
  const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  const { pid } = await waiting((c) => {
    c.linux.namespaces.push({ type: "user" });
    c.linux.uidMappings = mapping;
    c.linux.gidMappings = mapping;
  });
  expect(readlinkSync(`/proc/${pid}/exe`)).toMatch(/^\/memfd:/);
  expect(/^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))).toBe(true);
});
