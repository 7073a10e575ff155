import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { validateFeatures } from "../../runtime/spec/generated/validate-features.ts";
import { validateState } from "../../runtime/spec/generated/validate-state.ts";
import { parseExact } from "../../runtime/spec/json.ts";
import { parseSpec } from "../../runtime/spec/load.ts";
import type { Validator } from "../../runtime/spec/violation.ts";
import { haveShared, SHARED } from "../support/paths.ts";

const FOLDER = join(SHARED, "oci-runtime-spec", "schema", "test");

function acceptWith(validate: Validator): (text: string) => void {
  return (text) => {
    if (!validate(parseExact(text))) throw new Error(JSON.stringify(validate.errors));
  };
}

const KINDS = {
  config: (text: string) => void parseSpec(text),
  state: acceptWith(validateState),
  features: acceptWith(validateFeatures),
};

/** How many examples there are, so that a lost folder is not a passed test. */
const LEAST = { config: { good: 9, bad: 5 }, state: { good: 1, bad: 1 }, features: { good: 2, bad: 1 } };

if (!haveShared) console.log("skipped: the specification's examples are not beside the checkout (TSRUN_SHARED)");

(haveShared ? describe : describe.skip)("the specification's own examples", () => {
  for (const [kind, accept] of Object.entries(KINDS)) {
    for (const verdict of ["good", "bad"] as const) {
      const names = haveShared ? readdirSync(join(FOLDER, kind, verdict)) : [];

      test(`${kind}/${verdict} is there`, () => {
        expect(names.length).toBeGreaterThanOrEqual(LEAST[kind as keyof typeof LEAST][verdict]);
      });

      for (const name of names) {
        test(`${kind}/${verdict}/${name}`, () => {
          const text = readFileSync(join(FOLDER, kind, verdict, name), "utf8");
          if (verdict === "good") expect(() => accept(text)).not.toThrow();
          else expect(() => accept(text)).toThrow();
        });
      }
    }
  }

  test("all keys of the good examples are known, but a misplaced one", () => {
    const pointers = readdirSync(join(FOLDER, "config", "good")).flatMap((name) => {
      const { warnings } = parseSpec(readFileSync(join(FOLDER, "config", "good", name), "utf8"));
      return warnings.map((found) => `${name} ${found.pointer}`);
    });
    expect(pointers).toEqual(["spec-example.json /linux/resources/oomScoreAdj"]);
  });
});
