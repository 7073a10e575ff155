import { expect, test } from "@jest/globals";
import { useBox } from "../support/container.ts";
import { mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();

test("a masked file reads empty and is not to be written", async () => {
  const seen = await box.sh("cat /etc/passwd | wc -c; stat -c %F /etc/passwd; cat /etc/group | wc -l", (c) => {
    c.linux.maskedPaths.push("/etc/passwd");
  });
  expect(seen).toBe("0\ncharacter special file\n4");
});

test("a masked folder is empty and read-only", async () => {
  const seen = await box.sh("ls -A /etc | wc -l; touch /etc/x 2>&1 || true; cat /proc/self/mountinfo", (c) => {
    c.linux.maskedPaths.push("/etc");
  });
  const [count, touched, ...rest] = seen.split("\n");
  expect([count, touched]).toEqual(["0", "touch: /etc/x: Read-only file system"]);
  const mount = mountAt(parseMounts(rest.join("\n")), "/etc");
  expect([mount.type, mount.options.includes("ro")]).toEqual(["tmpfs", true]);
});

test("a masked path that is not there is passed over", async () => {
  expect(await box.sh("echo fine", (c) => void c.linux.maskedPaths.push("/not/here", "/proc/not-here"))).toBe("fine");
});

test("the template's masked paths", async () => {
  expect(await box.sh("cat /proc/keys /proc/timer_list | wc -c; ls -A /sys/firmware | wc -l")).toBe("0\n0");
});

test("a read-only path refuses writes, its neighbours don't", async () => {
  const seen = await box.sh(
    "(echo x > /etc/passwd) 2>&1; touch /home/user/x 2>&1; touch /home/x && echo made; cat /etc/passwd | wc -l",
    (c) => {
      c.root.readonly = false;
      c.linux.readonlyPaths.push("/etc/passwd", "/home/user");
    },
    { rootfs: "own" },
  );
  expect(seen.replace(/^.*?can't create/m, "can't create").split("\n")).toEqual([
    "can't create /etc/passwd: Read-only file system",
    "touch: /home/user/x: Read-only file system",
    "made",
    "3",
  ]);
});

test("a read-only path that is not there is passed over", async () => {
  expect(await box.sh("echo fine", (c) => void c.linux.readonlyPaths.push("/not/here"))).toBe("fine");
});

unlessPeer(["crun"], "drops the flags")("/proc/sys is read-only, with all that the mount had", async () => {
  const seen = await box.sh("(echo 1 > /proc/sys/kernel/shmmni) 2>&1; cat /proc/self/mountinfo", (c) => {
    c.mounts[0] = { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] };
  });
  expect(seen).toContain("Read-only file system");
  const mount = mountAt(parseMounts(seen.slice(seen.indexOf("\n") + 1)), "/proc/sys");
  expect(mount.options).toEqual(expect.arrayContaining(["ro", "nosuid", "noexec", "nodev"]));
});

test.each(["slave", "private"])("rootfsPropagation %s", async (propagation) => {
  const mounts = parseMounts(
    await box.sh("cat /proc/self/mountinfo", (c) => {
      c.linux.rootfsPropagation = propagation;
    }),
  );
  expect(mountAt(mounts, "/").propagation.filter((word) => !word.startsWith("master:"))).toEqual([]);
});

for (const [propagation, expected] of [
  ["shared", /shared:\d+/],
  ["unbindable", /^unbindable$/],
] as const) {
  unlessPeer(["runc", "crun"], "got this right in later versions only")(
    `rootfsPropagation ${propagation}`,
    async () => {
      const text = await box.sh(
        "cat /proc/self/mountinfo",
        (c) => {
          c.linux.rootfsPropagation = propagation;
        },
        { rootfs: "own" },
      );
      expect(mountAt(parseMounts(text), "/").propagation.join(" ")).toMatch(expected);
    },
  );
}
