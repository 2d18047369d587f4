import { compareValues, convexToJson, jsonToConvex, CommitTsPlaceholder, type Value } from "convex/values";
import type { ValidatorJSON } from "convex/values";

/** Says which table of the component an id belongs to, by name; null: none of this component. */
export type TableOfId = (id: string) => string | null;

/** A place in a value that a validator refuses, and why. */
export interface Mismatch {
  path: string;
  reason: string;
  value: Value | undefined;
  validator: ValidatorJSON;
}

/** As Convex says it. */
export const explain = ({ path, reason, value, validator }: Mismatch): string =>
  `${reason}.\nPath: ${path}\nValue: ${show(value)}\nValidator: ${describe(validator)}`;

const DIFFERENT = "Value does not match validator";

/** The first place where the value is not what the validator asks for; null: it is. */
export function mismatch(
  value: Value | undefined,
  validator: ValidatorJSON,
  tableOf: TableOfId,
  path = "",
): Mismatch | null {
  switch (validator.type) {
    case "array":
      return inArray(value, validator, tableOf, path);
    case "record":
      return inRecord(value, validator, tableOf, path);
    case "object":
      return inObject(value, validator, tableOf, path);
    case "union":
      return inUnion(value, validator, tableOf, path);
    case "id":
      if (typeof value === "string" && tableOf(value) === validator.tableName) return null;
      return { path, reason: "Value is no ID of that table in this component", value, validator };
    default:
      return fits(value, validator) ? null : { path, reason: DIFFERENT, value, validator };
  }
}

type Of<Type extends ValidatorJSON["type"]> = Extract<ValidatorJSON, { type: Type }>;

function fits(
  value: Value | undefined,
  validator: Exclude<ValidatorJSON, Of<"array" | "record" | "object" | "union" | "id">>,
): boolean {
  switch (validator.type) {
    case "any":
      return value !== undefined;
    case "null":
      return value === null;
    case "number":
    case "bigint":
    case "boolean":
    case "string":
      return typeof value === validator.type;
    case "commitTs":
      return typeof value === "bigint" || value instanceof CommitTsPlaceholder;
    case "bytes":
      return value instanceof ArrayBuffer;
    case "literal":
      if (typeof validator.value !== "object") return value === validator.value;
      return compareValues(value, jsonToConvex(validator.value)) === 0;
    default:
      throw unknownValidator(validator);
  }
}

/** Newer versions of `convex` have kinds that this engine does not serve. */
const unknownValidator = ({ type }: { type: string }) =>
  new Error(`the engine knows no validator of the type '${type}'`);

function inArray(value: Value | undefined, validator: Of<"array">, tableOf: TableOfId, path: string) {
  if (!Array.isArray(value)) return { path, reason: DIFFERENT, value, validator };
  for (const [index, element] of value.entries()) {
    const found = mismatch(element, validator.value, tableOf, `${path}[${index}]`);
    if (found) return found;
  }
  return null;
}

function inRecord(value: Value | undefined, validator: Of<"record">, tableOf: TableOfId, path: string) {
  const record = asObject(value);
  if (!record) return { path, reason: DIFFERENT, value, validator };
  for (const [key, field] of Object.entries(record)) {
    const place = `${path}.${key}`;
    const found =
      mismatch(key, validator.keys, tableOf, place) ??
      mismatch(field, validator.values.fieldType, tableOf, place);
    if (found) return found;
  }
  return null;
}

function inObject(value: Value | undefined, validator: Of<"object">, tableOf: TableOfId, path: string) {
  const object = asObject(value);
  if (!object) return { path, reason: DIFFERENT, value, validator };
  for (const name in validator.value) {
    const field = validator.value[name]!;
    if (object[name] === undefined) {
      if (field.optional) continue;
      return { path, reason: `Object is missing the required field \`${name}\``, value, validator };
    }
    const found = mismatch(object[name], field.fieldType, tableOf, `${path}.${name}`);
    if (found) return found;
  }
  for (const name in object)
    if (object[name] !== undefined && !Object.hasOwn(validator.value, name))
      return {
        path,
        reason: `Object contains extra field \`${name}\` that is not in the validator`,
        value,
        validator,
      };
  return null;
}

function inUnion(value: Value | undefined, validator: Of<"union">, tableOf: TableOfId, path: string) {
  const deeper: Mismatch[] = [];
  for (const member of validator.value) {
    const found = mismatch(value, member, tableOf, path);
    if (!found) return null;
    if (found.path.length > path.length) deeper.push(found);
  }
  // With one member that fits in its shape, its own complaint says more.
  return deeper.length === 1 ? deeper[0]! : { path, reason: DIFFERENT, value, validator };
}

function asObject(value: Value | undefined): Record<string, Value | undefined> | null {
  const isObject =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ArrayBuffer) &&
    !(value instanceof CommitTsPlaceholder);
  return isObject ? value : null;
}

const MAX_SHOWN = 200;
function show(value: Value | undefined): string {
  if (value === undefined) return "undefined";
  const text = JSON.stringify(convexToJson(value));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** As it would be written in code. */
function describe(validator: ValidatorJSON): string {
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "literal":
      return `v.literal(${JSON.stringify(validator.value)})`;
    case "id":
      return `v.id("${validator.tableName}")`;
    case "array":
      return `v.array(${describe(validator.value)})`;
    case "record":
      return `v.record(${describe(validator.keys)}, ${describe(validator.values.fieldType)})`;
    case "object": {
      const fields = Object.entries(validator.value).map(
        ([name, { fieldType, optional }]) =>
          `${name}: ${optional ? `v.optional(${describe(fieldType)})` : describe(fieldType)}`,
      );
      return `v.object({${fields.join(", ")}})`;
    }
    case "union":
      return `v.union(${validator.value.map(describe).join(", ")})`;
    case "any":
    case "boolean":
    case "bytes":
    case "commitTs":
    case "null":
    case "string":
      return `v.${validator.type}()`;
    default:
      throw unknownValidator(validator);
  }
}
