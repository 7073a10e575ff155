import { Session } from "../session.ts";
import { scenario as cpuLimit } from "./cpu-limit.ts";
import { scenario as cpuShares } from "./cpu-shares.ts";
import { scenario as exec } from "./exec.ts";
import { scenario as flask } from "./flask.ts";
import { scenario as joinNetwork } from "./join-network.ts";
import { scenario as memoryLimit } from "./memory-limit.ts";
import { scenario as pid1 } from "./pid1.ts";
import type { Scenario } from "./scenario.ts";
import { scenario as volume } from "./volume.ts";

/** Every scenario by the name it is called by. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  flask,
  "cpu-limit": cpuLimit,
  "memory-limit": memoryLimit,
  "cpu-shares": cpuShares,
  volume,
  "join-network": joinNetwork,
  exec,
  pid1,
};

/** Plays a scenario with a runtime; each line goes to `say`. Returns what was not as it should be, one line each. */
export async function play(
  scenario: Scenario,
  runtime: string | undefined,
  say: (line: string) => void,
): Promise<string[]> {
  const session = await Session.open(runtime);
  const failures: string[] = [];
  const check = (fact: string, holds: boolean): void => {
    say(`${holds ? "yes" : "NO "} ${fact}`);
    if (!holds) failures.push(fact);
  };
  try {
    await scenario.run({ session, say, check });
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  } finally {
    const left = await session.close();
    failures.push(...left.map((line) => `left behind: ${line}`));
  }
  return failures;
}
