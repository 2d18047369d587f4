import type { Value } from "convex/values";
import { CommitTsPlaceholder } from "convex/values";

/**
 * Index keys as text whose code units are bytes: plain `<` on two keys orders them as Convex orders the values, and the
 * keys of a range lie between two texts. Orders by type first: undefined, null, int64, float64, boolean, string, bytes,
 * array, object (`convex/values` compareValues; crates/value/src/sorting).
 */
export type IndexKey = string;

/** Half open: `from <= key < to`. */
export interface KeyRange {
  from: IndexKey;
  to: IndexKey;
}

const TYPE = {
  undefined: "\x01",
  null: "\x02",
  int64: "\x03",
  float64: "\x04",
  boolean: "\x05",
  string: "\x06",
  bytes: "\x07",
  array: "\x08",
  object: "\x09",
} as const;
const END = "\x00";
/** Above every byte, so above every key that begins with what it is appended to. */
const ABOVE = "\u0100";
/** The commit timestamp that is not known yet sorts after all that are. */
const MAX_INT64 = 2n ** 63n - 1n;

const scratch = new DataView(new ArrayBuffer(8));

/** The key of an index entry; each value ends by itself, so the key of a prefix is a prefix of the key. */
export const keyOf = (values: readonly (Value | undefined)[]): IndexKey => values.map(encode).join("");

/** All keys that begin with these values. */
export const prefixRange = (values: readonly (Value | undefined)[]): KeyRange => {
  const prefix = keyOf(values);
  return { from: prefix, to: prefix + ABOVE };
};

/** The smallest key after this one. */
export const after = (key: IndexKey): IndexKey => `${key}\x00`;
/** Beyond all keys that begin with this one. */
export const beyond = (key: IndexKey): IndexKey => key + ABOVE;

function encode(value: Value | undefined): string {
  if (value === undefined) return TYPE.undefined;
  if (value === null) return TYPE.null;
  switch (typeof value) {
    case "string":
      return TYPE.string + escapeText(value) + END + END;
    case "number":
      return TYPE.float64 + encodeFloat(value);
    case "boolean":
      return TYPE.boolean + (value ? "\x01" : "\x00");
    case "bigint":
      return TYPE.int64 + encodeInteger(value);
    default:
  }
  if (value instanceof CommitTsPlaceholder) return TYPE.int64 + encodeInteger(MAX_INT64);
  if (value instanceof ArrayBuffer)
    return TYPE.bytes + escapeZeros(latin1(new Uint8Array(value))) + END + END;
  if (Array.isArray(value)) return TYPE.array + value.map(encode).join("") + END;
  const entries = Object.entries(value as Record<string, Value | undefined>)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return TYPE.object + entries.map(([name, field]) => encode(name) + encode(field)).join("") + END;
}

function encodeInteger(value: bigint): string {
  // With the sign bit flipped, negative numbers come first.
  scratch.setBigUint64(0, BigInt.asUintN(64, value) ^ (1n << 63n));
  return scratchText();
}

function encodeFloat(value: number): string {
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const low = scratch.getUint32(4);
  const isNegative = high >>> 31 === 1;
  scratch.setUint32(0, isNegative ? ~high >>> 0 : (high | 0x80000000) >>> 0);
  scratch.setUint32(4, isNegative ? ~low >>> 0 : low);
  return scratchText();
}

const scratchText = (): string =>
  String.fromCharCode(
    scratch.getUint8(0),
    scratch.getUint8(1),
    scratch.getUint8(2),
    scratch.getUint8(3),
    scratch.getUint8(4),
    scratch.getUint8(5),
    scratch.getUint8(6),
    scratch.getUint8(7),
  );

const escapeText = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- every byte but zero
  /^[\x01-\x7f]*$/.test(text) ? text : escapeZeros(Buffer.from(text, "utf8").toString("latin1"));
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
/** The end is two zeros; a zero inside is followed by the highest byte. */
const escapeZeros = (text: string): string => text.replaceAll("\x00", "\x00\xff");
