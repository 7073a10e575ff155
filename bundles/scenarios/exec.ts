import { succeeded } from "../command.ts";
import type { Scenario, Stage } from "./scenario.ts";

async function exec(stage: Stage): Promise<void> {
  const container = await stage.session.container((c) => {
    c.process.args = ["sleep", "100"];
    c.process.env.push("COLOUR=blue");
    c.hostname = "exec-box";
  });
  await container.launch();
  const script = "echo $COLOUR; hostname; cat /proc/1/comm; id -u";
  const seen = succeeded(await container.exec(["sh", "-c", script]))
    .stdout.trim()
    .split("\n");
  stage.say(`exec sees: ${seen.join(", ")}`);
  stage.check("the container's environment, hostname and pid 1", seen.join(" ") === "blue exec-box sleep 0");
  const status = (await container.exec(["sh", "-c", "exit 42"])).code;
  stage.check(`it ends with the command's status (${status})`, status === 42);
  const user = succeeded(await container.exec(["id", "-u"], ["-u", "1000"])).stdout.trim();
  stage.check(`as another user (${user})`, user === "1000");
  stage.check("the container still runs", (await container.state()).status === "running");
}

export const scenario: Scenario = { about: "exec into a running container", run: exec };
