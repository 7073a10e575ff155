/** Groups, limits, scores and umask where a user namespace says what may be had. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import type { Config, IdMapping } from "../../bundles/config.ts";
import { type Holder, hold } from "../../bundles/holder.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, unlessPeer, when } from "../support/runtime.ts";

const box = useBox();
const MAP: IdMapping[] = [{ containerID: 0, hostID: 100_000, size: 1000 }];

function newUser(c: Config): void {
  c.linux.namespaces.push({ type: "user" });
  c.linux.uidMappings = c.linux.gidMappings = MAP;
}

async function refusal(change: (c: Config) => void): Promise<string> {
  const { code, stderr } = await box.run(change);
  expect(code).toBe(1);
  return stderr;
}

describe("a new user namespace", () => {
  unlessPeer(["runc", "crun"], "words of their own")("ids outside of the maps are named", async () => {
    const user = (change: Partial<Config["process"]["user"]>) =>
      refusal((c) => {
        newUser(c);
        Object.assign(c.process.user, change);
      });
    expect(await user({ uid: 1000 })).toContain(
      "process.user.uid 1000 is not mapped in the user namespace (config.json /process/user/uid)",
    );
    expect(await user({ gid: 5000 })).toContain("(config.json /process/user/gid)");
    expect(await user({ additionalGids: [5, 1000] })).toContain("(config.json /process/user/additionalGids/1)");
  });

  test("groups, umask and limits are those of the config", async () => {
    const said = await box.sh("id -G; umask; ulimit -n; ulimit -Hn; ulimit -c", (c) => {
      newUser(c);
      c.process.user = { uid: 7, gid: 8, umask: 0o027, additionalGids: [5, 999] };
      c.process.rlimits = [
        { type: "RLIMIT_NOFILE", soft: 64, hard: 128 },
        { type: "RLIMIT_CORE", soft: 0, hard: 0 },
      ];
    });
    expect(said).toBe("8 5 999\n0027\n64\n128\n0");
  });

  test("no groups asked for are none, whatever the caller has", async () => {
    expect(await box.sh("id -G", newUser)).toBe("0");
  });

  unlessPeer(["runc", "crun"], "need more files themselves")(
    "limits that init itself could hardly live with",
    async () => {
      const said = await box.sh("ulimit -n; ulimit -f", (c) => {
        newUser(c);
        c.process.rlimits = [
          { type: "RLIMIT_NOFILE", soft: 3, hard: 3 },
          { type: "RLIMIT_FSIZE", soft: 0, hard: 0 },
          { type: "RLIMIT_NPROC", soft: 1, hard: 1 },
        ];
      });
      expect(said).toBe("3\n0");
    },
  );

  test("an oom score is the config's, and without one the caller's", async () => {
    const score = (change?: number) =>
      box.sh("cat /proc/self/oom_score_adj", (c) => {
        newUser(c);
        if (change !== undefined) c.process.oomScoreAdj = change;
      });
    const own = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
    expect(await score(1000)).toBe("1000");
    expect(await score(own)).toBe(`${own}`);
    expect(await score()).toBe(`${own}`);
  });
});

const capabilities = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]}`);
const mayExceed = (capabilities & (1n << 24n)) !== 0n;

when(isTsrun && !mayExceed, "CAP_SYS_RESOURCE is here, or a runtime with words of its own")(
  "what needs CAP_SYS_RESOURCE is an error with its pointer, with and without a user namespace",
  async () => {
    for (const around of [newUser, () => undefined]) {
      const limit = await refusal((c) => {
        around(c);
        c.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 64, hard: 2 ** 31 }];
      });
      expect(limit).toMatch(/set RLIMIT_NOFILE to 64:2147483648: operation not permitted: .*CAP_SYS_RESOURCE/);
      expect(limit).toContain("(config.json /process/rlimits/0)");
      const score = await refusal((c) => {
        around(c);
        c.process.oomScoreAdj = -1000;
      });
      expect(score).toContain(
        "set oom score adjustment -1000: permission denied: less than the caller's own needs CAP_SYS_RESOURCE (config.json /process/oomScoreAdj)",
      );
    }
  },
);

describe("a user namespace that denies setgroups", () => {
  let space: Holder;
  beforeAll(async () => {
    // util-linux writes "deny" before the map, as whoever has no privilege outside must.
    space = await hold(["--user", "--map-root-user"]);
    expect(readFileSync(`/proc/${space.pid}/setgroups`, "utf8")).toBe("deny\n");
  });
  afterAll(() => space?.close());

  const join = (c: Config): void => {
    c.linux.namespaces.push({ type: "user", path: space.path("user") });
    for (const mount of c.mounts) mount.options = mount.options?.filter((option) => option !== "gid=5") ?? [];
  };

  unlessPeer(["runc"], "joins no user namespace without maps")("runs programs that ask for no groups", async () => {
    expect(await box.sh("id -u", join)).toBe("0");
  });

  unlessPeer(["runc", "crun"], "words of their own")("groups that are asked for are an error", async () => {
    const stderr = await refusal((c) => {
      join(c);
      c.process.user.additionalGids = [0];
    });
    expect(stderr).toContain(
      "additional groups: setgroups is denied in the user namespace (config.json /process/user/additionalGids)",
    );
  });

  unlessPeer(["runc", "crun"], "words of their own")("so are ids that it does not have, and so is exec", async () => {
    const stderr = await refusal((c) => {
      join(c);
      c.process.user.uid = 5;
    });
    expect(stderr).toContain("uid 5 is not mapped in the user namespace (config.json /process/user/uid)");
    const running = await box.container((c) => {
      join(c);
      c.process.args = ["sleep", "1000"];
    });
    await running.launch();
    expect(succeeded(await running.exec(["id", "-u"])).stdout.trim()).toBe("0");
    const outcome = await running.exec(["true"], ["--additional-gids", "0"]);
    expect(outcome).toMatchObject({
      code: 255,
      stderr: expect.stringContaining("setgroups is denied in the user namespace"),
    });
  });
});
