/** Validators as texts, for documents. */
import type { GenericValidator, PropertyValidators } from "convex/values";

/** Shapes that occur more than once, by the name under which a document prints them. */
export type NamedShapes = Readonly<Record<string, GenericValidator>>;

type Known =
  | { kind: "string" | "float64" | "boolean" | "null" | "any" | "int64" | "bytes" | "id" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "array"; element: GenericValidator }
  | { kind: "object"; fields: PropertyValidators }
  | { kind: "record"; value: GenericValidator }
  | { kind: "union"; members: GenericValidator[] };

/** A validator as a TypeScript-like text. `inside`: the named shape that is being printed in full. */
export function shapeOf(validator: GenericValidator, named: NamedShapes, inside?: string): string {
  const name = Object.keys(named).find((key) => key !== inside && same(named[key], validator));
  if (name !== undefined) return name;
  const print = (inner: GenericValidator): string => shapeOf(inner, named, inside);
  // The members of the union are classes of the library, told apart by `kind`.
  const known = validator as Known;
  switch (known.kind) {
    case "float64":
      return "number";
    case "literal":
      return JSON.stringify(known.value);
    case "array": {
      const element = print(known.element);
      return element.includes(" | ") && !element.startsWith("{") ? `(${element})[]` : `${element}[]`;
    }
    case "record":
      return `{[name]: ${print(known.value)}}`;
    case "union":
      return known.members.map(print).join(" | ");
    case "object": {
      const fields = Object.entries(known.fields).map(
        ([key, field]) => `${key}${isNeeded(field) ? "" : "?"}: ${print(field)}`,
      );
      return `{${fields.join(", ")}}`;
    }
    default:
      return known.kind;
  }
}

export const isNeeded = (field: GenericValidator): boolean => field.isOptional !== "optional";

const texts = new WeakMap<GenericValidator, string>();
function jsonOf(validator: GenericValidator | undefined): string | undefined {
  if (validator === undefined) return undefined;
  const text = texts.get(validator) ?? JSON.stringify((validator as { json?: unknown }).json);
  texts.set(validator, text);
  return text;
}
const same = (a: GenericValidator | undefined, b: GenericValidator): boolean => jsonOf(a) === jsonOf(b);

/** A Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
/** A text as code inside of a table's cell. */
export const codeCell = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
