/** What the flags before the command mean. */
import type { Flags } from "../commands/invocation.ts";
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import { type Level, Log } from "../log.ts";

/** The log that the flags ask for. Throws when it can't be opened. */
export function openLog(flags: Flags): Log {
  const path = flags.text("log");
  const level = flags.on("debug") ? "debug" : (flags.text("log-level") ?? "warning");
  return new Log(path, flags.text("log-format") ?? "text", level as Level);
}

/** The folder of the containers' state, absolute. */
export function stateRoot(flags: Flags): string {
  const root = flags.text("root") || defaultRoot();
  return root.startsWith("/") ? root : `${port().cwd()}/${root}`;
}

function defaultRoot(): string {
  const runtimeDir = environment("XDG_RUNTIME_DIR");
  return port().geteuid() === 0 || runtimeDir === "" ? "/run/tsrun" : `${runtimeDir}/tsrun`;
}

function environment(name: string): string {
  const entry = port()
    .environ()
    .find((one) => one.startsWith(`${name}=`));
  return entry === undefined ? "" : entry.slice(name.length + 1);
}

/** Throws for a way of making containers that this version does not know; verbs that make none need not ask. */
export function refuseManagers(flags: Flags): void {
  const manager = flags.text("cgroup-manager") ?? "cgroupfs";
  if (flags.on("systemd-cgroup")) throw unsupported("--systemd-cgroup");
  if (manager !== "cgroupfs") throw unsupported(`--cgroup-manager ${manager}`);
  const rootless = flags.text("rootless") ?? "auto";
  const natural = port().geteuid() === 0 ? "false" : "true";
  if (rootless !== "auto" && rootless !== natural) {
    throw unsupported(`--rootless ${rootless} for user ${port().geteuid()}`);
  }
}

function unsupported(what: string): RuntimeError {
  return new RuntimeError("E_CONFIG_UNSUPPORTED", `${what}: not supported by this version`);
}
