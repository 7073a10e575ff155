/** A bundle, read and checked: what create and `tsrun plan` begin with. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { errnoText } from "../linux/errno.ts";
import { S_IFDIR, S_IFMT } from "../linux/flags.ts";
import { hostPath } from "../plan/paths.ts";
import { type Plan, planCreate } from "../plan/plan.ts";
import type { Spec } from "../spec/generated/types.ts";
import { loadSpec } from "../spec/load.ts";
import { requireSupported } from "../spec/supported.ts";
import { requireValid } from "../spec/validate.ts";
import { consolePlace } from "./console.ts";
import type { Context, CreateOptions } from "./options.ts";
import { probeHost } from "./probe.ts";
import { keptFds, withListenFds, withNotify } from "./service.ts";

export interface PlannedBundle {
  readonly spec: Spec;
  /** config.json as it stands, for the saved copy. */
  readonly text: string;
  /** Absolute. */
  readonly bundle: string;
  readonly rootfs: string;
  readonly plan: Plan;
}

/** Loads, validates and plans a bundle; tells warnings. Touches nothing. */
export function planBundle(context: Context, options: CreateOptions): PlannedBundle {
  // The caller may be in a folder that is gone, which only a relative path minds.
  const bundle = options.bundle.startsWith("/") ? options.bundle : hostPath(options.bundle, port().cwd());
  const { spec: written, text, warnings } = loadSpec(bundle, options.config);
  for (const warning of [...warnings, ...requireValid(written)]) context.onWarning(warning.message, warning.pointer);
  requireSupported(written, text);
  const spec = extended(written, options, `${context.root}/${options.id}`);
  const rootfs = hostPath(spec.root?.path ?? "", bundle);
  requireDirectory(rootfs);
  const plan = planCreate(spec, probeHost(spec, bundle), {
    id: options.id,
    bundle,
    rootfs,
    noPivot: options.noPivot ?? false,
    newKeyring: !options.noNewKeyring,
    preserveFds: keptFds(options),
    console: consolePlace(options.console),
  });
  for (const warning of plan.warnings) context.onWarning(warning.message, warning.pointer);
  return { spec, text, bundle, rootfs, plan };
}

/** The config with what a service manager adds to it; the saved copy stays as it was written. */
function extended(written: Spec, { notify, listenFds }: CreateOptions, folder: string): Spec {
  const spec = notify ? withNotify(written, folder) : written;
  return spec.process === undefined ? spec : { ...spec, process: withListenFds(spec.process, listenFds) };
}

function requireDirectory(rootfs: string): void {
  const details = { pointer: "/root/path", specRef: "config.md#root" };
  try {
    if ((port().stat(rootfs).mode & S_IFMT) === S_IFDIR) return;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new RuntimeError("E_ROOTFS", `root filesystem ${rootfs}: ${errnoText(error.errno)}`, details);
  }
  throw new RuntimeError("E_ROOTFS", `root filesystem ${rootfs}: not a directory`, details);
}
