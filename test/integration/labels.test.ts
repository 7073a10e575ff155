/**
 * Labels on hosts without the security module, and with one that only pretends: the kernel's answer to a label that no
 * module knows tells whether it came to the right file.
 */
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { output, run } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { TSRUN } from "../support/paths.ts";
import { isTsrun, when } from "../support/runtime.ts";

const SELINUX_MAGIC = 0xf97cff8c;
const hasApparmor = existsSync("/sys/module/apparmor");
const hasSelinux = existsSync("/sys/fs/selinux") && statfsSync("/sys/fs/selinux").type === SELINUX_MAGIC;
const bare = when(isTsrun && !hasApparmor, "AppArmor is here, or another runtime, which goes on without confinement");
const bareSelinux = when(isTsrun && !hasSelinux, "SELinux is here, or another runtime with words of its own");

const LABEL = "system_u:system_r:container_t:s0:c1,c2";
/** AppArmor's own files of procfs are not there either: its label goes to the file that all modules share. */
const REFUSED = 'write "exec absent" to attr/apparmor/exec: invalid argument';

describe("without a security module", () => {
  const box = useBox();

  bare("a profile is an error", async () => {
    const { code, stderr } = await box.run((c) => {
      c.process.apparmorProfile = "docker-default";
    });
    expect(code).toBe(1);
    expect(stderr).toContain(
      "apparmor profile docker-default: AppArmor is not enabled on this host (config.json /process/apparmorProfile)",
    );
  });

  bare("no profile and no confinement are none", async () => {
    for (const profile of ["", "unconfined"]) {
      expect(
        await box.sh("echo fine", (c) => {
          c.process.apparmorProfile = profile;
        }),
      ).toBe("fine");
    }
  });

  const labels: readonly [pointer: string, change: (c: Config) => void][] = [
    [
      "/process/selinuxLabel",
      (c) => {
        c.process.selinuxLabel = LABEL;
      },
    ],
    [
      "/linux/mountLabel",
      (c) => {
        c.linux.mountLabel = LABEL;
      },
    ],
  ];
  for (const [pointer, change] of labels) {
    bareSelinux(`${pointer} is an error`, async () => {
      const { code, stderr } = await box.run(change);
      expect(code).toBe(1);
      expect(stderr).toContain(`selinux label ${LABEL}: SELinux is not enabled on this host (config.json ${pointer})`);
    });
  }

  when(isTsrun && !hasApparmor && !hasSelinux, "a security module, or another runtime")(
    "exec refuses both, and takes none",
    async () => {
      const running = await box.container((c) => {
        c.process.args = ["sleep", "1000"];
      });
      await running.launch();
      const flags = [
        ["--apparmor", "docker-default"],
        ["--process-label", LABEL],
      ];
      for (const words of flags) {
        const { code, stderr } = await running.exec(["true"], words);
        expect(code).toBe(255);
        expect(stderr).toMatch(/(AppArmor|SELinux) is not enabled on this host \(config\.json \/process\/\w+\)/);
      }
      expect((await running.exec(["true"], ["--apparmor", "unconfined", "--process-label="])).code).toBe(0);
    },
  );
});

describe("with a module that only seems to be there", () => {
  const fake = "mkdir -p /sys/module/apparmor/parameters; echo Y > /sys/module/apparmor/parameters/enabled";
  const box = useBox(() => (hasApparmor ? {} : { mounts: `mount -t tmpfs none /sys/module; ${fake}` }));
  const profile = (c: Config): void => {
    c.process.apparmorProfile = "absent";
  };

  bare("the label comes to the kernel, from create and from exec", async () => {
    const { code, stderr } = await box.run(profile);
    expect(code).toBe(1);
    expect(stderr).toContain(REFUSED);
    expect(stderr).toContain("(config.json /process/apparmorProfile)");
    const running = await box.container((c) => {
      c.process.args = ["sleep", "1000"];
    });
    await running.launch();
    const outcome = await running.exec(["true"], ["--apparmor", "absent"]);
    expect(outcome.code).toBe(255);
    expect(outcome.stderr).toContain(REFUSED);
    // Neither is a process left, nor has the container suffered.
    expect((await running.exec(["true"])).code).toBe(0);
  });

  bare("CVE-2019-16884, CVE-2025-52881: a volume over /proc takes no label", async () => {
    const files: string[] = [];
    const covered = await box.container((c, { bundle }) => {
      profile(c);
      const source = join(bundle, "proc");
      for (const self of ["self", "thread-self", "1", "1/task/1"]) {
        mkdirSync(join(source, self, "attr/apparmor"), { recursive: true });
        for (const name of ["attr/exec", "attr/apparmor/exec"]) {
          files.push(join(source, self, name));
          writeFileSync(join(source, self, name), "");
        }
      }
      c.mounts = c.mounts.filter(({ destination }) => destination !== "/proc");
      c.mounts.push({ destination: "/proc", type: "bind", source, options: ["rbind", "rw"] });
      c.linux.maskedPaths = c.linux.readonlyPaths = [];
    });
    const { code, stderr } = await covered.run();
    expect(code).toBe(1);
    expect(stderr).toContain(REFUSED);
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(Array<string>(8).fill(""));
    // An exec in a container whose procfs is covered later is no other.
    const running = await box.container((c) => {
      c.process.args = ["sh", "-c", "while sleep 1; do :; done"];
    });
    const { pid } = await running.launch();
    await output("nsenter", ["-t", `${pid}`, "-m", "-r", "mount", "--bind", "/tmp", "/proc"]);
    const outcome = await running.exec(["true"], ["--apparmor", "absent"]);
    expect([outcome.code, outcome.stderr.includes(REFUSED)]).toEqual([255, true]);
  });
});

test("features tell of both modules", async () => {
  if (!isTsrun) return;
  const { linux } = JSON.parse((await run(TSRUN, ["features"])).stdout);
  expect([linux.apparmor, linux.selinux]).toEqual([{ enabled: true }, { enabled: true }]);
});
