import { readFileSync } from "node:fs";
import { pause } from "../command.ts";
import type { Container } from "../container.ts";
import type { Scenario, Stage } from "./scenario.ts";

const SECONDS = 3;

async function hog(stage: Stage, shares: number): Promise<Container> {
  const container = await stage.session.container((c) => {
    c.process.args = ["sh", "-c", "while :; do :; done"];
    c.linux.resources.cpu = { shares, cpus: "0" };
  });
  await container.launch();
  return container;
}

async function cpuShares(stage: Stage): Promise<void> {
  const [two, one] = [await hog(stage, 2048), await hog(stage, 1024)];
  const usage = (c: Container): number => Number(readFileSync(`${c.cgroup("cpuacct")}/cpuacct.usage`, "utf8"));
  const before = [usage(two), usage(one)] as const;
  await pause(SECONDS * 1000);
  const [more, less] = [usage(two) - before[0], usage(one) - before[1]];
  const ratio = more / less;
  stage.say(
    `on CPU 0 in ${SECONDS} s: 2048 shares had ${(more / 1e6).toFixed(0)} ms, 1024 had ${(less / 1e6).toFixed(0)} ms, ratio ${ratio.toFixed(2)}`,
  );
  stage.check("the ratio is about 2", ratio > 1.6 && ratio < 2.5);
}

export const scenario: Scenario = { about: "two processes with CPU shares of 2:1 on one CPU", run: cpuShares };
