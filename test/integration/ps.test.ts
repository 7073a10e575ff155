import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Outcome, succeeded, until } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();
let three: Container;
let pids: number[] = [];

const ps = (words: readonly string[]): Promise<Outcome> => box.session.call(["ps", ...words]);

async function listed(container: Container): Promise<number[]> {
  return JSON.parse(succeeded(await ps(["--format", "json", container.id])).stdout) as number[];
}

beforeAll(async () => {
  three = await box.container((c) => {
    c.process.args = ["sh", "-c", "sleep 4321 & sleep 4321 & echo up; wait"];
  });
  await three.launch();
  await three.says("up");
  pids = await until("three processes", async () => {
    const found = await listed(three);
    return found.length === 3 ? found : undefined;
  });
});

test("json: host pids of all processes, init's among them", async () => {
  expect(pids).toContain((await three.state()).pid);
  for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
});

test("what was exec'ed is listed too", async () => {
  const outputTo = { stdout: "/dev/null", stderr: "/dev/null" };
  succeeded(await three.exec(["sleep", "5432"], ["--detach"], { outputTo }));
  const all = await listed(three);
  expect(all).toHaveLength(4);
  const added = all.find((pid) => !pids.includes(pid)) as number;
  process.kill(added, "SIGKILL");
  await until("its end", async () => ((await listed(three)).length === 3 ? true : undefined));
});

describe("table", () => {
  unlessPeer(["crun"], "prints only pids")("is that of ps -ef, with the container's lines alone", async () => {
    const [head = "", ...lines] = succeeded(await ps([three.id]))
      .stdout.trimEnd()
      .split("\n");
    expect(head.split(/\s+/)).toEqual(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    expect(lines.map((line) => Number(line.split(/\s+/)[1])).sort()).toEqual([...pids].sort());
    expect(lines.filter((line) => line.endsWith("sleep 4321"))).toHaveLength(2);
  });

  unlessPeer(["crun"], "takes no options of ps")("options after the id are those of ps", async () => {
    for (const format of [[], ["--format", "table"], ["-f", "table"]]) {
      const words = [...format, three.id, "-e", "-o", "pid,comm"];
      const [head = "", ...lines] = succeeded(await ps(words))
        .stdout.trimEnd()
        .split("\n");
      expect(head.trim().split(/\s+/)).toEqual(["PID", "COMMAND"]);
      expect(lines.map((line) => line.trim().split(/\s+/)[1]).sort()).toEqual(["sh", "sleep", "sleep"]);
    }
  });

  unlessPeer(["crun"], "takes no options of ps")("without a PID column, or with a wrong option, it fails", async () => {
    expect((await ps([three.id, "-e", "-o", "comm"])).code).toBe(1);
    const wrong = await ps([three.id, "--no-such-option"]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).not.toBe("");
  });
});

test("a created container has its init, a stopped one nothing", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
  });
  succeeded(await c.create());
  expect(await listed(c)).toEqual([(await c.state()).pid]);
  succeeded(await c.kill("KILL"));
  await c.reaches("stopped");
  const { stdout } = await ps(["--format", "json", c.id]);
  expect(["[]", "null", ""]).toContain(stdout.trim());
  if (isTsrun) expect(stdout).toBe("[]\n");
});

test("an id that is not there, a format that there is not", async () => {
  const missing = await ps(["--format", "json", `${three.id}-not`]);
  expect(missing.code).not.toBe(0);
  expect((await ps(["--format", "xml", three.id])).code).not.toBe(0);
});
