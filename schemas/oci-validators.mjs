/** Standalone validators of the OCI schemas, by ajv: plain ES2023 without imports, first violation only. */
import Ajv, { _ } from "ajv";
import { _Code } from "ajv/dist/compile/codegen/code.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import { build } from "esbuild";

const RANGES = {
  uint16: ["0", "65535"],
  int32: ["-2147483648", "2147483647"],
  uint32: ["0", "4294967295"],
  int64: ["-9223372036854775808", "9223372036854775807"],
  uint64: ["0", "18446744073709551615"],
};

/** Source of the predicate of one integer kind. Only 64-bit kinds know bigint, and only beyond the safe numbers. */
function predicate(kind) {
  const [low, high] = RANGES[kind];
  if (!kind.endsWith("64")) return `(v) => Number.isInteger(v) && v >= ${low} && v <= ${high}`;
  const lowest = kind === "uint64" ? "v >= 0" : "true";
  return `(v) => typeof v === "number" ? Number.isSafeInteger(v) && ${lowest} : typeof v === "bigint" && v >= ${low}n && v <= ${high}n`;
}

/** `int`: an exact integer of the named kind. */
const intKeyword = {
  keyword: "int",
  schemaType: "string",
  error: { message: "", params: (cxt) => _`{ kind: ${cxt.schema} }` },
  code(cxt) {
    const source = predicate(cxt.schema);
    const check = cxt.gen.scopeValue("func", { key: cxt.schema, ref: cxt.schema, code: new _Code(source) });
    cxt.fail(_`!${check}(${cxt.data})`);
  },
};

/** `enum` on strings with one shared list for check and message: ajv's own copies the schema into the code. */
const enumKeyword = {
  keyword: "enum",
  schemaType: "array",
  error: { message: "", params: (cxt) => _`{ allowed: ${cxt.allowed} }` },
  code(cxt) {
    const source = JSON.stringify(cxt.schema);
    cxt.allowed = cxt.gen.scopeValue("obj", { key: source, ref: cxt.schema, code: new _Code(source) });
    cxt.fail(_`!${cxt.allowed}.includes(${cxt.data})`);
  },
};

function makeAjv(schemas) {
  const ajv = new Ajv.default({
    code: { source: true, esm: true, optimize: 2 },
    inlineRefs: false,
    messages: false,
    strict: true,
    strictTypes: false,
  });
  ajv.removeKeyword("enum");
  ajv.addKeyword(enumKeyword);
  ajv.addKeyword(intKeyword);
  ajv.addKeyword("since");
  for (const schema of schemas.values()) ajv.addSchema(schema);
  return ajv;
}

/** Drops what the code doesn't use (ajv leaves a copy of every schema) and proves that nothing is imported. */
async function shake(code) {
  const result = await build({
    stdin: { contents: code, loader: "js" },
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    minifySyntax: true,
    charset: "utf8",
    metafile: true,
    write: false,
  });
  const inputs = Object.keys(result.metafile.inputs);
  if (inputs.length !== 1) throw new Error(`validators must stand alone, but pull in ${inputs.join(", ")}`);
  return result.outputFiles[0].text;
}

/** The forms of ajv's code that are said shorter; every one must be met. */
const SHORTER = [
  [
    /\[\{ instancePath(?:: (.*?))?, schemaPath: "[^"]*", keyword: "(\w+)", params: \{ \w+: ([^{}]*) \} \}\]/g,
    (_match, path, keyword, detail) => `violation(${path ?? "instancePath"}, "${keyword}", ${detail})`,
  ],
  [
    /\(data, \{ instancePath = "", parentData, parentDataProperty, rootData = data \} = \{\}\)/g,
    '(data, instancePath = "")',
  ],
  [/\{ instancePath: (.*?), parentData: .*?, parentDataProperty: .*?, rootData \}/g, "$1"],
];

/** Halves the module, which the tiny engine reads at each start: ajv's objects become calls and plain arguments. */
function shrink(code) {
  const short = SHORTER.reduce((text, [form, shorter]) => text.replace(form, shorter), code);
  const left = short.match(/.*(schemaPath|parentData|rootData).*/);
  if (left !== null) throw new Error(`ajv's code has a new form: ${left[0].trim()}`);
  return `const violation = (pointer, keyword, detail) => [{ pointer, keyword, detail }];\n${short}`;
}

/** One module that exports a validator per entry of `exports` (name to schema). */
export async function generateValidators(schemas, exports) {
  const ajv = makeAjv(schemas);
  const aliases = Object.fromEntries(Object.entries(exports).map(([name, id]) => [`${name}Untyped`, id]));
  const code = shrink(await shake(standaloneCode.default(ajv, aliases)));
  const typed = Object.keys(exports).map((name) => `export const ${name}: Validator = ${name}Untyped;\n`);
  return `// @ts-nocheck\nimport type { Validator } from "../violation.ts";\n${code}${typed.join("")}`;
}
