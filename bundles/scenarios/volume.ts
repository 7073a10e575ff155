import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { succeeded, until } from "../command.ts";
import type { Scenario, Stage } from "./scenario.ts";

async function volume(stage: Stage): Promise<void> {
  const folder = join(stage.session.dir, "volume");
  await mkdir(folder);
  const before = await readFile("/proc/self/mountinfo", "utf8");
  const container = await stage.session.container((c) => {
    c.process.args = [
      "sh",
      "-c",
      "echo from inside > /mnt/inside; while [ ! -e /mnt/outside ]; do sleep 0.05; done; cat /mnt/outside; sleep 100",
    ];
    c.mounts.push({ destination: "/mnt", type: "bind", source: folder, options: ["rbind", "rw"] });
  });
  await container.launch();
  const inside = await until("a file of the container", () =>
    readFile(join(folder, "inside"), "utf8").catch(() => undefined),
  );
  stage.say(`written inside, read outside: ${inside.trim()}`);
  await writeFile(join(folder, "draft"), "from outside\n");
  succeeded(await container.exec(["mv", "/mnt/draft", "/mnt/outside"]));
  stage.say(`written outside, read inside: ${(await container.says("from outside")).trim()}`);
  const after = await readFile("/proc/self/mountinfo", "utf8");
  stage.check("the host's mount table is as it was", after === before);
  const seen = succeeded(await container.exec(["cat", "/proc/self/mountinfo"])).stdout;
  stage.check("the container's has it at /mnt", / \/mnt /.test(seen));
}

export const scenario: Scenario = { about: "a host folder as a volume, written from both sides", run: volume };
