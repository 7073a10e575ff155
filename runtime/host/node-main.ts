/** The command line on Node: dist/tsrun (addon/launcher) starts node on the bundle of this file. */
import { main } from "../main.ts";
import "./node.ts";
import { addon } from "./node-addon.ts";
import "./node-help.ts";
import { port, setPort } from "./port.ts";

const NOFILE = 7;

/** The environment that the launcher hid from Node behind colons. */
function callersEnvironment(): string[] {
  return port()
    .environ()
    .filter((entry) => entry.startsWith(":"))
    .map((entry) => entry.slice(1));
}

/** Node raises the soft limit of open files for itself; containers and hooks are to inherit the caller's. */
function restoreLimit(soft: string): void {
  const [, hard] = port().getrlimit(NOFILE);
  port().prlimit(0, NOFILE, BigInt(soft), hard);
}

/** Node makes all that it inherits CLOEXEC; `--preserve-fds` is for the caller's descriptors, which are the first. */
function restoreInherited(count: number): void {
  for (let fd = 3; fd < 3 + count; fd++) addon.keepOpen(fd);
}

const { TSRUN_NOFILE, TSRUN_FDS } = process.env;
if (TSRUN_NOFILE !== undefined && TSRUN_FDS !== undefined) {
  const environment = callersEnvironment();
  setPort({ ...port(), environ: () => environment });
  restoreLimit(TSRUN_NOFILE);
  restoreInherited(Number(TSRUN_FDS));
}

main().then((code) => process.exit(code));
