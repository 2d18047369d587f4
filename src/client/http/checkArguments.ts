/**
 * Compares a JSON value with a Convex validator. The platform would refuse a wrong argument too, but as an error that
 * cannot be told from a bug; here it becomes a clear answer to the caller. That texts are well-formed is seen to before (`parseJson`).
 */
import type { GenericValidator, PropertyValidators } from "convex/values";

/** A hostile body shall not be answered with a longer one. */
const MAX_FAULTS = 10;

/** Says what is wrong with each argument that does not fit, at most ten of them. Values are never quoted. */
export function argumentFaults(args: PropertyValidators, value: Record<string, unknown>): string[] {
  const unknownKeys = Object.keys(value).some((key) => !Object.hasOwn(args, key));
  const faults = unknownKeys ? ["the body has an unknown field"] : [];
  for (const [key, validator] of Object.entries(args)) {
    const fault = fieldFault(validator, value, key, key);
    if (fault !== null) faults.push(fault);
  }
  return faults.slice(0, MAX_FAULTS);
}

function faultOf(validator: GenericValidator, value: unknown, path: string): string | null {
  // The members of the union are classes of the library, told apart by `kind`.
  const known = validator as KnownValidator;
  switch (known.kind) {
    case "any":
      return null;
    case "string":
      return typeof value === "string" ? null : `${path} must be a string`;
    case "id":
      return typeof value === "string" ? null : `${path} must be an id`;
    case "float64":
      return typeof value === "number" ? null : `${path} must be a number`;
    case "boolean":
      return typeof value === "boolean" ? null : `${path} must be a boolean`;
    case "null":
      return value === null ? null : `${path} must be null`;
    case "literal":
      return value === known.value ? null : `${path} must be ${JSON.stringify(known.value)}`;
    case "array":
      return Array.isArray(value) ? listFault(known.element, value, path) : `${path} must be an array`;
    case "object":
      return isRecord(value) ? objectFault(known.fields, value, path) : `${path} must be an object`;
    case "record":
      return isRecord(value) ? recordFault(known.value, value, path) : `${path} must be an object`;
    case "union":
      return known.members.some((member) => faultOf(member, value, path) === null)
        ? null
        : `${path} has none of the accepted forms`;
    case "int64":
    case "bytes":
      return `${path} cannot be given as JSON`;
  }
}

type KnownValidator =
  | { kind: "any" | "string" | "id" | "float64" | "boolean" | "null" | "int64" | "bytes" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "array"; element: GenericValidator }
  | { kind: "object"; fields: PropertyValidators }
  | { kind: "record"; value: GenericValidator }
  | { kind: "union"; members: GenericValidator[] };

function objectFault(
  fields: PropertyValidators,
  value: Record<string, unknown>,
  path: string,
): string | null {
  const unknownKey = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknownKey !== undefined) return `${path} has an unknown field`;
  for (const [key, validator] of Object.entries(fields)) {
    const fault = fieldFault(validator, value, key, `${path}.${key}`);
    if (fault !== null) return fault;
  }
  return null;
}

function fieldFault(
  validator: GenericValidator,
  value: Record<string, unknown>,
  key: string,
  at: string,
): string | null {
  if (Object.hasOwn(value, key)) return faultOf(validator, value[key], at);
  return validator.isOptional === "optional" ? null : `${at} is required`;
}

function listFault(element: GenericValidator, values: unknown[], path: string): string | null {
  for (const [index, value] of values.entries()) {
    const fault = faultOf(element, value, `${path}[${index}]`);
    if (fault !== null) return fault;
  }
  return null;
}

function recordFault(
  valueValidator: GenericValidator,
  value: Record<string, unknown>,
  path: string,
): string | null {
  for (const [key, entry] of Object.entries(value)) {
    // The platform's rule for keys of a record.
    if (!/^[\x20-\x7e]+$/.test(key) || /^[$_]/.test(key)) return `${path} has a key that cannot be stored`;
    const fault = faultOf(valueValidator, entry, `a value of ${path}`);
    if (fault !== null) return fault;
  }
  return null;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
