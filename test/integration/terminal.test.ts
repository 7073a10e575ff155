import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { output, succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import type { ContainerOptions } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";
import { listen, pythonMissing, type Received, type Step } from "../support/terminal.ts";

const box = useBox();
const missing = pythonMissing();
if (missing !== "") console.log(`terminal.test: skipped: ${missing}`);
const group = missing === "" ? describe : describe.skip;

type Change = (c: Config) => void;

/** A container with a terminal that runs a shell script. */
function withTerminal(
  script: string,
  change: Change = () => undefined,
  options?: ContainerOptions,
): Promise<Container> {
  return box.container((c) => {
    c.process.terminal = true;
    c.process.args = ["/bin/sh", "-c", script];
    change(c);
  }, options);
}

/** A path for a console socket: short, as they have to be. */
const socketPath = (): string => join(box.session.dir, `${box.session.unique()}.s`);

/** Runs the container detached; what its terminal showed until it was gone. */
async function shown(container: Container, steps: readonly Step[] = [["drain"]]): Promise<Received> {
  const socket = socketPath();
  const { received } = await listen(socket, steps);
  succeeded(await container.detach(["--console-socket", socket]));
  return received;
}

async function linesOf(script: string, change?: Change, options?: ContainerOptions): Promise<string[]> {
  const { output: text } = await shown(await withTerminal(script, change, options));
  return text.trimEnd().split("\r\n");
}

const OUTSIDE = 100_000;
const inUserNamespace: Change = (c) => {
  const mapping = [{ containerID: 0, hostID: OUTSIDE, size: 65_536 }];
  c.linux.namespaces.push({ type: "user" });
  c.linux.uidMappings = mapping;
  c.linux.gidMappings = mapping;
};

/** The host's /dev, as `-v /dev:/dev` binds it. */
const hostDev: Change = (c) => {
  const below = (point: string): boolean => point === "/dev" || point.startsWith("/dev/");
  c.mounts = c.mounts.filter(({ destination }) => !below(destination));
  c.mounts.push({ destination: "/dev", type: "bind", source: "/dev", options: ["rbind", "rprivate"] });
  c.linux.resources.devices = [{ allow: true, access: "rwm" }];
};

group("console socket", () => {
  test("create sends one descriptor and the name of the terminal, and nothing else", async () => {
    const c = await withTerminal("echo started");
    const socket = socketPath();
    const { received } = await listen(socket, [["expect", "started"], ["drain"]]);
    succeeded(await c.create(["--console-socket", socket]));
    expect((await c.state()).status).toBe("created");
    succeeded(await c.start());
    const { name, descriptors, rest, output: text } = await received;
    expect([name, descriptors, rest, text]).toEqual(["/dev/ptmx", 1, "", "started\r\n"]);
  });

  test("what is typed goes in, what is printed comes out", async () => {
    const steps: Step[] = [["expect", "name?"], ["type", "world\n"], ["expect", "hello world"], ["drain"]];
    const { output: text } = await shown(await withTerminal("echo name?; read it; echo hello $it"), steps);
    expect(text).toBe("name?\r\nworld\r\nhello world\r\n");
  });

  test("a terminal that is hung up tells the program", async () => {
    const c = await withTerminal(
      "trap 'echo gone > /tmp/it; exit' HUP; echo ready; while :; do sleep 0.1; done",
      (it) => {
        it.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs" });
      },
    );
    await shown(c, [["expect", "ready"], ["hang up"]]);
    await c.reaches("stopped");
  });

  test("a megabyte comes through", async () => {
    const { output: text } = await shown(await withTerminal("yes 0123456789abcde | head -c 1048576"));
    expect(text.length).toBe(1_048_576 + 65_536);
    expect(new Set(text.split("\r\n"))).toEqual(new Set(["0123456789abcde", ""]));
  });

  test("exec --detach has a terminal of its own, of its own size", async () => {
    const c = await box.container((it) => {
      it.process.args = ["sleep", "100"];
    });
    await c.launch();
    const file = join(c.bundle, "process.json");
    const args = ["sh", "-c", "tty; stty size; id -u; stat -c %u:%g /dev/pts/0"];
    const env = ["PATH=/bin"];
    const process = {
      terminal: true,
      consoleSize: { height: 11, width: 22 },
      user: { uid: 7, gid: 7 },
      cwd: "/",
      env,
      args,
    };
    writeFileSync(file, JSON.stringify(process));
    const socket = socketPath();
    const { received } = await listen(socket, [["drain"]]);
    const flags = ["exec", "--detach", "--process", file, "--console-socket", socket, c.id];
    succeeded(await box.session.call(flags, { outputTo: { stdout: "/dev/null", stderr: join(c.bundle, "err") } }));
    expect((await received).output).toBe("/dev/pts/0\r\n11 22\r\n7\r\n7:5\r\n");
  });
});

group("the terminal inside", () => {
  test("is the controlling one, and all three streams", async () => {
    const script = "tty; for i in 0 1 2; do readlink /proc/self/fd/$i; done; cut -d' ' -f6,7 /proc/1/stat; : </dev/tty";
    const streams = Array.from({ length: 4 }, () => "/dev/pts/0");
    expect(await linesOf(script)).toEqual([...streams, `1 ${136 * 256}`]);
  });

  test("is /dev/console too", async () => {
    const lines = await linesOf("stat -c %t:%T /dev/console /dev/pts/0; cat /proc/self/mountinfo");
    expect(lines.slice(0, 2)).toEqual(["88:0", "88:0"]);
    const mount = mountAt(parseMounts(lines.slice(2).join("\n")), "/dev/console");
    expect([mount.type, mount.root]).toEqual(["devpts", "/0"]);
  });

  test("belongs to the user, and to the group that devpts gives it", async () => {
    const lines = await linesOf("stat -c %u:%g:%a /dev/pts/0 /dev/console; : </dev/tty && echo opened", (c) => {
      c.process.user = { uid: 1000, gid: 1001 };
    });
    expect(lines).toEqual(["1000:5:620", "1000:5:620", "opened"]);
  });

  test("has the size of consoleSize", async () => {
    const size = { height: 43, width: 132 };
    expect(await linesOf("stty size", (c) => Object.assign(c.process, { consoleSize: size }))).toEqual(["43 132"]);
  });

  test("comes with a read-only root without a /dev of its own", async () => {
    const change: Change = (c) => {
      c.mounts = c.mounts.filter(({ destination }) => destination !== "/dev");
    };
    const script = "tty; stat -c %t /dev/console; touch /it 2>/dev/null || echo read-only";
    expect(await linesOf(script, change, { rootfs: "own" })).toEqual(["/dev/pts/0", "88", "read-only"]);
  });

  test("comes with the host's /dev, which keeps its own console", async () => {
    const before = lstatSync("/dev/console");
    const lines = await linesOf("stat -c %t /dev/console; test -t 0 && echo tty", hostDev);
    expect(lines).toEqual(["88", "tty"]);
    expect(lstatSync("/dev/console").rdev).toBe(before.rdev);
  });

  unlessPeer(["runc"], "has sockets of its own")("init keeps neither the socket nor the master", async () => {
    const c = await withTerminal("echo started");
    const socket = socketPath();
    const { received } = await listen(socket, [["expect", "started"]]);
    succeeded(await c.create(["--console-socket", socket]));
    const { pid } = await c.state();
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(open.filter((link) => link.includes("ptmx") || link.startsWith("socket:"))).toEqual([]);
    expect(open.filter((link) => link === "/dev/pts/0").length).toBe(3);
    succeeded(await c.start());
    await received;
  });
});

group("a terminal in a user namespace", () => {
  async function mapped(script: string, change: Change = () => undefined): Promise<string[]> {
    const c = await withTerminal(
      script,
      (it) => {
        inUserNamespace(it);
        change(it);
      },
      { rootfs: "own" },
    );
    await output("chown", ["-hR", `${OUTSIDE}:${OUTSIDE}`, join(c.bundle, "rootfs")]);
    return (await shown(c)).output.trimEnd().split("\r\n");
  }

  test("belongs to the user inside", async () => {
    const script = "tty; stat -c %u:%g:%t /dev/pts/0 /dev/console";
    expect(await mapped(script)).toEqual(["/dev/pts/0", "0:5:88", "0:5:88"]);
    const change: Change = (c) => {
      c.process.user = { uid: 1000, gid: 1000 };
    };
    expect(await mapped(script, change)).toEqual(["/dev/pts/0", "1000:5:88", "1000:5:88"]);
  });

  unlessPeer(["runc", "crun"], "opens the host's console")("comes with the host's /dev", async () => {
    expect(await mapped("stat -c %t /dev/console; test -t 0 && echo tty", hostDev)).toEqual(["88", "tty"]);
  });
});

group("no terminal", () => {
  async function refused(outcome: ReturnType<Container["create"]>, c: Container, reason: RegExp): Promise<void> {
    const { code, stderr } = await outcome;
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
    expect((await c.stateOutcome()).code).not.toBe(0);
  }

  test("without a socket to send it to", async () => {
    const c = await withTerminal("true");
    await refused(c.create(), c, /console.socket/);
    await refused(c.detach(), c, /console.socket/);
  });

  test("with a socket that nobody has made, or that nobody listens on", async () => {
    const c = await withTerminal("true");
    await refused(c.create(["--console-socket", "/no/such/socket"]), c, /\/no\/such\/socket.*no such file/);
    const plain = join(c.bundle, "plain");
    writeFileSync(plain, "");
    await refused(c.create(["--console-socket", plain]), c, /plain.*connection refused/);
  });

  test("for a process that does not ask for one", async () => {
    const c = await box.container();
    await refused(c.create(["--console-socket", socketPath()]), c, /console.socket/);
  });

  test("through a socket in the foreground", async () => {
    const c = await withTerminal("true");
    await refused(c.run(["--console-socket", socketPath()]), c, /console.socket/);
  });

  test("for exec without a socket, or with a socket and no terminal", async () => {
    const c = await box.container((it) => {
      it.process.args = ["sleep", "100"];
    });
    await c.launch();
    for (const flags of [
      ["-d", "-t"],
      ["-d", "--console-socket", "/s"],
      ["-t", "--console-socket", "/s"],
    ]) {
      const outcome = await c.exec(["true"], flags, {
        outputTo: { stdout: "/dev/null", stderr: join(c.bundle, "err") },
      });
      expect(outcome.code).not.toBe(0);
    }
    expect(readFileSync(join(c.bundle, "err"), "utf8").match(/console.socket/g)?.length).toBeGreaterThanOrEqual(3);
  });
});

group("an image that lays traps (CVE-2025-52565)", () => {
  /** A container over an image whose /dev is its own, changed by `lay`. */
  async function trapped(lay: (rootfs: string) => void, change: Change = () => undefined): Promise<Container> {
    const c = await withTerminal(
      "cat /victim; cat /proc/self/mountinfo; tty",
      (it) => {
        it.mounts = it.mounts.filter(({ destination }) => destination !== "/dev");
        change(it);
      },
      { rootfs: "own" },
    );
    const rootfs = join(c.bundle, "rootfs");
    writeFileSync(join(rootfs, "victim"), "untouched\n");
    mkdirSync(join(rootfs, "dev"), { recursive: true });
    lay(rootfs);
    return c;
  }

  async function fails(c: Container, reason: RegExp): Promise<void> {
    const socket = socketPath();
    const { received } = await listen(socket, [["drain"]]);
    const outcome = await c.create(["--console-socket", socket]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(reason);
    // Nothing was sent: the one who listens gets no terminal.
    await expect(received).rejects.toThrow();
  }

  const noDevpts: Change = (c) => {
    c.mounts = c.mounts.filter(({ destination }) => destination !== "/dev/pts");
  };

  for (const victim of ["/victim", "/proc/sysrq-trigger", "/proc/self/attr/exec"]) {
    unlessPeer(["runc", "crun"], "binds the terminal where the link leads")(
      `/dev/console that is a link to ${victim} is not followed`,
      async () => {
        const c = await trapped((rootfs) => symlinkSync(victim, join(rootfs, "dev/console")));
        await fails(c, /\/dev\/console: too many levels of symbolic links/);
        expect(lstatSync(join(c.bundle, "rootfs/victim")).isFile()).toBe(true);
      },
    );
  }

  unlessPeer(["runc", "crun"], "takes any file for the terminal")("a /dev/pts that is no devpts", async () => {
    const fake = (rootfs: string): void => {
      mkdirSync(join(rootfs, "dev/pts"));
      writeFileSync(join(rootfs, "dev/pts/ptmx"), "");
      writeFileSync(join(rootfs, "dev/pts/0"), "");
    };
    await fails(await trapped(fake, noDevpts), /\/dev\/pts of the container is no devpts/);
  });

  unlessPeer(["runc", "crun"], "opens /dev/ptmx by its name")("no /dev/pts at all", async () => {
    await fails(await trapped(() => undefined, noDevpts), /open terminal.*no such file or directory/);
  });

  test("/dev/pts that is a link inside is the devpts nevertheless", async () => {
    const c = await trapped((rootfs) => {
      mkdirSync(join(rootfs, "elsewhere"));
      symlinkSync("/elsewhere", join(rootfs, "dev/pts"));
    });
    const { output: text } = await shown(c);
    const lines = text.trimEnd().split("\r\n");
    expect(lines[0]).toBe("untouched");
    expect(mountAt(parseMounts(lines.slice(1, -1).join("\n")), "/dev/console").type).toBe("devpts");
  });

  test("/dev/ptmx of the image is not what is opened", async () => {
    const c = await trapped((rootfs) => {
      rmSync(join(rootfs, "dev/ptmx"), { force: true });
      symlinkSync("/victim", join(rootfs, "dev/ptmx"));
    });
    const { output: text } = await shown(c);
    expect(text).toMatch(/^untouched\r\n/);
    expect(statSync(join(c.bundle, "rootfs/victim")).size).toBe("untouched\n".length);
  });
});
