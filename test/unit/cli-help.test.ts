import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { validateFeatures } from "../../runtime/spec/generated/validate-features.ts";
import { parseSpec } from "../../runtime/spec/load.ts";
import { calls, resetContainers } from "../support/fake-containers.ts";
import { fakePort, systemError } from "../support/fake-port.ts";
import { ROOT } from "../support/paths.ts";

await import("../../runtime/host/node-help.ts");
const { main } = await import("../../runtime/main.ts");
const { COMMANDS } = await import("../../runtime/cli/table.ts");

async function printed(...words: string[]): Promise<string> {
  const { fds } = fakePort(words, []);
  expect(await main()).toBe(0);
  expect(fds.get(2)).toBeUndefined();
  return fds.get(1) ?? "";
}

beforeEach(resetContainers);

describe("help", () => {
  test("on tsrun", async () => {
    const text = await printed("--help");
    expect(text).toMatchSnapshot();
    for (const words of [[], ["help"], ["-h"], ["h"]]) expect(await printed(...words)).toBe(text);
  });

  test.each(["create", "run", "exec", "kill", "delete", "list", "plan", "spec", "start", "state", "features"])(
    "on %s",
    async (name) => {
      const text = await printed("help", name);
      expect(text).toMatchSnapshot();
      expect(await printed(name, "--help")).toBe(text);
      expect(await printed(name, "-h")).toBe(text);
      expect(await printed("--help", name)).toBe(text);
      expect(calls).toEqual([]);
    },
  );

  test("shows every flag but the hidden ones and those that are refused", async () => {
    for (const { name, flags } of COMMANDS) {
      const text = await printed("help", name);
      for (const flag of flags) {
        const shown = flag.hidden !== true && flag.unsupported !== true;
        expect([flag.name, new RegExp(`--${flag.name}\\b`).test(text)]).toEqual([flag.name, shown]);
      }
    }
  });

  test("fits a terminal", async () => {
    for (const line of (await printed("--help")).split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});

test("--version: the three lines that callers read, with the version of the package", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const text = await printed("--version");
  expect(text).toMatch(/^tsrun version \S+\ncommit: \S+\nspec: 1\.3\.0\n$/);
  expect(text).toContain(`tsrun version ${version}\n`);
  expect(await printed("-v")).toBe(text);
});

test("features is a document of the specification", async () => {
  const document: unknown = JSON.parse(await printed("features"));
  expect([validateFeatures(document), validateFeatures.errors]).toEqual([true, null]);
});

describe("spec", () => {
  test.each([
    [["spec"], "./config.json", []],
    [["spec", "-b", "/b"], "/b/config.json", []],
    [["spec", "--rootless", "--bundle=/b"], "/b/config.json", [{ containerID: 0, hostID: 1000, size: 1 }]],
  ])("%j", async (words, path, mappings) => {
    const { files } = fakePort(words, [], { geteuid: () => 1000, getegid: () => 1000 });
    expect(await main()).toBe(0);
    const { spec, warnings } = parseSpec(files.get(path) ?? "");
    expect(warnings).toEqual([]);
    expect(spec.linux?.uidMappings ?? []).toEqual(mappings);
  });

  test("never overwrites", async () => {
    const { fds } = fakePort(["spec", "-b", "/b"], [], {
      open() {
        throw systemError("open", 17, "open /b/config.json: file exists");
      },
    });
    expect(await main()).toBe(1);
    expect(fds.get(2)).toBe("tsrun: spec: /b/config.json exists: remove it first\n");
  });

  test("leaves no half of a file behind", async () => {
    const removed: string[] = [];
    const { fds } = fakePort(["spec"], [], {
      write(fd, data) {
        if (fd !== 2) throw systemError("write", 28, "write: no space left on device");
        fds.set(2, new TextDecoder().decode(data as Uint8Array));
        return data.length;
      },
      unlink: (path) => void removed.push(path),
    });
    expect(await main()).toBe(1);
    expect(removed).toEqual(["./config.json"]);
    expect(fds.get(2)).toBe("tsrun: write ./config.json: no space left on device\n");
  });
});
