import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output, succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";

const box = useBox();
const OUTSIDE = 100_000;
const MAPPING = [{ containerID: 0, hostID: OUTSIDE, size: 65_536 }];

/** A container in a user namespace of its own, over a rootfs that belongs to its root. */
async function mapped(script: string, change: (c: Config) => void = () => undefined): Promise<Container> {
  const container = await box.container(
    (c) => {
      c.linux.namespaces.push({ type: "user" });
      c.linux.uidMappings = MAPPING;
      c.linux.gidMappings = MAPPING;
      c.process.args = ["/bin/sh", "-c", script];
      c.root.readonly = false;
      change(c);
    },
    { rootfs: "own" },
  );
  await output("chown", ["-hR", `${OUTSIDE}:${OUTSIDE}`, join(container.bundle, "rootfs")]);
  return container;
}

async function inside(script: string, change?: (c: Config) => void): Promise<string> {
  return succeeded(await (await mapped(script, change)).run()).stdout.trimEnd();
}

test("the mapping is seen inside, and root is root there", async () => {
  const seen = await inside("id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map");
  expect(seen.split("\n").map((line) => line.trim().replace(/ +/g, " "))).toEqual([
    "0",
    "0",
    "0 100000 65536",
    "0 100000 65536",
  ]);
});

test("several mappings", async () => {
  const seen = await inside("cat /proc/self/uid_map", (c) => {
    c.linux.uidMappings = [...MAPPING, { containerID: 70_000, hostID: 300_000, size: 10 }];
  });
  expect(seen.split("\n").map((line) => line.trim().replace(/ +/g, " "))).toEqual([
    "0 100000 65536",
    "70000 300000 10",
  ]);
});

test("outside, the process belongs to the mapped ids", async () => {
  const c = await mapped("sleep 100");
  const { pid } = await c.launch();
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  expect(/^Uid:\t(.*)$/m.exec(status)?.[1]).toBe("100000\t100000\t100000\t100000");
  expect(/^Gid:\t(.*)$/m.exec(status)?.[1]).toBe("100000\t100000\t100000\t100000");
});

test("a user of the container is mapped too", async () => {
  const c = await mapped("sleep 100", (config) => {
    config.process.user = { uid: 1000, gid: 1000, additionalGids: [5] };
  });
  const { pid } = await c.launch();
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).toBe("101000");
  expect(/^Groups:\t(.*)$/m.exec(status)?.[1]?.trim()).toMatch(/^100005( 101000)?$/);
});

test("files keep their owners: the mapped ones are seen as 0, others as nobody", async () => {
  const folder = join(box.session.dir, box.session.unique());
  mkdirSync(folder);
  writeFileSync(join(folder, "theirs"), "");
  chownSync(join(folder, "theirs"), OUTSIDE, OUTSIDE);
  writeFileSync(join(folder, "ours"), "");
  const bind = { destination: "/mnt", type: "bind", source: folder, options: ["bind"] };
  expect(await inside("stat -c %u /mnt/theirs /mnt/ours", (c) => void c.mounts.push(bind))).toBe("0\n65534");
});

test("root inside is not root outside", async () => {
  const folder = join(box.session.dir, box.session.unique());
  mkdirSync(folder);
  writeFileSync(join(folder, "secret"), "");
  chmodSync(join(folder, "secret"), 0o600);
  const bind = { destination: "/mnt", type: "bind", source: folder, options: ["bind"] };
  const seen = await inside("cat /mnt/secret 2>&1; touch /mnt/new 2>&1; chown 0 /mnt/secret 2>&1; echo done", (c) => {
    c.mounts.push(bind);
  });
  expect(seen.split("\n")).toEqual([
    "cat: can't open '/mnt/secret': Permission denied",
    "touch: /mnt/new: Permission denied",
    expect.stringMatching(/^chown: .*not permitted$/),
    "done",
  ]);
});

test("a file made inside belongs to the mapped id outside", async () => {
  const c = await mapped("touch /made");
  expect((await c.run()).code).toBe(0);
  expect(statSync(join(c.bundle, "rootfs/made")).uid).toBe(OUTSIDE);
});

test("the default devices are there and work", async () => {
  const seen = await inside(
    "echo x > /dev/null; head -c 2 /dev/zero | wc -c; cd /dev; stat -c '%n %t:%T' null zero full random urandom tty",
  );
  expect(seen.split("\n")).toEqual(["2", "null 1:3", "zero 1:5", "full 1:7", "random 1:8", "urandom 1:9", "tty 5:0"]);
});

test("proc, sysfs, mqueue and devpts are mounted", async () => {
  expect(await inside("cat /proc/1/comm; ls /sys/class/net; ls /dev/mqueue; exec 3<>/dev/ptmx; ls /dev/pts/0")).toBe(
    "sh\nlo\n/dev/pts/0",
  );
});

test("all capabilities asked for are had, in the new namespace", async () => {
  const seen = await inside("grep Cap /proc/self/status; hostname changed && hostname", (c) => {
    const all = ["CAP_SYS_ADMIN", "CAP_KILL", "CAP_CHOWN"];
    c.process.capabilities = { bounding: all, permitted: all, effective: all };
    c.process.noNewPrivileges = false;
  });
  expect(seen).toMatch(/^CapEff:\t0000000000200021$/m);
  expect(seen).toMatch(/^changed$/m);
});

test("limits, oomScoreAdj and cgroups hold as without it", async () => {
  const seen = await inside("ulimit -n; cat /proc/self/oom_score_adj; cat /sys/fs/cgroup/pids/pids.max", (c) => {
    c.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 64, hard: 128 }];
    c.process.oomScoreAdj = 100;
    c.linux.resources.pids = { limit: 55 };
  });
  expect(seen).toBe("64\n100\n55");
});

test("masked and read-only paths hold as without it", async () => {
  const seen = await inside(
    "cat /proc/timer_list | wc -c; ls -A /sys/firmware | wc -l; (echo 1 > /proc/sys/kernel/shmmni) 2>&1; true",
  );
  expect(seen.split("\n").slice(0, 2)).toEqual(["0", "0"]);
  expect(seen).toContain("Read-only file system");
});

test("exec joins the user namespace", async () => {
  const c = await mapped("sleep 100");
  await c.launch();
  const outcome = await c.exec(["sh", "-c", "id -u; cat /proc/self/uid_map"]);
  expect(outcome.stdout.trim().split(/\s+/)).toEqual(["0", "0", "100000", "65536"]);
});
