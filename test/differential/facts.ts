import { readlinkSync } from "node:fs";
import { type MountLine, parseMounts } from "../support/mountinfo.ts";
import { sections } from "./view.ts";

/** One thing that a program sees, as `section: line`. */
export type Fact = string;

/** Names that differ from run to run, and what stands for them. */
export type Names = readonly (readonly [string, string])[];

/** Namespaces as `new` or `the host's`: the numbers say nothing. */
function namespace(link: string): string {
  const kind = link.split(":", 1)[0] ?? "";
  return `${kind} ${link === readlinkSync(`/proc/self/ns/${kind}`) ? "the host's" : "new"}`;
}

function mount(line: MountLine): string {
  const parts = [line.point, line.type, `root=${line.root}`, line.options.join(","), `source=${line.source}`];
  const propagation = line.propagation.map((word) => word.replace(/\d+/, "N")).join(" ");
  return [...parts, line.superOptions.join(","), propagation].join(" ").trim();
}

/** Hierarchies that come and go with what is called at the same time (crun needs hugetlb as v1): no part of a container. */
const HARNESS = /hugetlb|net_cls|net_prio/;

const READERS: Readonly<Record<string, (lines: readonly string[]) => string[]>> = {
  mounts: (lines) => parseMounts(lines.join("\n")).map(mount),
  namespaces: (lines) => lines.map(namespace),
};

/** The facts of what VIEW_SCRIPT printed, in a form in which equal containers give equal facts. */
export function facts(printed: string, names: Names): Fact[] {
  let text = printed;
  for (const [name, stands] of names) text = text.replaceAll(name, stands);
  const all: Fact[] = [];
  for (const [section, lines] of sections(text)) {
    const read = READERS[section]?.(lines) ?? lines;
    all.push(...read.map((line) => `${section}: ${line}`));
  }
  return all.filter((fact) => !HARNESS.test(fact)).sort();
}

/** What only one of two sees: `tsrun mounts: ...` or `peer mounts: ...`, with repetitions counted. */
export function differences(own: readonly Fact[], peers: readonly Fact[]): string[] {
  const without = (these: readonly Fact[], those: readonly Fact[]): Fact[] => {
    const rest = [...those];
    return these.filter((fact) => {
      const index = rest.indexOf(fact);
      if (index >= 0) rest.splice(index, 1);
      return index < 0;
    });
  };
  return [...without(own, peers).map((fact) => `tsrun ${fact}`), ...without(peers, own).map((fact) => `peer ${fact}`)];
}
