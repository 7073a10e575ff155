import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { run, succeeded } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();

function sleeper(): Promise<Container> {
  return box.container((c) => {
    c.process.args = ["sleep", "100"];
  });
}

/** Runs a runtime command with so many more open files than a caller should leave. */
async function withLeaks(args: readonly string[], count: number): Promise<number | null> {
  const secret = join(box.session.dir, "leaked");
  mkdirSync(secret, { recursive: true });
  const fd = openSync(secret, "r");
  const [file = "", ...rest] = box.session.argv(args);
  const child = spawn(file, rest, { stdio: ["ignore", "ignore", "ignore", ...Array<number>(count).fill(fd)] });
  closeSync(fd);
  return new Promise((resolve) => child.on("exit", resolve));
}

const descriptors = (pid: number): string[] => readdirSync(`/proc/${pid}/fd`).sort();

unlessPeer(["crun"], "keeps the caller's files")(
  "of 500 files that the caller left open none is seen by the program",
  async () => {
    const c = await sleeper();
    expect(await withLeaks(["create", "--bundle", c.bundle, c.id], 500)).toBe(0);
    const { pid } = await c.state();
    const own = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(own.filter((target) => target.includes("leaked")).length).toBe(0);
    expect(await withLeaks(["start", c.id], 500)).toBe(0);
    expect(descriptors((await c.state()).pid)).toEqual(["0", "1", "2"]);
  },
);

unlessPeer(["crun"], "keeps the caller's files")("nor by one that is exec'ed", async () => {
  const c = await sleeper();
  await c.launch();
  const file = join(c.bundle, "pid");
  expect(await withLeaks(["exec", "--detach", "--pid-file", file, c.id, "sleep", "100"], 500)).toBe(0);
  expect(descriptors(Number(readFileSync(file, "utf8")))).toEqual(["0", "1", "2"]);
});

unlessPeer(["runc", "crun"], "leaves ignored signals ignored")(
  "signals that the caller ignores are not ignored inside",
  async () => {
    const c = await box.container((config) => {
      config.process.args = ["cat", "/proc/self/status"];
    });
    const command = [
      "-c",
      `trap '' HUP TERM PIPE CHLD USR1 XFSZ; exec "$@"`,
      "sh",
      ...box.session.argv(["run", "--bundle", c.bundle, c.id]),
    ];
    const { stdout } = succeeded(await run("sh", command));
    expect(/^SigIgn:\t(.*)$/m.exec(stdout)?.[1]).toBe("0000000000000000");
    expect(/^SigBlk:\t(.*)$/m.exec(stdout)?.[1]).toBe("0000000000000000");
  },
);

test("the caller's umask, cwd and environment are not the program's", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "umask; pwd; env | grep -c LEAK; true"];
  });
  const command = [
    "-c",
    'umask 0077; cd /tmp; export LEAK=1; exec "$@"',
    "sh",
    ...box.session.argv(["run", "--bundle", c.bundle, c.id]),
  ];
  expect(succeeded(await run("sh", command)).stdout).toBe("0022\n/\n0\n");
});

unlessPeer(["crun"], "fails")("a caller with closed stdin, stdout and stderr is served all the same", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
  });
  const command = ["-c", '"$@" <&- >&- 2>&-', "sh", ...box.session.argv(["create", "--bundle", c.bundle, c.id])];
  expect((await run("sh", command)).code).toBe(0);
  expect((await c.state()).status).toBe("created");
});

test("a caller in a folder that is gone is served all the same", async () => {
  const c = await box.container((config) => {
    config.process.args = ["pwd"];
  });
  const folder = join(box.session.dir, "gone");
  const command = ["-c", `mkdir ${folder}; cd ${folder}; rmdir ${folder}; exec "$@"`, "sh"];
  const outcome = await run("sh", [...command, ...box.session.argv(["run", "--bundle", c.bundle, c.id])]);
  expect([outcome.code, outcome.stdout]).toEqual([0, "/\n"]);
});

test("the program is in a session of its own, its parent is not kept", async () => {
  expect(await box.sh("cut -d' ' -f4-6 /proc/1/stat; cut -d' ' -f4 /proc/1/stat")).toMatch(/^0 1 1\n0$/);
});
