/** What a service manager gives to this process for the program: sockets (sd_listen_fds(3)), a place for notices (sd_notify(3)). */
import type { Process, Spec } from "../spec/generated/types.ts";
import type { ListenFds } from "./options.ts";

/** Where the program finds the proxy of NOTIFY_SOCKET; as runc has it. */
const NOTIFY_FOLDER = "/run/notify";
export const NOTIFY_NAME = "notify.sock";

/** The folder of the proxy's socket within the container's own folder. */
export function notifyFolder(folder: string): string {
  return `${folder}/notify`;
}

/** `process` told of its sockets. They are its descriptors from 3 on; as init of a container it is process 1. */
export function withListenFds(process: Process, listen: ListenFds | undefined): Process {
  if (listen === undefined) return process;
  const names = listen.names === undefined ? [] : [`LISTEN_FDNAMES=${listen.names}`];
  const env = [...(process.env ?? []), `LISTEN_FDS=${listen.count}`, "LISTEN_PID=1", ...names];
  return { ...process, env };
}

/** How many descriptors from 3 on the program keeps: its sockets, then those of --preserve-fds. */
export function keptFds(options: {
  readonly preserveFds?: number | undefined;
  readonly listenFds?: ListenFds | undefined;
}): number {
  return (options.preserveFds ?? 0) + (options.listenFds?.count ?? 0);
}

/** `spec` with the proxy's folder mounted where its program is told to send notices to. */
export function withNotify(spec: Spec, folder: string): Spec {
  const options = ["bind", "nosuid", "noexec", "nodev", "ro"];
  const mount = { destination: NOTIFY_FOLDER, type: "bind", source: notifyFolder(folder), options };
  const { process } = spec;
  const env = [...(process?.env ?? []), `NOTIFY_SOCKET=${NOTIFY_FOLDER}/${NOTIFY_NAME}`];
  return {
    ...spec,
    mounts: [...(spec.mounts ?? []), mount],
    ...(process === undefined ? {} : { process: { ...process, env } }),
  };
}
