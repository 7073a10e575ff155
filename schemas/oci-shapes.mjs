/** The table of known keys: what conform() needs to warn about unknown ones. */

/** Follows `$ref`; returns the node and the file it is in. */
function resolve(schemas, file, node) {
  while (node.$ref !== undefined) {
    const [name, pointer] = node.$ref.split("#");
    if (name !== "") file = name;
    node = schemas.get(file);
    for (const part of (pointer ?? "").split("/").slice(1)) node = node[part];
  }
  return [file, node];
}

class Shapes {
  constructor(schemas) {
    this.schemas = schemas;
    this.names = new Map();
    this.lines = [];
  }

  /** Name of the constant that describes `node`, or "0" when there is nothing to look into. */
  add(inFile, reference) {
    const [file, node] = resolve(this.schemas, inFile, reference);
    const known = this.names.get(node);
    if (known !== undefined) return known;
    const source = this.describe(file, node);
    const name = source === "0" ? "0" : `shape${this.lines.length}`;
    this.names.set(node, name);
    if (name !== "0") this.lines.push(`const ${name}: Shape = ${source};\n`);
    return name;
  }

  describe(file, node) {
    if (node.type === "array") {
      const items = this.add(file, node.items);
      return items === "0" ? "0" : `{ items: ${items} }`;
    }
    if (node.properties !== undefined && node.additionalProperties === undefined) {
      const keys = Object.entries(node.properties).map(([key, value]) => `${key}: ${this.add(file, value)}`);
      return `{ keys: { __proto__: null, ${keys.join(", ")} } }`;
    }
    if (typeof node.additionalProperties !== "object") return node.type === "object" ? "{}" : "0";
    const values = this.add(file, node.additionalProperties);
    return values === "0" ? "{}" : `{ values: ${values} }`;
  }
}

/** One module that exports `configShape`, `processShape` for the given schema files. */
export function generateShapes(schemas, files) {
  const shapes = new Shapes(schemas);
  const roots = files.map(
    (file) => `export const ${file.replace(".json", "Shape")}: Shape = ${shapes.add(file, schemas.get(file))};\n`,
  );
  return `// @ts-nocheck\nimport type { Shape } from "../conform.ts";\n\n${shapes.lines.join("")}\n${roots.join("")}`;
}
