import { readFileSync } from "node:fs";
import { pause } from "../command.ts";
import type { Scenario, Stage } from "./scenario.ts";

const SECONDS = 2;

async function cpuLimit(stage: Stage): Promise<void> {
  const container = await stage.session.container((c) => {
    c.process.args = ["sh", "-c", "while :; do :; done"];
    c.linux.resources.cpu = { quota: 20_000, period: 100_000 };
  });
  await container.launch();
  const usage = (): number => Number(readFileSync(`${container.cgroup("cpuacct")}/cpuacct.usage`, "utf8"));
  const throttled = (): number =>
    Number(/^nr_throttled (\d+)/m.exec(readFileSync(`${container.cgroup("cpu")}/cpu.stat`, "utf8"))?.[1]);
  const before = { usage: usage(), time: process.hrtime.bigint(), throttled: throttled() };
  await pause(SECONDS * 1000);
  const wall = Number(process.hrtime.bigint() - before.time);
  const share = (usage() - before.usage) / wall;
  const times = throttled() - before.throttled;
  stage.say(`an endless loop used ${(share * 100).toFixed(1)} % of a CPU in ${SECONDS} s, throttled ${times} times`);
  stage.check("between 10 and 25 ms of CPU in 100 ms", share > 0.1 && share < 0.25);
  stage.check("throttled in most periods", times >= SECONDS * 5);
}

export const scenario: Scenario = { about: "a process limited to 20 ms of CPU per 100 ms", run: cpuLimit };
