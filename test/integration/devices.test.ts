import { expect, test } from "@jest/globals";
import type { Device } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();

/** `type major:minor mode uid:gid` of a node in a container that has these devices, numbers in hex as stat(1) gives them. */
function node(device: Device): Promise<string> {
  return box.sh(`stat -c '%F %t:%T %a %u:%g' ${device.path}`, (c) => {
    c.linux.devices = [device];
  });
}

test("the default devices", async () => {
  const names = ["null", "zero", "full", "random", "urandom", "tty"];
  const seen = await box.sh(`cd /dev; stat -c '%n %F %t:%T %a %u:%g' ${names.join(" ")}`);
  expect(seen.split("\n")).toEqual([
    "null character special file 1:3 666 0:0",
    "zero character special file 1:5 666 0:0",
    "full character special file 1:7 666 0:0",
    "random character special file 1:8 666 0:0",
    "urandom character special file 1:9 666 0:0",
    "tty character special file 5:0 666 0:0",
  ]);
});

test("the default devices can be used", async () => {
  const script =
    "echo x > /dev/null; head -c 3 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c; echo x > /dev/full";
  const outcome = await box.run((c) => {
    c.process.args = ["sh", "-c", script];
  });
  expect(outcome.stdout.replace(/\s+/g, " ").trim()).toBe("00 00 00 8");
  expect(outcome.stderr).toContain("No space left on device");
});

test("the links of /dev", async () => {
  const seen = await box.sh("cd /dev; for l in fd stdin stdout stderr ptmx; do echo $l $(readlink $l); done");
  expect(seen.split("\n")).toEqual([
    "fd /proc/self/fd",
    "stdin /proc/self/fd/0",
    "stdout /proc/self/fd/1",
    "stderr /proc/self/fd/2",
    "ptmx pts/ptmx",
  ]);
});

test("a pty can be opened in the container's own devpts", async () => {
  expect(await box.sh("exec 3<>/dev/ptmx; ls /dev/pts")).toBe("0\nptmx");
});

test("a character device", async () => {
  const device = { path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 0o640, uid: 7, gid: 8 };
  expect(await node(device)).toBe("character special file 1:5 640 7:8");
});

test("u is a character device too", async () => {
  expect(await node({ path: "/dev/mine", type: "u", major: 1, minor: 7, fileMode: 0o666 })).toBe(
    "character special file 1:7 666 0:0",
  );
});

test("a block device", async () => {
  expect(await node({ path: "/dev/disk", type: "b", major: 7, minor: 200, fileMode: 0o600 })).toBe(
    "block special file 7:c8 600 0:0",
  );
});

test("a fifo", async () => {
  expect(await node({ path: "/dev/pipe", type: "p", fileMode: 0o622 })).toBe("fifo 0:0 622 0:0");
});

test("fileMode is not narrowed by the caller's umask", async () => {
  expect(await node({ path: "/dev/wide", type: "c", major: 1, minor: 3, fileMode: 0o777 })).toContain(" 777 ");
});

test("a device may lie anywhere, folders are made for it", async () => {
  const seen = await box.sh(
    "stat -c '%F %t:%T' /srv/deep/zero",
    (c) => {
      c.root.readonly = false;
      c.linux.devices = [{ path: "/srv/deep/zero", type: "c", major: 1, minor: 5, fileMode: 0o666 }];
    },
    { rootfs: "own" },
  );
  expect(seen).toBe("character special file 1:5");
});

test("a device of the list stands in for the default one", async () => {
  const seen = await box.sh("stat -c '%t:%T %a' /dev/null", (c) => {
    c.linux.devices = [{ path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 0o600 }];
    c.linux.resources.devices?.push({ allow: true, type: "c", major: 1, minor: 3, access: "rwm" });
  });
  expect(seen).toBe("1:3 600");
});

unlessPeer(["runc", "crun"], "leaves the other file where it is")("another file at the path is an error", async () => {
  const outcome = await box.run((c) => {
    c.linux.devices = [{ path: "/etc/passwd", type: "c", major: 1, minor: 5 }];
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("/etc/passwd");
});

test("a device that may not be opened is refused by the cgroup", async () => {
  const kmsg = { path: "/dev/message", type: "c", major: 1, minor: 11, fileMode: 0o666 };
  const script = "head -c 1 /dev/message > /dev/null && echo read";
  const refused = await box.run((c) => {
    c.process.args = ["sh", "-c", script];
    c.linux.devices = [kmsg];
  });
  expect(refused.stderr).toContain("Operation not permitted");
  const allowed = await box.sh(script, (c) => {
    c.linux.devices = [kmsg];
    c.linux.resources.devices?.push({ allow: true, type: "c", major: 1, minor: 11, access: "r" });
    c.process.capabilities = { bounding: ["CAP_SYSLOG"], effective: ["CAP_SYSLOG"], permitted: ["CAP_SYSLOG"] };
  });
  expect(allowed).toBe("read");
});
