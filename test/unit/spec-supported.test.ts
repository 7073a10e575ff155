import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { seccompFeatures } from "../../runtime/plan/seccomp-features.js";
import { exampleSpec, exampleText } from "../../runtime/spec/example.ts";
import { features } from "../../runtime/spec/features.ts";
import type { Spec } from "../../runtime/spec/generated/types.ts";
import { validateFeatures } from "../../runtime/spec/generated/validate-features.ts";
import { parseSpec } from "../../runtime/spec/load.ts";
import { isSupported, requireSupported, UNSUPPORTED } from "../../runtime/spec/supported.ts";
import { checkSpec } from "../../runtime/spec/validate.ts";

function specOf(delta: object): Spec {
  return parseSpec(JSON.stringify({ ociVersion: "1.0.0", root: { path: "r" }, ...delta })).spec;
}

function refusal(delta: object): string | undefined {
  try {
    requireSupported(specOf(delta));
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "E_CONFIG_UNSUPPORTED") return error.oneLine;
    throw error;
  }
  return undefined;
}

/** A configuration that asks for the property of each row. */
const EXAMPLES: Record<string, object> = {
  "/process/apparmorProfile": { process: { cwd: "/", apparmorProfile: "x" } },
  "/process/selinuxLabel": { process: { cwd: "/", selinuxLabel: "x" } },
  "/process/scheduler": { process: { cwd: "/", scheduler: { policy: "SCHED_OTHER" } } },
  "/process/ioPriority": { process: { cwd: "/", ioPriority: { class: "IOPRIO_CLASS_BE", priority: 0 } } },
  "/process/execCPUAffinity": { process: { cwd: "/", execCPUAffinity: { initial: "0" } } },
  "/mounts/*/options/* idmap": { mounts: [{ destination: "/a" }, { destination: "/b", options: ["ro", "idmap"] }] },
  "/mounts/*/options/* ridmap": { mounts: [{ destination: "/a", options: ["ridmap"] }] },
  "/mounts/*/options/* tmpcopyup": { mounts: [{ destination: "/a", options: ["tmpcopyup"] }] },
  "/mounts/*/uidMappings": { mounts: [{ destination: "/a", uidMappings: [{ containerID: 0, hostID: 0, size: 1 }] }] },
  "/mounts/*/gidMappings": { mounts: [{ destination: "/a", gidMappings: [{ containerID: 0, hostID: 0, size: 1 }] }] },
  "/linux/namespaces/*/type time": { linux: { namespaces: [{ type: "pid" }, { type: "time" }] } },
  "/linux/timeOffsets": { linux: { timeOffsets: { monotonic: { secs: 1 } } } },
  "/linux/netDevices": { linux: { netDevices: { eth0: {} } } },
  "/linux/resources/rdma": { linux: { resources: { rdma: { a: { hcaHandles: 1 } } } } },
  "/linux/intelRdt": { linux: { intelRdt: { closID: "a" } } },
  "/linux/memoryPolicy": { linux: { memoryPolicy: { mode: "MPOL_LOCAL" } } },
  "/linux/seccomp/listenerPath": { linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/s" } } },
  "/linux/seccomp/listenerMetadata": { linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "m" } } },
  "/linux/mountLabel": { linux: { mountLabel: "x" } },
  "/linux/personality": { linux: { personality: { domain: "LINUX32" } } },
};

const nameOf = (row: { property: string; value?: string }): string =>
  row.value === undefined ? row.property : `${row.property} ${row.value}`;

describe("what is not supported yet", () => {
  for (const row of UNSUPPORTED) {
    test(nameOf(row), () => {
      const example = EXAMPLES[nameOf(row)];
      expect(example).toBeDefined();
      expect(refusal(example as object)).toContain("is not supported by this version");
      expect(isSupported(row.property, row.value)).toBe(false);
    });
  }

  test("is named with its place", () => {
    if (!isSupported("/mounts/*/options/*", "idmap")) {
      expect(refusal({ mounts: [{ destination: "/a" }, { destination: "/b", options: ["ro", "idmap"] }] })).toBe(
        'mounts[1].options[1] "idmap" is not supported by this version (config.json /mounts/1/options/1)',
      );
    }
    const text = '{"ociVersion":"1.0.0",\n"mounts":[{"destination":"/a","options":["idmap"]}]}';
    if (!isSupported("/mounts/*/options/*", "idmap")) {
      expect(() => requireSupported(parseSpec(text).spec, text)).toThrow(
        expect.objectContaining({
          message: 'mounts[0].options[0] "idmap" is not supported by this version',
          details: expect.objectContaining({ pointer: "/mounts/0/options/0", line: 2, column: 42 }),
        }),
      );
    }
  });

  test("empty values ask for nothing", () => {
    expect(
      refusal({
        process: { cwd: "/", terminal: false, apparmorProfile: "", selinuxLabel: "" },
        mounts: [{ destination: "/a", options: ["ro"], uidMappings: [] }],
        linux: {
          mountLabel: "",
          timeOffsets: {},
          netDevices: {},
          resources: { rdma: {}, network: { classID: 1 } },
          namespaces: [{ type: "network" }],
        },
      }),
    ).toBeUndefined();
  });
});

describe("the example of `spec`", () => {
  const rootful = { rootless: false, uid: 0, gid: 0 };
  const rootless = { rootless: true, uid: 1000, gid: 1001 };

  test.each([rootful, rootless])("is valid and supported: %j", (options) => {
    const { spec, warnings } = parseSpec(exampleText(options));
    expect(spec).toEqual(exampleSpec(options));
    expect(warnings).toEqual([]);
    expect(checkSpec(spec)).toEqual([]);
    expect(() => requireSupported(spec)).not.toThrow();
  });

  test("maps the user when rootless", () => {
    expect(exampleSpec(rootless).linux?.uidMappings).toEqual([{ containerID: 0, hostID: 1000, size: 1 }]);
    expect(exampleSpec(rootless).linux?.gidMappings).toEqual([{ containerID: 0, hostID: 1001, size: 1 }]);
  });

  test("is indented by tabs", () => {
    expect(exampleText(rootful).split("\n")[1]).toBe('\t"ociVersion": "1.3.0",');
  });

  const runc = spawnSync("runc", ["--version"]).status === 0;
  if (!runc) console.log("skipped: runc is not installed, its example can't be compared");

  (runc ? test : test.skip).each([
    [[], { ...rootful }],
    [["--rootless"], { rootless: true, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }],
  ])("says what `runc spec %j` says", (args, options) => {
    const folder = mkdtempSync(join(tmpdir(), "tsrun-spec-"));
    try {
      expect(spawnSync("runc", ["spec", "-b", folder, ...args]).status).toBe(0);
      const theirs = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
      // Without inheritable ones, ambient capabilities can't be raised, and later releases leave them out.
      delete theirs.process.capabilities.ambient;
      const ours = JSON.parse(exampleText(options));
      expect(ours).toEqual({
        ...theirs,
        ociVersion: "1.3.0",
        hostname: "tsrun",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("features", () => {
  const made = features("0.1.0", seccompFeatures());

  test("follow their schema", () => {
    expect(validateFeatures(JSON.parse(JSON.stringify(made)))).toBe(true);
    expect(made.annotations).toEqual({ "dev.tsrun.version": "0.1.0" });
  });

  test("name what works and nothing else", () => {
    expect(made.hooks).toEqual([
      "prestart",
      "createRuntime",
      "createContainer",
      "startContainer",
      "poststart",
      "poststop",
    ]);
    expect(made.mountOptions).toEqual(expect.arrayContaining(["rro", "rbind", "nosymfollow", "iversion"]));
    expect(made.linux?.capabilities).toHaveLength(41);
    expect(made.linux?.namespaces).toEqual(
      expect.arrayContaining(["cgroup", "ipc", "mount", "network", "pid", "user", "uts"]),
    );
    expect(made.linux?.namespaces?.includes("time")).toBe(isSupported("/linux/namespaces/*/type", "time"));
    expect(made.linux?.seccomp?.enabled).toBe(true);
    expect(made.linux?.seccomp?.actions).not.toContain("SCMP_ACT_NOTIFY");
    expect(made.mountOptions?.includes("idmap")).toBe(isSupported("/mounts/*/options/*", "idmap"));
  });
});
