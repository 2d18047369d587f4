import { Buffer } from "node:buffer";
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { z } from "zod";

export const formatSchema = z.enum(["convex_encoded_json", "convex_json", "json"]);
export type Format = z.infer<typeof formatSchema>;

/** Function arguments: an object, or that object alone in an array, as the JS client sends it. */
export const argsSchema = z.union([
  z.record(z.string(), z.json()),
  z.tuple([z.record(z.string(), z.json())]).transform(([args]) => args),
]);

export type FunctionArgs = Record<string, Value>;

/** @throws Error for a malformed encoding such as `{"$integer": 5}`. */
export const decodeArgs = (args: z.output<typeof argsSchema>): FunctionArgs =>
  jsonToConvex(args) as FunctionArgs;

/** A result as Convex writes it: lossless, or (`json`) readable without Convex's own library. */
export function encodeValue(value: Value, format: Format): JSONValue {
  return format === "json" ? plainJson(value) : convexToJson(value);
}

function plainJson(value: Value): JSONValue {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) =>
      field === undefined ? [] : [[key, plainJson(field as Value)]],
    ),
  );
}
