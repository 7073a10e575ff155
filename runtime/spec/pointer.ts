/** JSON pointers (RFC 6901) and the dotted form that error messages use. */

/** The pointer to `keys`, e.g. `/mounts/3/source`. */
export function pointerOf(keys: readonly (string | number)[]): string {
  let pointer = "";
  for (const key of keys) pointer += `/${escapeKey(String(key))}`;
  return pointer;
}

/** One key as it stands in a pointer: `~` and `/` escaped. */
export function escapeKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The keys of a pointer, unescaped. */
export function pointerKeys(pointer: string): string[] {
  const keys = pointer.split("/").slice(1);
  return keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What `pointer` leads to in `value`, or undefined. */
export function valueAt(value: unknown, pointer: string): unknown {
  let current = value;
  for (const key of pointerKeys(pointer)) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** A pointer as people write it: `linux.namespaces[0].type`, `linux.sysctl["net.ipv4.ip_forward"]`; "" is "". */
export function dotted(pointer: string): string {
  let text = "";
  for (const key of pointerKeys(pointer)) {
    if (/^\d+$/.test(key)) text += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
