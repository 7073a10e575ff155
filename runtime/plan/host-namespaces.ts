/** What a config sets in a namespace must not reach the host's: a path may lead to the caller's own (config-linux.md#sysctl). */
import { RuntimeError } from "../errors.ts";
import { NAMESPACES, type NamespaceType } from "../linux/namespaces.ts";
import type { Spec } from "../spec/generated/types.ts";
import { escapeKey } from "../spec/pointer.ts";
import { sysctlNamespace, sysctlPath } from "../spec/rules/sysctl.ts";
import { hasOwn, type NamespacePlan } from "./namespaces.ts";

interface Need {
  readonly what: string;
  readonly type: NamespaceType;
  readonly pointer: string;
}

/** Throws E_CONFIG_INVALID for what would change the host's namespace, joined by path as if it were the container's. */
export function requireOwnNamespaces(spec: Spec, namespaces: NamespacePlan): void {
  const need = needsOf(spec).find(({ type }) => !hasOwn(namespaces, NAMESPACES[type].flag));
  if (need === undefined) return;
  throw new RuntimeError(
    "E_CONFIG_INVALID",
    `${need.what} would change the host's: its ${need.type} namespace is joined`,
    {
      pointer: need.pointer,
      specRef: "config-linux.md#namespaces",
    },
  );
}

function needsOf({ hostname, domainname, linux }: Spec): Need[] {
  const needs: Need[] = [];
  if (hostname) needs.push({ what: "hostname", type: "uts", pointer: "/hostname" });
  if (domainname) needs.push({ what: "domainname", type: "uts", pointer: "/domainname" });
  for (const key of Object.keys(linux?.sysctl ?? {})) {
    const type = sysctlNamespace(sysctlPath(key) ?? "");
    const pointer = `/linux/sysctl/${escapeKey(key)}`;
    if (type !== undefined) needs.push({ what: `sysctl ${JSON.stringify(key)}`, type, pointer });
  }
  for (const device of Object.keys(linux?.netDevices ?? {})) {
    const pointer = `/linux/netDevices/${escapeKey(device)}`;
    needs.push({ what: `network device ${JSON.stringify(device)}`, type: "network", pointer });
  }
  return needs;
}
