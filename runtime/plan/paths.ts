/**
 * A path inside the container, made absolute and lexically clean (`..` never climbs above `/`): a relative one is
 * relative to `/` (config.md#mounts). The kernel resolves symlinks later, below the root descriptor.
 */
export function containerPath(path: string): string {
  if (!path.includes("//") && !path.includes("/.") && path.startsWith("/") && (path === "/" || !path.endsWith("/"))) {
    return path;
  }
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** A host path, relative ones below `base`. */
export function hostPath(path: string, base: string): string {
  return path.startsWith("/") ? path : containerPath(`${base}/${path}`);
}
