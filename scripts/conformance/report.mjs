// What the validation programs said, as a table for the terminal and as docs/conformance.md.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { at } from "../build/digest.mjs";

/** Why a program is not expected to pass with tsrun, by program; null where it is. */
export const EXPECTED = JSON.parse(readFileSync(at("test", "conformance", "expected.json"), "utf8"));

const KINDS = {
  program: "The program itself is wrong",
  older: "The program is older than version 1.3.0 of the specification",
  meant: "tsrun means to differ",
  race: "Chance decides",
  host: "This host, or any of today, lacks what the program needs",
};

const PAD = Math.max(...Object.keys(EXPECTED).map((name) => name.length));

/** `name  pass 4  0.3 s`, with the reason of what did not pass. */
export function line(name, { verdict, tests, reason, seconds }) {
  const what = verdict === "pass" ? `pass ${tests || ""}` : verdict;
  return `${name.padEnd(PAD)}  ${what.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${reason}`.trimEnd();
}

export const passed = (results) => Object.values(results).filter(({ verdict }) => verdict === "pass").length;

/** Kinds of failure that another host, or the next run, may not have. */
const MAY_PASS = new Set(["host", "race"]);

/** What tsrun's results say that nobody expected, a sentence each. A row too many is one of them. */
export function surprises(results) {
  return Object.entries(results).flatMap(([name, { verdict, reason }]) => {
    const expected = EXPECTED[name];
    if (expected === undefined) return [`${name}: a program that test/conformance/expected.json does not know`];
    if (expected === null) return verdict === "pass" ? [] : [`${name}: ${verdict}: ${reason}`];
    return verdict === "pass" && !MAY_PASS.has(expected.kind) ? [`${name}: passes, and is expected to fail`] : [];
  });
}

const version = (path) => (spawnSync(path, ["--version"], { encoding: "utf8" }).stdout ?? "").split("\n", 1)[0]?.trim();

const CELL = { pass: "pass", fail: "**fail**", skip: "skip" };

/** The document: `runs` is [{ kind, path, results }], tsrun's first. */
export function document(runs, tools) {
  const [{ results: own }] = runs;
  const names = Object.keys(own);
  const counts = runs.map(
    ({ kind, path, results }) => `| ${kind} | ${version(path)} | ${passed(results)} | ${names.length} |`,
  );
  const rows = names.map((name) => {
    const cells = runs.map(({ results }) => CELL[results[name].verdict]);
    return `| ${name} | ${cells.join(" | ")} | ${own[name].tests || ""} |`;
  });
  return [
    "# Conformance",
    "",
    "Written by `npm run conformance`: the validation programs of opencontainers/runtime-tools, built from Debian's source",
    "package, each in mount, pid and cgroup namespaces of its own in which every v1 hierarchy of the kernel is mounted.",
    "",
    `- programs: ${tools}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    `- kernel: Linux ${release().split("-", 1)[0]}, cgroup v1`,
    "",
    "| runtime | version | passed | of |",
    "|---|---|---|---|",
    ...counts,
    "",
    "## What tsrun does not pass",
    ...Object.entries(KINDS).flatMap(([kind, title]) => section(kind, title, own)),
    "",
    "## All programs",
    "",
    "The last column counts the tests within a program. Those with none say what is wrong in words only.",
    "",
    `| program | ${runs.map(({ kind }) => kind).join(" | ")} | tests |`,
    `|---|${runs.map(() => "---|").join("")}---|`,
    ...rows,
    ...others(runs),
    "",
  ].join("\n");
}

function section(kind, title, own) {
  const rows = Object.entries(EXPECTED).filter(([name, row]) => row?.kind === kind && own[name]?.verdict !== "pass");
  if (rows.length === 0) return [];
  return ["", `### ${title}`, "", ...rows.map(([name, { reason }]) => `- **${name}**: ${reason}.`)];
}

/** What the peers said where tsrun passes. */
function others([{ results: own }, ...peers]) {
  const rows = peers.flatMap(({ kind, results }) =>
    Object.entries(results)
      .filter(([name, { verdict }]) => verdict !== "pass" && own[name].verdict === "pass")
      .map(([name, { reason }]) => `- ${name}, ${kind}: ${plain(reason)}`),
  );
  return rows.length === 0 ? [] : ["", "## Where only the others fail", "", "In their own words:", "", ...rows];
}

/** A message without what differs from run to run. */
function plain(reason) {
  const text = /msg="((?:[^"\\]|\\.)*)"/.exec(reason)?.[1] ?? reason;
  return text
    .replace(/\\"/g, '"')
    .replace(/\S*\/ocitest\d+/g, "BUNDLE")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replace(/[<>|]/g, "\\$&");
}
