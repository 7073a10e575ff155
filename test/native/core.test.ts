import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { compileNative, SANITIZED } from "../support/compile.ts";
import { ROOT } from "../support/paths.ts";

const HERE = "test/native/core";
const CORE = "addon/core";
const NAMES = [
  "any bytes survive the way in and out",
  "valid text is itself",
  "other surrogates are refused",
  "sequences are strict",
  "hashes are those of the standard",
  "nesting is counted outside of strings",
  "only UTF-8 is JSON",
  "descriptors are in their places",
  "places may overlap",
  "standard streams outlive the exec",
  "preserved descriptors stay",
  "the engine's own descriptors are not preserved",
  "nothing else is open",
  "a low limit is raised for the slots",
  "namespaces are new, and not the launcher's",
  "capabilities outlive the exec in a new user namespace",
  "a failure in the child comes back",
  "signals stay as they were",
  "missing calls are replaced",
  "denied calls are replaced",
  "a host without executable memfds gets an unreachable file",
  "a host that allows neither is an error",
];

const coreSources = () =>
  readdirSync(join(ROOT, CORE))
    .filter((name) => name.endsWith(".cc") || name.endsWith(".S"))
    .map((name) => join(CORE, name));

let program = "";
beforeAll(async () => {
  const probe = await compileNative({
    name: "probe",
    sources: [`${HERE}/probe.cc`],
    headers: [],
    flags: ["-static-libstdc++"],
  });
  program = await compileNative({
    name: "core-checks",
    sources: [...coreSources(), ...["main", "text-checks", "launch-checks"].map((name) => `${HERE}/${name}.cc`)],
    headers: [CORE, HERE, "addon/init"],
    flags: [...SANITIZED, "-fno-rtti", `-DINIT_IMAGE="${probe}"`],
    inputs: [`${HERE}/probe.cc`],
  });
}, 180_000);

describe("the core under the address and undefined behaviour sanitizers", () => {
  test("every check has its test here", () => {
    expect(execFileSync(program, { encoding: "utf8" }).trim().split("\n")).toEqual(NAMES);
  });

  test.each(NAMES)("%s", (name) => {
    const done = spawnSync(program, [name], { encoding: "utf8" });
    expect({ stderr: done.stderr, status: done.status, signal: done.signal }).toEqual({
      stderr: "",
      status: 0,
      signal: null,
    });
  });
});
