/** The eBPF program of device rules, loaded by the kernel and asked by real opens in a v2 cgroup of the test's own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { devicePolicy } from "../../runtime/cgroups/device-policy.js";
import { deviceProgram } from "../../runtime/cgroups/v2/device-program.js";
import { nodePort } from "../../runtime/host/node.js";
import type { Resources } from "../../runtime/spec/generated/types.js";

type Rules = NonNullable<Resources["devices"]>;

const port = nodePort();
const TREE = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((path) => existsSync(join(path, "cgroup.controllers")));
let nodes: string;

/** Name, major, minor of the nodes that are opened. */
const DEVICES = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["kmsg", 1, 11],
] as const;

beforeAll(() => {
  nodes = mkdtempSync(join(tmpdir(), "tsrun-devices-"));
  for (const [name, major, minor] of DEVICES) spawnSync("mknod", [join(nodes, name), "c", `${major}`, `${minor}`]);
});

afterAll(() => {
  rmSync(nodes, { recursive: true, force: true });
});

/** Which of `null:r`, `null:w`, `zero:r` ... may be opened under the rules. */
function openable(rules: Rules): string[] {
  const cgroup = join(TREE ?? "", `tsrun-devices-${process.pid}`);
  mkdirSync(cgroup);
  const fd = port.openDirectory(cgroup);
  try {
    port.attachDevices(fd, deviceProgram(devicePolicy(rules)));
    const tries = DEVICES.flatMap(([name]) => [
      `if (: < ${nodes}/${name}) 2>/dev/null; then echo ${name}:r; fi`,
      `if (: >> ${nodes}/${name}) 2>/dev/null; then echo ${name}:w; fi`,
    ]);
    const script = `echo $$ > ${cgroup}/cgroup.procs; ${tries.join("; ")}`;
    return spawnSync("sh", ["-c", script], { encoding: "utf8" }).stdout.trim().split("\n");
  } finally {
    port.close(fd);
    rmdirSync(cgroup);
  }
}

const runnable = TREE !== undefined && process.getuid?.() === 0;
const title = (name: string) => (runnable ? name : `${name} [skipped: no cgroup v2 tree, or not root]`);
const maybe = runnable ? test : test.skip;

maybe(title("what is not allowed is denied, and the defaults are allowed"), () => {
  expect(openable([{ allow: false, access: "rwm" }])).toEqual(["null:r", "null:w", "zero:r", "zero:w"]);
});

maybe(title("a rule allows no more than its letters"), () => {
  const rules: Rules = [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", major: 1, minor: 11, access: "w" },
  ];
  expect(openable(rules)).toEqual(["null:r", "null:w", "zero:r", "zero:w", "kmsg:w"]);
});

maybe(title("everything but what is denied"), () => {
  const rules: Rules = [
    { allow: true, access: "rwm" },
    { allow: false, type: "c", major: 1, minor: 5, access: "w" },
    { allow: false, type: "c", major: 1, minor: 11, access: "rwm" },
  ];
  expect(openable(rules)).toEqual(["null:r", "null:w", "zero:r"]);
});

test("a program is made of whole instructions and ends", () => {
  writeFileSync(join(nodes, "program"), deviceProgram(devicePolicy(undefined)));
  const program = readFileSync(join(nodes, "program"));
  expect(program.length % 8).toBe(0);
  expect(program[program.length - 8]).toBe(0x95);
});
