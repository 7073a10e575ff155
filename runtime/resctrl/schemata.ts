/** Lines of a schemata file, such as `L3:0=ff;1=f`, and whether they say the same; pure. */

/** Resource to cache or memory id to value, values without leading zeros: they are hexadecimal masks or numbers. */
type Schemata = ReadonlyMap<string, ReadonlyMap<string, string>>;

function parse(lines: readonly string[]): Schemata {
  const found = new Map<string, Map<string, string>>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const values = found.get(name) ?? new Map<string, string>();
    for (const part of line.slice(colon + 1).split(";")) {
      const [id = "", value = ""] = part.split("=");
      if (part.trim() !== "") values.set(plain(id), plain(value));
    }
    found.set(name, values);
  }
  return found;
}

/** `0` for `00`, `ff` for `0FF`. */
function plain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^0+(?=.)/, "");
}

/**
 * The first of the wanted lines of which a schemata file does not say the same, or undefined. Where wanted lines speak of
 * one value twice, the later one counts, as when they are written. What they don't mention may be anything.
 */
export function firstDifference(wanted: readonly string[], file: string): string | undefined {
  const [all, there] = [parse(wanted), parse(file.split("\n"))];
  return wanted.find((line) => {
    const spoken = parse([line]);
    if (spoken.size === 0) return true;
    return [...spoken].some(([name, values]) =>
      [...values.keys()].some((id) => all.get(name)?.get(id) !== there.get(name)?.get(id)),
    );
  });
}
