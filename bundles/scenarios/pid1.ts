import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { succeeded } from "../command.ts";
import { leftovers } from "../remains.ts";
import type { Scenario, Stage } from "./scenario.ts";

async function pid1(stage: Stage): Promise<void> {
  const container = await stage.session.container((c) => {
    c.process.args = ["sleep", "100"];
  });
  const { pid } = await container.launch();
  const inside = succeeded(
    await container.exec(["sh", "-c", "cat /proc/1/comm; readlink /proc/1/exe; tr '\\0' ' ' < /proc/1/cmdline"]),
  );
  const [comm, exe, command] = inside.stdout.trim().split("\n");
  stage.say(`pid 1 inside: ${comm}, ${exe}, "${command?.trim()}"`);
  stage.check(
    "pid 1 is the user's program",
    comm === "sleep" && exe === "/bin/busybox" && command?.trim() === "sleep 100",
  );
  stage.check("the same seen from outside", readlinkSync(`/proc/${pid}/exe`) === "/bin/busybox");
  const members = readFileSync(`${container.cgroup("pids")}/cgroup.procs`, "utf8")
    .trim()
    .split("\n");
  stage.check("it is alone in its cgroup: no init, no helper", members.join() === `${pid}`);
  const fds = readdirSync(`/proc/${pid}/fd`).sort().join(" ");
  stage.check(`it has nothing open but 0 1 2 (${fds})`, fds === "0 1 2");
  const others = (await leftovers(container.id)).filter(
    (line) => line.startsWith("process:") && !line.startsWith(`process: ${pid} `),
  );
  stage.check("no process of the runtime is left on the host", others.length === 0);
}

export const scenario: Scenario = { about: "pid 1 is the user's program, and nothing else is left running", run: pid1 };
