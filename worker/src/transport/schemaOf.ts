/** A contract's validator as a schema of what comes in: unknown fields are dropped, as a newer component may say more. */
import type { GenericValidator, Infer, PropertyValidators } from "convex/values";
import { z } from "zod";

type Known =
  | { kind: "string" | "float64" | "boolean" | "null" | "any" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "array"; element: GenericValidator }
  | { kind: "object"; fields: PropertyValidators }
  | { kind: "record"; value: GenericValidator }
  | { kind: "union"; members: GenericValidator[] };

/**
 * Stricter or laxer schemas, in place of the validator's, by path: `hydration.reply.parts`. A list and a union are no step of it.
 * An optional field's has to say itself that it may be absent.
 */
export type Overrides = Readonly<Record<string, z.ZodType>>;

/** @throws Error for a path that leads nowhere, and for a kind of value that no answer of the gateway has. */
export function schemaOf<V extends GenericValidator>(
  validator: V,
  overrides: Overrides = {},
): z.ZodType<Infer<V>> {
  const unused = new Set(Object.keys(overrides));
  const schema = convert(validator, "", overrides, unused);
  if (unused.size > 0) throw new Error(`no field of the contract: ${[...unused].join(", ")}`);
  return schema;
}

function convert(
  validator: GenericValidator,
  path: string,
  overrides: Overrides,
  unused: Set<string>,
): z.ZodType {
  const override = Object.hasOwn(overrides, path) ? overrides[path] : undefined;
  unused.delete(path);
  if (override !== undefined) return override;
  const at = (inner: GenericValidator, name?: string): z.ZodType =>
    convert(inner, [path, name].filter(Boolean).join("."), overrides, unused);
  // The members of the union are classes of the library, told apart by `kind`.
  const known = validator as Known;
  switch (known.kind) {
    case "string":
      return z.string();
    case "float64":
      return z.number();
    case "boolean":
      return z.boolean();
    case "null":
      return z.null();
    case "any":
      return z.unknown();
    case "literal":
      return z.literal(known.value);
    case "array":
      return z.array(at(known.element));
    case "record":
      return z.record(z.string(), at(known.value));
    case "union":
      return z.union(known.members.map((member) => at(member)));
    case "object": {
      const fields = Object.entries(known.fields).map(([name, field]) => {
        const schema = at(field, name);
        return [name, field.isOptional === "optional" ? schema.optional() : schema];
      });
      return z.object(Object.fromEntries(fields) as Record<string, z.ZodType>);
    }
    default:
      throw new Error(`a value of the kind ${validator.kind} is not sent to workers`);
  }
}
