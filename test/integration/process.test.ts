import { expect, test } from "@jest/globals";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { isCrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();
const CAPABILITY_FIELDS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

/** Fields of /proc/self/status by name. */
async function status(change: (config: Config) => void): Promise<Map<string, string>> {
  const text = (
    await box.run((config) => {
      config.process.args = ["cat", "/proc/self/status"];
      change(config);
    })
  ).stdout;
  return new Map(text.split("\n").map((line) => line.split(/:\s*/, 2) as [string, string]));
}

test("cwd is the working directory", async () => {
  expect(
    await box.sh("pwd", (c) => {
      c.process.cwd = "/etc";
    }),
  ).toBe("/etc");
});

test("a cwd that is not there is made", async () => {
  const made = (c: Config): void => {
    c.process.cwd = "/srv/deep/er";
    c.root.readonly = false;
  };
  expect(await box.sh("pwd; stat -c %a .", made, { rootfs: "own" })).toBe("/srv/deep/er\n755");
});

test("env is exactly what the config says, with HOME added", async () => {
  const { stdout } = await box.run((c) => {
    c.process.args = ["env"];
    c.process.env = ["PATH=/bin", "GREETING=hello world", "EMPTY=", "EQUALS=a=b"];
  });
  const expected = ["EMPTY=", "EQUALS=a=b", "GREETING=hello world", "HOME=/root", "PATH=/bin"];
  expect(stdout.trimEnd().split("\n").sort()).toEqual(expected);
});

test.each([
  [0, "/root"],
  [1000, "/home/user"],
  [4321, isCrun ? "" : "/"], // crun leaves HOME out for a user without an entry
])("HOME of uid %d comes from the container's passwd", async (uid, home) => {
  expect(
    await box.sh("echo $HOME", (c) => {
      c.process.user = { uid, gid: uid };
    }),
  ).toBe(home);
});

test("a HOME of the config is kept", async () => {
  expect(await box.sh("echo $HOME", (c) => void c.process.env.push("HOME=/tmp"))).toBe("/tmp");
});

test("args[0] is looked for in the container's PATH", async () => {
  const outcome = await box.run((c) => {
    c.process.args = ["mine"];
    c.process.env = ["PATH=/nowhere:/opt"];
    c.mounts.push({ destination: "/opt", type: "tmpfs", source: "tmpfs" });
    c.mounts.push({
      destination: "/opt/mine",
      type: "bind",
      source: `${c.root.path}/bin/busybox`,
      options: ["bind", "ro"],
    });
  });
  expect(outcome.stderr).toContain("applet not found");
  expect(outcome.code).toBe(127);
});

test("arguments reach the program byte for byte", async () => {
  const odd = ["", " a  b ", "ü€\u{1f600}", "$HOME", "a\nb", '"'];
  const { stdout } = await box.run((c) => {
    c.process.args = ["printf", "<%s>", ...odd];
  });
  expect(stdout).toBe(odd.map((word) => `<${word}>`).join(""));
});

test("uid, gid and additional groups", async () => {
  const ids = await box.sh("id -u; id -g; id -G", (c) => {
    c.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 2000, 2_000_000_000] };
  });
  expect(ids.split("\n").slice(0, 2)).toEqual(["1000", "1001"]);
  expect(ids.split("\n")[2]?.split(" ").sort()).toEqual(["1001", "2000", "2000000000", "5"]);
});

test("no supplementary group of the caller is kept", async () => {
  const fields = await status((c) => {
    c.process.user = { uid: 1000, gid: 1000 };
  });
  expect(fields.get("Groups")?.trim()).toMatch(/^(1000)?$/);
});

test("umask", async () => {
  expect(
    await box.sh("umask", (c) => {
      c.process.user.umask = 0o027;
    }),
  ).toBe("0027");
  expect(await box.sh("umask")).toBe("0022");
});

// A program of root's gets inheritable | bounding as permitted and effective, but nothing new under no_new_privs
// (capabilities(7)): 0x421 or 0x21.
test.each([
  [false, "0000000000000421"],
  [true, "0000000000000021"],
])("the capability sets of root, noNewPrivileges %s", async (noNewPrivileges, permitted) => {
  const fields = await status((c) => {
    c.process.noNewPrivileges = noNewPrivileges;
    c.process.capabilities = {
      bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      permitted: ["CAP_CHOWN", "CAP_KILL"],
      effective: ["CAP_CHOWN", "CAP_KILL"],
      inheritable: ["CAP_KILL"],
      ambient: ["CAP_KILL"],
    };
  });
  expect(CAPABILITY_FIELDS.map((name) => fields.get(name))).toEqual([
    "0000000000000020",
    permitted,
    permitted,
    "0000000000000421",
    "0000000000000020",
  ]);
});

test("the capability sets of another user are the ambient ones", async () => {
  const fields = await status((c) => {
    c.process.user = { uid: 1000, gid: 1000 };
    const two = ["CAP_KILL", "CAP_NET_BIND_SERVICE"];
    c.process.capabilities = {
      bounding: ["CAP_CHOWN", ...two],
      permitted: two,
      effective: two,
      inheritable: two,
      ambient: ["CAP_NET_BIND_SERVICE"],
    };
  });
  expect(CAPABILITY_FIELDS.map((name) => fields.get(name))).toEqual([
    "0000000000000420",
    "0000000000000400",
    "0000000000000400",
    "0000000000000421",
    "0000000000000400",
  ]);
});

test("empty capability sets leave none", async () => {
  const fields = await status((c) => {
    c.process.capabilities = {};
  });
  for (const name of CAPABILITY_FIELDS) expect(fields.get(name)).toBe("0000000000000000");
});

test("an unknown capability is a warning, not an error", async () => {
  const outcome = await box.run((c) => {
    c.process.args = ["true"];
    c.process.capabilities.bounding = ["CAP_FOO", "CAP_KILL"];
  });
  expect(outcome.code).toBe(0);
});

test("rlimits, infinity among them", async () => {
  const limits = await box.sh("cat /proc/self/limits", (c) => {
    c.process.rlimits = [
      { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
      { type: "RLIMIT_CORE", soft: 0, hard: 18446744073709551615n },
      { type: "RLIMIT_STACK", soft: 18446744073709551615n, hard: 18446744073709551615n },
      { type: "RLIMIT_FSIZE", soft: 9223372036854771712n, hard: 9223372036854771713n },
    ];
  });
  const row = (name: string): string | undefined =>
    new RegExp(`^${name} +(\\S+ +\\S+)`, "m").exec(limits)?.[1]?.replace(/ +/, " ");
  expect(row("Max open files")).toBe("100 200");
  expect(row("Max core file size")).toBe("0 unlimited");
  expect(row("Max stack size")).toBe("unlimited unlimited");
  expect(row("Max file size")).toBe("9223372036854771712 9223372036854771713");
});

test.each([true, false])("noNewPrivileges %s", async (wanted) => {
  expect(
    (
      await status((c) => {
        c.process.noNewPrivileges = wanted;
      })
    ).get("NoNewPrivs"),
  ).toBe(wanted ? "1" : "0");
});

test("oomScoreAdj", async () => {
  expect(
    await box.sh("cat /proc/self/oom_score_adj", (c) => {
      c.process.oomScoreAdj = 321;
    }),
  ).toBe("321");
});

test("pid 1 is the program itself", async () => {
  expect(await box.sh("echo $$; cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l")).toMatch(/^1\nsh\n[23]$/);
});

test("stdin reaches the program", async () => {
  const outcome = await box.run(
    (c) => {
      c.process.args = ["cat"];
    },
    { input: "one\ntwo\n" },
  );
  expect(outcome.stdout).toBe("one\ntwo\n");
});

unlessPeer(["crun"], "keeps both of two equal names")("of two equal names in env the last wins", async () => {
  const { stdout } = await box.run((c) => {
    c.process.args = ["env"];
    c.process.env = ["PATH=/bin", "A=1", "A=2", "HOME=/"];
  });
  expect(stdout.split("\n").filter((line) => line.startsWith("A="))).toEqual(["A=2"]);
});

unlessPeer(["runc"], "allows ids up to 2^31 - 1 only")("the largest ids", async () => {
  const ids = await box.sh("id -u; id -g; id -G", (c) => {
    c.process.user = { uid: 4_294_967_294, gid: 4_294_967_293, additionalGids: [4_000_000_000] };
  });
  expect(ids).toBe("4294967294\n4294967293\n4294967293 4000000000");
});
