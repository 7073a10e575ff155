/** The command line on Node: dist/tsrun starts node on the bundle of this file. */
import { main } from "../main.ts";
import "./node.ts";
import "./node-help.ts";
import { port, setPort } from "./port.ts";

const NOFILE = 7;

/** The environment that addon/launcher hid from Node behind colons. */
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

const limit = process.env.TSRUN_NOFILE;
if (limit !== undefined) {
  const environment = callersEnvironment();
  setPort({ ...port(), environ: () => environment });
  restoreLimit(limit);
}

main().then((code) => process.exit(code));
