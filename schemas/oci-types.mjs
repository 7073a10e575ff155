/** TypeScript interfaces of the OCI schemas, by json-schema-to-typescript. */
import { compile } from "json-schema-to-typescript";

const EXACT_KINDS = new Set(["int64", "uint64"]);
const OURS = new Set(["$id", "$schema", "int", "since"]);

/** Follows one `$ref` of `file`: the file it leads to and the node there. */
function follow(schemas, file, ref) {
  const [name, pointer = ""] = ref.split("#");
  const target = name === "" ? file : name;
  const node = pointer
    .split("/")
    .slice(1)
    .reduce((part, key) => part[key], schemas.get(target));
  return [target, node];
}

/**
 * Replaces our own keywords by what json-schema-to-typescript understands. Titled definitions stay references and
 * become interfaces of that name; untitled ones are written out where they are used.
 */
function forTypes(schemas, file, node) {
  if (Array.isArray(node)) return node.map((item) => forTypes(schemas, file, item));
  if (node === null || typeof node !== "object") return node;
  if (node.$ref !== undefined) {
    const [target, named] = follow(schemas, file, node.$ref);
    if (named.title !== undefined) return { $ref: `${target}#${node.$ref.split("#")[1] ?? ""}` };
    const { $ref: _, ...own } = node;
    return forTypes(schemas, target, { ...named, ...own });
  }
  const copy = {};
  for (const [key, value] of Object.entries(node)) {
    if (!OURS.has(key)) copy[key] = forTypes(schemas, file, value);
  }
  if (typeof node.int === "string") copy.tsType = EXACT_KINDS.has(node.int) ? "Integer" : "number";
  if (typeof node.since === "string") copy.description = `${node.description ?? ""} (since ${node.since})`.trim();
  return copy;
}

const HEADER = `
/** A 64-bit integer of config.json: a bigint only when a number can't hold it exactly. */
export type Integer = number | bigint;
`;

/** One module with the interfaces of the configuration, the state and the features. */
export async function generateTypes(schemas, directory) {
  const prepared = new Map([...schemas].map(([name, schema]) => [name, forTypes(schemas, name, schema)]));
  const root = {
    title: "Documents",
    description: "The three documents.",
    type: "object",
    properties: Object.fromEntries(["config", "state", "features"].map((name) => [name, { $ref: `${name}.json` }])),
  };
  const text = await compile(root, "Documents", {
    additionalProperties: false,
    bannerComment: "",
    cwd: directory,
    ignoreMinAndMaxItems: true,
    style: { printWidth: 120 },
    $refOptions: {
      resolve: {
        file: {
          order: 1,
          canRead: /\.json$/,
          read: (file) => JSON.stringify(prepared.get(file.url.split("/").pop())),
        },
      },
    },
  });
  return HEADER + text;
}
