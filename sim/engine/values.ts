import { CommitTsPlaceholder, getConvexSize, type Value } from "convex/values";
import { valueLimits } from "./limits.js";

export type Fields = Readonly<Record<string, Value | undefined>>;

/**
 * The size of a value, after what Convex refuses in one: deep nesting, long arrays, many fields (crates/value/src).
 * @throws Error naming the limit.
 */
export function checkedSize(value: Value, maxDepth: number, maxBytes: number, what: string): number {
  checkShape(value, 1, maxDepth);
  const bytes = getConvexSize(value);
  if (bytes > maxBytes)
    throw new Error(`${what} is too large (${bytes} bytes > maximum size ${maxBytes} bytes)`);
  return bytes;
}

function checkShape(value: Value | undefined, depth: number, maxDepth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof ArrayBuffer || value instanceof CommitTsPlaceholder) return;
  if (depth > maxDepth) throw new Error(`Value is too nested (maximum nesting level ${maxDepth})`);
  if (Array.isArray(value)) {
    if (value.length > valueLimits.arrayLength)
      throw new Error(
        `Array length is too long (${value.length} > maximum length ${valueLimits.arrayLength})`,
      );
    for (const element of value) checkShape(element, depth + 1, maxDepth);
    return;
  }
  const names = Object.keys(value);
  if (names.length > valueLimits.objectFields)
    throw new Error(
      `Object has too many fields (${names.length} > maximum number ${valueLimits.objectFields})`,
    );
  for (const name of names) checkShape(value[name], depth + 1, maxDepth);
}

/** `JSON.stringify` writes half a surrogate pair as an escape, and a whole one as it is. */
const HALF_SURROGATE = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;

/** Convex's values are UTF-8, in which half a pair cannot be written. */
export const hasHalfSurrogate = (json: string): boolean => json.includes("\\u") && HALF_SURROGATE.test(json);

const PLACEHOLDER = '{"$commitTs":null}';

/** Inside a JSON text the quotes of a string are escaped, so this matches the placeholder alone. */
export const hasPlaceholder = (json: string): boolean => json.includes(PLACEHOLDER);
export const withCommitTs = (json: string, tsJson: string): string => json.replaceAll(PLACEHOLDER, tsJson);
