/** Convex validators in the JSON form that registered functions and schemas export. */
import { z } from "zod";

type ValidatorField = { fieldType: ValidatorJson; optional: boolean };
export type ValidatorJson =
  | { type: "null" | "number" | "bigint" | "commitTs" | "boolean" | "string" | "bytes" | "any" }
  | { type: "literal"; value: unknown }
  | { type: "id"; tableName: string }
  | { type: "array"; value: ValidatorJson }
  | { type: "record"; keys: ValidatorJson; values: ValidatorField }
  | { type: "object"; value: Record<string, ValidatorField> }
  | { type: "union"; value: ValidatorJson[] };

const vField: z.ZodType<ValidatorField> = z.lazy(() =>
  z.object({ fieldType: vValidatorJson, optional: z.boolean() }),
);

export const vValidatorJson: z.ZodType<ValidatorJson> = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.object({
      type: z.enum(["null", "number", "bigint", "commitTs", "boolean", "string", "bytes", "any"]),
    }),
    z.object({ type: z.literal("literal"), value: z.unknown() }),
    z.object({ type: z.literal("id"), tableName: z.string() }),
    z.object({ type: z.literal("array"), value: vValidatorJson }),
    z.object({ type: z.literal("record"), keys: vValidatorJson, values: vField }),
    z.object({ type: z.literal("object"), value: z.record(z.string(), vField) }),
    z.object({ type: z.literal("union"), value: z.array(vValidatorJson) }),
  ]),
);

/** Parses `exportArgs()`/`exportReturns()`. `null` stands for "no validator was given". */
export function parseValidator(json: string): ValidatorJson | null {
  return vValidatorJson.nullable().parse(JSON.parse(json));
}

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The same validator with object keys sorted at every level: a real deployment keeps object validators in a sorted
 * map, so generated types list fields in that order.
 */
export function sortKeys(validator: ValidatorJson): ValidatorJson {
  switch (validator.type) {
    case "object": {
      const names = Object.keys(validator.value).sort(byCodeUnit);
      const sorted = names.map((name): [string, ValidatorField] => [name, sortField(validator.value[name]!)]);
      return { type: "object", value: Object.fromEntries(sorted) };
    }
    case "array":
      return { type: "array", value: sortKeys(validator.value) };
    case "union":
      return { type: "union", value: validator.value.map(sortKeys) };
    case "record":
      return { type: "record", keys: sortKeys(validator.keys), values: sortField(validator.values) };
    case "literal":
    case "id":
    case "null":
    case "number":
    case "bigint":
    case "commitTs":
    case "boolean":
    case "string":
    case "bytes":
    case "any":
      return validator;
  }
}

const sortField = ({ fieldType, optional }: ValidatorField): ValidatorField => ({
  fieldType: sortKeys(fieldType),
  optional,
});
