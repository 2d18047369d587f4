import { compareValues, convexToJson, jsonToConvex, CommitTsPlaceholder, type Value } from "convex/values";
import type { ValidatorJSON } from "convex/values";

/** Says which table of the component an id belongs to, by name; null: none of this component. */
export type TableOfId = (id: string) => string | null;

/** A value that a validator refuses, with the place in it. */
export interface Mismatch {
  path: string;
  reason: string;
}

/** The first place where the value is not what the validator asks for; null: it is. */
export function mismatch(
  value: Value | undefined,
  validator: ValidatorJSON,
  tableOf: TableOfId,
  path = "",
): Mismatch | null {
  const refuse = (reason = `Value does not match validator`): Mismatch => ({
    path,
    reason: `${reason}.\nPath: ${path}\nValue: ${show(value)}\nValidator: ${describe(validator)}`,
  });
  switch (validator.type) {
    case "any":
      return value === undefined ? refuse() : null;
    case "null":
      return value === null ? null : refuse();
    case "number":
      return typeof value === "number" ? null : refuse();
    case "bigint":
      return typeof value === "bigint" ? null : refuse();
    case "commitTs":
      return typeof value === "bigint" || value instanceof CommitTsPlaceholder ? null : refuse();
    case "boolean":
      return typeof value === "boolean" ? null : refuse();
    case "string":
      return typeof value === "string" ? null : refuse();
    case "bytes":
      return value instanceof ArrayBuffer ? null : refuse();
    case "literal":
      return compareValues(value, jsonToConvex(validator.value)) === 0 ? null : refuse();
    case "id":
      if (typeof value !== "string") return refuse();
      return tableOf(value) === validator.tableName
        ? null
        : refuse(`Found ID "${value}" that is not an ID of table "${validator.tableName}" in this component`);
    case "array": {
      if (!Array.isArray(value)) return refuse();
      for (const [index, element] of value.entries()) {
        const found = mismatch(element as Value, validator.value, tableOf, `${path}[${index}]`);
        if (found) return found;
      }
      return null;
    }
    case "record": {
      const record = asObject(value);
      if (!record) return refuse();
      for (const [key, field] of Object.entries(record)) {
        const place = `${path}.${key}`;
        const found =
          mismatch(key, validator.keys, tableOf, `${place} (key)`) ??
          mismatch(field, validator.values.fieldType, tableOf, place);
        if (found) return found;
      }
      return null;
    }
    case "object": {
      const object = asObject(value);
      if (!object) return refuse();
      for (const [name, field] of Object.entries(validator.value)) {
        if (object[name] === undefined) {
          if (field.optional) continue;
          return refuse(`Object is missing the required field \`${name}\``);
        }
        const found = mismatch(object[name], field.fieldType, tableOf, `${path}.${name}`);
        if (found) return found;
      }
      const extra = Object.keys(object).find(
        (name) => object[name] !== undefined && !Object.hasOwn(validator.value, name),
      );
      return extra === undefined
        ? null
        : refuse(`Object contains extra field \`${extra}\` that is not in the validator`);
    }
    case "union": {
      const found = validator.value.map((member) => mismatch(value, member, tableOf, path));
      if (found.some((one) => one === null)) return null;
      // With one member that fits in its shape, its own complaint says more.
      const deeper = found.filter((one) => one !== null && one.path.length > path.length);
      return deeper.length === 1 ? deeper[0]! : refuse();
    }
  }
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
  }
}
