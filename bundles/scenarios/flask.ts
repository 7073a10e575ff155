import { run, succeeded, until } from "../command.ts";
import { debianRootfs } from "../debian.ts";
import { type Holder, hold } from "../holder.ts";
import type { Scenario, Stage } from "./scenario.ts";

const APP = `
import os, socket
from flask import Flask
app = Flask(__name__)

@app.route("/")
def hello():
    return "Hello World from %s\\n" % socket.gethostname()

app.run(host="0.0.0.0", port=80)
`;

const OUTSIDE = "10.213.77.1";
const INSIDE = "10.213.77.2";

interface Cable {
  readonly outer: Holder;
  readonly inner: Holder;
}

/** Two network namespaces made for the purpose, with a veth cable between them: eth0 is the inner end. */
async function cable(stage: Stage): Promise<Cable> {
  const both = { outer: await hold(["--net"]), inner: await hold(["--net"]) };
  const ip = async (holder: Holder, ...args: string[]): Promise<void> => {
    succeeded(await run("nsenter", ["--target", `${holder.pid}`, "--net", "ip", ...args]));
  };
  for (const holder of [both.outer, both.inner]) {
    stage.session.defer(() => holder.close());
    await ip(holder, "link", "set", "lo", "up");
  }
  const inner = `${both.inner.pid}`;
  await ip(both.outer, "link", "add", "veth0", "type", "veth", "peer", "name", "eth0", "netns", inner);
  await ip(both.outer, "address", "add", `${OUTSIDE}/30`, "dev", "veth0");
  await ip(both.inner, "address", "add", `${INSIDE}/30`, "dev", "eth0");
  await ip(both.outer, "link", "set", "veth0", "up");
  await ip(both.inner, "link", "set", "eth0", "up");
  return both;
}

const CLIENT = `exec 3<>/dev/tcp/${INSIDE}/80 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;

/** What a client at the other end of the cable gets, or undefined when nobody answers. */
async function answerTo(outer: Holder): Promise<string | undefined> {
  const outcome = await run("nsenter", ["--target", `${outer.pid}`, "--net", "bash", "-c", CLIENT]);
  return outcome.code === 0 ? outcome.stdout : undefined;
}

async function flask(stage: Stage): Promise<void> {
  const { outer, inner } = await cable(stage);
  const container = await stage.session.container(
    (c) => {
      c.process.args = ["python3", "-c", APP];
      c.process.env.push("PYTHONDONTWRITEBYTECODE=1");
      c.hostname = "flask-box";
      c.linux.namespaces = c.linux.namespaces.filter((namespace) => namespace.type !== "network");
      c.linux.namespaces.push({ type: "network", path: inner.path("net") });
    },
    { rootfs: await debianRootfs() },
  );
  await container.launch();
  const answer = await until("an answer of the Flask app", () => answerTo(outer), 20_000).catch(async (error) => {
    throw new Error(`${String(error)}: ${await container.printed("stderr")}`);
  });
  stage.say(`http://${INSIDE}/ answers: ${answer.trim().split("\n").at(-1)}`);
  stage.check(
    "the answer says Hello World and the container's hostname",
    answer.includes("Hello World from flask-box"),
  );
}

export const scenario: Scenario = {
  about: "a Python Flask app answers on port 80 of its own network namespace",
  run: flask,
};
