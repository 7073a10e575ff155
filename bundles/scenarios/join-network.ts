import { run, succeeded } from "../command.ts";
import type { Scenario, Stage } from "./scenario.ts";

const ADDRESS = "10.213.78.5";

async function joinNetwork(stage: Stage): Promise<void> {
  const first = await stage.session.container((c) => {
    c.process.args = ["sleep", "100"];
  });
  const { pid } = await first.launch();
  const inFirst = ["--target", `${pid}`, "--net", "ip"];
  succeeded(await run("nsenter", [...inFirst, "link", "add", "eth9", "type", "veth", "peer", "name", "eth8"]));
  succeeded(await run("nsenter", [...inFirst, "address", "add", `${ADDRESS}/24`, "dev", "eth9"]));
  const second = await stage.session.container((c) => {
    c.process.args = ["ip", "address", "show", "dev", "eth9"];
    c.linux.namespaces = c.linux.namespaces.filter((namespace) => namespace.type !== "network");
    c.linux.namespaces.push({ type: "network", path: `/proc/${pid}/ns/net` });
  });
  const seen = succeeded(await second.run()).stdout;
  stage.say(`the second container sees: ${/inet \S+/.exec(seen)?.[0] ?? "no address"}`);
  stage.check("the first container's address", seen.includes(ADDRESS));
  const alone = await stage.session.container((c) => {
    c.process.args = ["ip", "address", "show"];
  });
  stage.check(
    "which one with a network of its own does not see",
    !succeeded(await alone.run()).stdout.includes(ADDRESS),
  );
}

export const scenario: Scenario = {
  about: "a container in another one's network namespace sees its address",
  run: joinNetwork,
};
