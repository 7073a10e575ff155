/**
 * Makes runtime/spec/generated/ from schemas/oci/: types, standalone validators and the table of known keys.
 * Run by the build; writes nothing when neither schemas nor generator nor library versions have changed.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SCHEMAS = join(HERE, "oci");
const OUTPUT = join(HERE, "..", "runtime", "spec", "generated");
const STAMP = join(OUTPUT, ".stamp");
const GENERATORS = ["generate-oci.mjs", "oci-types.mjs", "oci-validators.mjs", "oci-shapes.mjs"];
const BANNER = "// Made by schemas/generate-oci.mjs from schemas/oci/; changes are lost.\n";

/** Every schema of schemas/oci/ by its file name, which is also its $id. */
function readSchemas() {
  const names = readdirSync(SCHEMAS)
    .filter((name) => name.endsWith(".json"))
    .sort();
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(SCHEMAS, name), "utf8"))]));
}

/** A hash over all that the output depends on. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const name of GENERATORS) hash.update(readFileSync(join(HERE, name)));
  for (const name of readdirSync(SCHEMAS).sort()) hash.update(name).update(readFileSync(join(SCHEMAS, name)));
  for (const library of ["ajv", "json-schema-to-typescript", "esbuild"]) {
    const manifest = join(HERE, "..", "node_modules", library, "package.json");
    hash.update(JSON.parse(readFileSync(manifest, "utf8")).version);
  }
  return hash.digest("hex");
}

const OUTPUTS = ["types.ts", "shapes.ts", "validate-config.ts", "validate-state.ts", "validate-features.ts"];

function isCurrent(print) {
  if (!existsSync(STAMP) || readFileSync(STAMP, "utf8") !== print) return false;
  return OUTPUTS.every((name) => existsSync(join(OUTPUT, name)));
}

async function generate() {
  const { generateTypes } = await import("./oci-types.mjs");
  const { generateValidators } = await import("./oci-validators.mjs");
  const { generateShapes } = await import("./oci-shapes.mjs");
  const schemas = readSchemas();
  const files = {
    "types.ts": await generateTypes(schemas, SCHEMAS),
    "shapes.ts": generateShapes(schemas, ["config.json", "process.json"]),
    "validate-config.ts": await generateValidators(schemas, {
      validateConfig: "config.json",
      validateProcess: "process.json",
    }),
    "validate-state.ts": await generateValidators(schemas, { validateState: "state.json" }),
    "validate-features.ts": await generateValidators(schemas, { validateFeatures: "features.json" }),
  };
  mkdirSync(OUTPUT, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(OUTPUT, name), BANNER + text);
}

const print = fingerprint();
if (!isCurrent(print)) {
  await generate();
  writeFileSync(STAMP, print);
  console.log(`generated ${OUTPUTS.length} files in runtime/spec/generated/`);
}
