import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { parseProcess, parseSpec } from "../../runtime/spec/load.ts";
import { sysctlNamespace, sysctlPath } from "../../runtime/spec/rules/sysctl.ts";
import { checkSpec, RULES, requireValid, requireValidProcess } from "../../runtime/spec/validate.ts";
import { found, specOf } from "../support/spec-cases.ts";
import { ISOLATION_CASES } from "../support/spec-cases-isolation.ts";
import { LIMITS_CASES } from "../support/spec-cases-limits.ts";
import { PROCESS_CASES } from "../support/spec-cases-process.ts";

const CASES = { ...PROCESS_CASES, ...ISOLATION_CASES, ...LIMITS_CASES };

for (const [subject, rows] of Object.entries(CASES)) {
  describe(subject, () => {
    test.each(rows)("%j", (delta, ...findings) => {
      expect(found(delta)).toEqual(findings);
    });
  });
}

describe("rules in general", () => {
  test("every rule finds something in the cases", () => {
    const specs = Object.values(CASES).flatMap((rows) => rows.map(([delta]) => specOf(delta)));
    const idle = RULES.filter((rule) => specs.every((spec) => rule(spec).length === 0));
    expect(idle.map((rule) => rule.name)).toEqual([]);
  });

  test("findings carry a code and a section of the specification", () => {
    for (const [delta] of Object.values(CASES).flat()) {
      for (const finding of checkSpec(specOf(delta as object))) {
        expect(finding.specRef).toMatch(/^config(-linux)?\.md#[a-z-]+$/);
        expect(finding.code).toMatch(finding.severity === "error" ? /^E_CONFIG_INVALID$/ : /^W_[A-Z_]+$/);
      }
    }
  });

  test("64-bit values are compared exactly", () => {
    const text = `{"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/","user":{"uid":0,"gid":0},"rlimits":[
      {"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551614}]}}`;
    expect(checkSpec(parseSpec(text).spec).map((f) => f.message)).toEqual([
      "soft limit 18446744073709551615 of RLIMIT_CORE is above the hard limit 18446744073709551614",
    ]);
  });

  test("requireValid throws the first error with its place, or returns the warnings", () => {
    const text = '{"ociVersion": "1.9.0",\n "root": {"path": "r"},\n "hostname": "a"}';
    const { spec } = parseSpec(text);
    expect(() => requireValid(spec, text)).toThrow(RuntimeError);
    try {
      requireValid(spec, text);
    } catch (error) {
      expect(error).toMatchObject({
        code: "E_CONFIG_INVALID",
        details: { pointer: "/hostname", line: 3, column: 14, specRef: "config.md#hostname" },
      });
    }
    expect(requireValid(specOf({ ociVersion: "1.9.0" })).map((w) => w.code)).toEqual(["W_VERSION"]);
  });

  test("a process of its own has pointers from itself, and needs args", () => {
    const { process } = parseProcess('{"cwd":"/","args":["sh"],"user":{"uid":0,"gid":0}}');
    expect(requireValidProcess(process)).toEqual([]);
    const broken = parseProcess('{"cwd":"x","args":["sh"]}').process;
    expect(() => requireValidProcess(broken)).toThrow("process.cwd must be absolute");
    expect(() => requireValidProcess(parseProcess('{"cwd":"/"}').process)).toThrow("process.args is missing");
  });
});

describe("names of kernel parameters", () => {
  test.each([
    ["net.ipv4.ip_forward", "net/ipv4/ip_forward"],
    ["net/ipv4/ip_forward", "net/ipv4/ip_forward"],
    ["net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"],
    ["net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"],
    ["kernel", "kernel"],
    ["net.//.x", undefined],
    ["net/../x", undefined],
    ["net/./x", undefined],
    ["net.", undefined],
    [".net", undefined],
    ["", undefined],
  ])("%j is %j", (key, path) => {
    expect(sysctlPath(key)).toBe(path);
  });

  test("belong to namespaces", () => {
    expect(sysctlNamespace("net/x")).toBe("network");
    expect(sysctlNamespace("network")).toBeUndefined();
    expect(sysctlNamespace("kernel/sem")).toBe("ipc");
    expect(sysctlNamespace("kernel/sem/x")).toBeUndefined();
  });
});
