import { describe, expect, test } from "@jest/globals";
import { play, SCENARIOS } from "../../bundles/scenarios/index.ts";
import { TSRUN } from "../support/paths.ts";

// The Debian root filesystem of the Flask scenario may have to be made first.
const LONG = 300_000;

describe.each(Object.entries(SCENARIOS))("%s", (_name, scenario) => {
  test(
    scenario.about,
    async () => {
      const said: string[] = [];
      const failures = await play(scenario, TSRUN, (line) => said.push(line));
      expect(failures.length === 0 ? [] : [...said, ...failures]).toEqual([]);
    },
    LONG,
  );
});
