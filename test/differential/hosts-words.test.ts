/** The command line says the same on both hosts: help, versions, errors and exit codes. */
import { describe } from "@jest/globals";
import { COMMANDS } from "../../runtime/cli/table.ts";
import { same } from "../support/hosts.ts";

/** Command lines that need no container and change nothing. */
const LINES: readonly (readonly string[])[] = [
  [],
  [""],
  ["--version"],
  ["-v"],
  ["--help"],
  ["-h"],
  ["help"],
  ["h"],
  ["help", "nothing"],
  ["nothing"],
  ["creat"],
  ["Create", "x"],
  ["--nothing"],
  ["--roott", "x", "list"],
  ["--root"],
  ["--root="],
  ["--log-format", "yaml", "list"],
  ["--log-level=loud", "list"],
  ["--debug=maybe", "list"],
  ["--debug=false", "state", "none"],
  ["-debug", "--nothing"],
  ["--", "state", "none"],
  ["--systemd-cgroup", "create", "x"],
  ["--cgroup-manager", "systemd", "run", "x"],
  ["--rootless", "true", "create", "x"],
  ["--log", "journald:x", "list"],
  ["--log", "/nowhere/log", "list"],
  ["--trace", "/nowhere/trace", "state", "none"],
  ["--log-format", "json", "state", "none"],
  ["state"],
  ["state", "a", "b"],
  ["state", "1e3"],
  ["state", "0x10"],
  ["state", "-1"],
  ["state", "--", "-x"],
  ["state", ".."],
  ["state", "a/b"],
  ["state", ""],
  ["state", "a".repeat(2000)],
  ["state", "é€😀"],
  ["state", "a\nb\u001b[31m"],
  ["start", "none"],
  ["kill", "none"],
  ["kill", "none", "NOSUCH"],
  ["kill", "none", "RTMIN+99"],
  ["kill", "none", "SIGRTMAX-2"],
  ["delete", "none"],
  ["delete", "--force", "none"],
  ["delete", "-f", "none"],
  ["exec", "none"],
  ["exec", "none", "true"],
  ["exec", "--cwd", "x", "none", "true"],
  ["exec", "--env", "novalue", "none", "true"],
  ["exec", "--user", "x", "none", "true"],
  ["exec", "--user", "4294967296", "none", "true"],
  ["exec", "--preserve-fds", "1e1", "none", "true"],
  ["exec", "--tty", "none", "true"],
  ["exec", "--process", "/nowhere", "none"],
  ["exec", "--process", "/dev/null", "none", "true"],
  ["create", "--bundle"],
  ["create", "--bundle", "/nowhere", "x"],
  ["create", "--bundle", "/dev/null", "x"],
  ["create", "--console-socket", "/x", "x"],
  ["create", "--preserve-fds=-1", "x"],
  ["run", "--detach", "--keep", "-b", "/nowhere", "x"],
  ["plan", "-b", "/nowhere"],
  ["plan", "--format", "yaml"],
  ["spec", "--bundle", "/nowhere"],
  ["spec", "extra"],
  ["features"],
  ["features", "extra"],
  ["list"],
  ["list", "-f", "json"],
  ["list", "-q"],
  ["list", "--format", "xml"],
];

describe("both hosts say the same", () => {
  for (const words of LINES) {
    same(`to ${JSON.stringify(words).slice(0, 60)}`, (host) => [
      host.call(words, { env: { XDG_RUNTIME_DIR: host.dir, PATH: "/bin" } }),
      host.tsrun(words),
    ]);
  }

  for (const { name: verb } of COMMANDS) {
    same(`in the help on ${verb}`, (host) => [
      host.call(["help", verb]),
      host.call([verb, "--help"]),
      host.call([verb, "-h"]),
      host.call([verb, "--no-such-flag"]),
      host.call([verb, "a", "b", "c", "d"]),
      host.call([verb]),
    ]);
  }
});
