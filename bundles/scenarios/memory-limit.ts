import { readFileSync } from "node:fs";
import { succeeded } from "../command.ts";
import type { Scenario, Stage } from "./scenario.ts";

const LIMIT = 200 * 1024 * 1024;

/** Grows to 150 MiB and says so, then to more than the limit. `$1` is a number of MiB. */
const GROW =
  "grow() { head -c $(($1 * 1048576)) /dev/zero | tail -c $(($1 * 1048576)) | wc -c; }; grow 150; grow 400; echo survived";

async function memoryLimit(stage: Stage): Promise<void> {
  const container = await stage.session.container((c) => {
    c.process.args = ["sh", "-c", `${GROW}`];
    c.linux.resources.memory = { limit: LIMIT, swap: LIMIT };
  });
  succeeded(await container.create());
  const file = (name: string): string => readFileSync(`${container.cgroup("memory")}/${name}`, "utf8").trim();
  stage.check("memory.limit_in_bytes is 200 MiB", file("memory.limit_in_bytes") === `${LIMIT}`);
  succeeded(await container.start());
  await container.reaches("stopped");
  const printed = await container.printed();
  const kills = Number(/^oom_kill (\d+)/m.exec(file("memory.oom_control"))?.[1]);
  const peak = Number(file("memory.max_usage_in_bytes"));
  stage.say(
    `printed: ${printed.trim().replaceAll("\n", ", ") || "nothing"}; peak ${(peak / 1048576).toFixed(0)} MiB, oom_kill ${kills}`,
  );
  stage.check("150 MiB could be had", printed.includes(`${150 * 1048576}\n`));
  stage.check("400 MiB could not", !printed.includes(`${400 * 1048576}\n`));
  stage.check("the peak stayed at the limit", peak <= LIMIT);
  stage.check("the kernel reports an OOM kill in the container's cgroup", kills >= 1);
  await killedItself(stage);
}

/** The same with the hog as pid 1: `run` ends with 137, as for any SIGKILL. */
async function killedItself(stage: Stage): Promise<void> {
  const hog = await stage.session.container((c) => {
    c.process.args = ["tail", "-c", `${LIMIT * 2}`, "/dev/zero"];
    c.linux.resources.memory = { limit: LIMIT, swap: LIMIT };
  });
  const outcome = await hog.run();
  stage.say(
    `run ended with ${outcome.code}${outcome.stderr === "" ? "" : `: ${outcome.stderr.trim().split("\n").at(-1)}`}`,
  );
  stage.check("run ends with 137", outcome.code === 137);
  // runc and crun leave it at the status.
  if (stage.session.kind === "tsrun") stage.check("and says why", outcome.stderr.includes("killed for lack of memory"));
}

export const scenario: Scenario = { about: "a process limited to 200 MiB of memory, killed at it", run: memoryLimit };
