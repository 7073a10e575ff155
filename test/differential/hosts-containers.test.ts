/** Containers live and end in the same way on both hosts. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "@jest/globals";
import { busyboxRootfs } from "../../bundles/busybox.ts";
import { type Config, template, toJson } from "../../bundles/config.ts";
import { type Ended, type Host, same } from "../support/hosts.ts";

const ID = `hosts-${process.pid}`;

/** A bundle in the host's folder whose program is `args`. */
async function bundle(host: Host, args: readonly string[], change: (config: Config) => void = () => undefined) {
  const config = template();
  config.root.path = await busyboxRootfs();
  config.linux.cgroupsPath = `/${ID}`;
  config.process.args = [...args];
  change(config);
  writeFileSync(join(host.dir, "config.json"), toJson(config));
}

/** Runs `story` and removes its container, whatever comes of it. */
async function using(host: Host, story: () => readonly unknown[]): Promise<readonly unknown[]> {
  try {
    return story();
  } finally {
    host.tsrun(["delete", "--force", ID]);
  }
}

const shell = (script: string): readonly string[] => ["/bin/sh", "-c", script];

/** Asks for the state until it is `status`. */
function awaitStatus(host: Host, status: string): Ended {
  const end = Date.now() + 5_000;
  for (;;) {
    const state = host.tsrun(["state", ID]);
    if (state.stdout.includes(`"status": "${status}"`) || Date.now() > end) return state;
  }
}

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "a program that prints": shell("echo out; echo err >&2; exit 7"),
  "a program that a signal ends": shell("kill -KILL $$"),
  "a program that is missing": ["/nowhere"],
  "a program that can't be executed": ["/etc/passwd"],
  "a folder as program": ["/etc"],
  "a program looked for in PATH": ["no-such-program"],
  "arguments that are no ASCII": ["echo", "é€😀", "\u0001", "a\nb"],
  "arguments of 64 KiB": [
    "/bin/sh",
    "-c",
    "echo $#; echo $1 | wc -c; echo $2 | wc -c",
    "sh",
    "x".repeat(65536),
    "é".repeat(32768),
  ],
  "limits read back": shell("ulimit -a; cat /proc/self/status | grep -E 'Cap|Seccomp|Groups|NoNewPrivs|Umask'"),
};

describe("both hosts run the same", () => {
  for (const [name, args] of Object.entries(PROGRAMS)) {
    same(name, async (host) => {
      await bundle(host, args);
      return using(host, () => [host.tsrun(["run", ID]), host.tsrun(["state", ID]), host.tsrun(["list"])]);
    });
  }

  same("exact limits", async (host) => {
    await bundle(host, shell("grep -E 'core|processes|stack' /proc/self/limits"), (config) => {
      config.process.rlimits = [
        { type: "RLIMIT_CORE", soft: 9007199254740993n, hard: 18446744073709551615n },
        { type: "RLIMIT_STACK", soft: 8388608, hard: 18446744073709551614n },
      ];
    });
    return using(host, () => [host.tsrun(["run", ID])]);
  });

  same("a life from create to delete", async (host) => {
    await bundle(host, shell("trap 'exit 3' TERM; while :; do sleep 0.05; done"));
    return using(host, () => {
      // The container keeps the streams of create: pipes would not end with it.
      const created = host.shell(`"$TSRUN" --root root create --pid-file pid ${ID} >out 2>err; echo $?; cat out err`);
      const text = readFileSync(join(host.dir, "pid"), "latin1").replace(/^\d+$/, "PID");
      return [
        created,
        text,
        host.tsrun(["create", ID]),
        host.tsrun(["state", ID]),
        host.tsrun(["exec", ID, "true"]),
        host.tsrun(["start", ID]),
        host.tsrun(["start", ID]),
        host.tsrun(["list"]),
        host.tsrun(["list", "-f", "json"]),
        host.tsrun(["exec", ID, "sh", "-c", "echo $HOME; exit 5"]),
        host.tsrun(["exec", "--env", "A=é", "--cwd", "/tmp", ID, "sh", "-c", "pwd; echo $A"]),
        host.tsrun(["exec", "--user", "1000:5", "-g", "7", ID, "id"]),
        host.tsrun(["exec", ID, "/nowhere"]),
        host.tsrun(["exec", ID, "/etc/passwd"]),
        host.shell(`"$TSRUN" --root root exec ${ID} echo "$(printf 'a\\377b')" "$(printf '\\355\\240\\200')"`),
        host.shell(`X=y "$TSRUN" --root root exec -e "A=$(printf '\\377')" ${ID} sh -c 'echo "$A$X"'`),
        host.tsrun(["delete", ID]),
        host.tsrun(["kill", ID, "0"]),
        host.tsrun(["kill", ID, "SIGTERM"]),
        awaitStatus(host, "stopped"),
        host.tsrun(["kill", ID, "KILL"]),
        host.tsrun(["start", ID]),
        host.tsrun(["delete", ID]),
        host.tsrun(["delete", ID]),
        host.tsrun(["state", ID]),
      ];
    });
  });

  same("hooks that are asked for", async (host) => {
    await bundle(host, shell("exit 0"), (config) => {
      const say = (name: string) => ({
        path: "/bin/sh",
        args: ["sh", "-c", `echo ${name} >>${join(host.dir, "hooks")}; cat`],
      });
      config.hooks = { prestart: [say("prestart")], poststart: [say("poststart")], poststop: [say("poststop")] };
    });
    return using(host, () => [host.tsrun(["run", ID]), readFileSync(join(host.dir, "hooks"), "latin1")]);
  });

  same("a hook that fails", async (host) => {
    await bundle(host, shell("exit 0"), (config) => {
      config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", "echo no luck >&2; exit 9"] }] };
    });
    return using(host, () => [host.tsrun(["run", ID]), host.tsrun(["state", ID])]);
  });

  same("a root filesystem that is missing", async (host) => {
    await bundle(host, shell("exit 0"), (config) => {
      config.root.path = "nowhere\u00e9";
    });
    return using(host, () => [host.tsrun(["run", ID]), host.tsrun(["state", ID])]);
  });

  same("a mount that fails", async (host) => {
    await bundle(host, shell("exit 0"), (config) => {
      config.mounts.push({ destination: "/mnt/x", type: "bind", source: "/nowhere", options: ["rbind", "ro"] });
    });
    return using(host, () => [host.tsrun(["--log-format", "json", "run", ID]), host.tsrun(["list", "-q"])]);
  });
});
