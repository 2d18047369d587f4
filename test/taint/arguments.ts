/** Arguments for any function of the component, made from its validators, so that new functions are called without being listed. */
import { z } from "zod";

/** The JSON that Convex exports for a function's arguments. */
type ValidatorJson =
  | { type: "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" }
  | { type: "id"; tableName: string }
  | { type: "literal"; value: string | number | boolean }
  | { type: "array"; value: ValidatorJson }
  | { type: "record"; keys: ValidatorJson; values: { fieldType: ValidatorJson } }
  | { type: "object"; value: Record<string, { fieldType: ValidatorJson; optional: boolean }> }
  | { type: "union"; value: ValidatorJson[] };

const zExported = z.custom<ValidatorJson>((json) => z.object({ type: z.string() }).safeParse(json).success);

/** Plausible values by field name: names of things that exist, so that calls get past their first check. */
export type Known = Record<string, unknown>;

/**
 * Two calls of a function: with what it requires, and with everything it takes.
 * @param exported what `exportArgs()` of the registered function returns.
 */
export function callsOf(exported: string, known: Known): Record<string, unknown>[] {
  const validator = zExported.parse(JSON.parse(exported));
  return [false, true].map(
    (withOptional) => valueOf(validator, "", known, withOptional) as Record<string, unknown>,
  );
}

function valueOf(validator: ValidatorJson, field: string, known: Known, withOptional: boolean): unknown {
  if (field in known && validator.type !== "object") return known[field];
  const inner = (next: ValidatorJson, name = field) => valueOf(next, name, known, withOptional);
  switch (validator.type) {
    case "null":
      return null;
    case "number":
      return 1;
    case "bigint":
      return 1n;
    case "boolean":
      return true;
    case "bytes":
      return new ArrayBuffer(1);
    case "literal":
      return validator.value;
    case "array":
      return [inner(validator.value)];
    case "record":
      return { key: inner(validator.values.fieldType) };
    case "union":
      return inner(validator.value[0] ?? { type: "null" });
    case "object":
      return Object.fromEntries(
        Object.entries(validator.value)
          .filter(([, { optional }]) => withOptional || !optional)
          .map(([name, { fieldType }]) => [name, inner(fieldType, name)]),
      );
    default:
      return `any_${field}`;
  }
}

const ODD_NUMBERS = [NaN, -1, 0.5, Infinity, 1e300];

/** Calls with everything that a function takes, each with one text or number of them replaced. `field`: its path. */
export function oddCalls(
  exported: string,
  known: Known,
  oddTexts: readonly string[],
): { field: string; value: unknown; args: Record<string, unknown> }[] {
  const usual = callsOf(exported, known).at(-1) ?? {};
  const paths = leavesOf(zExported.parse(JSON.parse(exported)), []);
  return paths.flatMap(({ path, type }) =>
    (type === "number" ? ODD_NUMBERS : oddTexts).map((value) => ({
      field: path.join("."),
      value,
      args: replaced(usual, path, value) as Record<string, unknown>,
    })),
  );
}

interface Leaf {
  path: (string | number)[];
  type: "string" | "number";
}

/** Where `valueOf` puts a text or a number. */
function leavesOf(validator: ValidatorJson, path: (string | number)[]): Leaf[] {
  switch (validator.type) {
    case "string":
    case "number":
      return [{ path, type: validator.type }];
    case "array":
      return leavesOf(validator.value, [...path, 0]);
    case "record":
      return leavesOf(validator.values.fieldType, [...path, "key"]);
    case "union":
      return leavesOf(validator.value[0] ?? { type: "null" }, path);
    case "object":
      return Object.entries(validator.value).flatMap(([name, { fieldType }]) =>
        leavesOf(fieldType, [...path, name]),
      );
    default:
      return [];
  }
}

function replaced(holder: unknown, [key, ...rest]: (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(holder))
    return holder.map((each, at): unknown => (at === key ? replaced(each, rest, value) : each));
  const fields = { ...(holder as Record<string, unknown>) };
  fields[key] = replaced(fields[key], rest, value);
  return fields;
}
