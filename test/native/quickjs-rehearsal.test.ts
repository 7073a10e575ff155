/** The rehearsals of the native executable keep in step with the lives that containers really have. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import "../../runtime/host/node.ts";
import { rehearse, SCENES } from "../../runtime/host/native-main/rehearsal.ts";

test("there is more than one kind of host", () => {
  expect(SCENES).toBe(2);
});

test.each(Array.from({ length: SCENES }, (_, scenery) => scenery))(
  "every command of life %i succeeds",
  async (scenery) => {
    const folder = mkdtempSync(join(tmpdir(), "tsrun-rehearsal-"));
    try {
      mkdirSync(join(folder, "rootfs"));
      expect(await rehearse(folder, scenery)).toEqual([]);
      expect(readdirSync(join(folder, "state"))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
