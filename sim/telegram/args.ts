import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { z } from "zod";
import { badRequest } from "./apiFailure.js";

/** Arguments of a method call as they came: strings from query and forms, anything from JSON. */
export type RawArgs = Record<string, unknown>;

/** An integer, also as text. */
export const vInteger = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);

/** A boolean as Telegram takes it. */
export const vBoolean = z.union([
  z.boolean(),
  z
    .union([z.string(), z.number()])
    .transform((value) => ["true", "1", "yes"].includes(String(value).toLowerCase())),
]);

/** A nested value, also as a JSON string (forms). */
export function vNested<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  }, schema);
}

/**
 * Arguments from the query and the body (JSON, urlencoded or multipart); the body wins.
 * @throws ApiFailure 400 for a body that does not parse.
 */
export async function readArgs(request: Request): Promise<RawArgs> {
  const args: RawArgs = Object.fromEntries(new URL(request.url).searchParams);
  if (request.method !== "POST") return args;
  const type = request.headers.get("content-type") ?? "";
  if (type.startsWith("application/json")) {
    const body = z.record(z.string(), z.unknown()).safeParse(await request.json().catch(() => undefined));
    if (!body.success) throw badRequest("can't parse JSON object");
    return { ...args, ...body.data };
  }
  if (type.startsWith("application/x-www-form-urlencoded") || type.startsWith("multipart/form-data")) {
    const fields = await readForm(request, type).catch(() => {
      throw badRequest("can't parse form");
    });
    return { ...args, ...fields };
  }
  return args;
}

/** `Request.formData` refuses forms as bot libraries write them (lower case headers, no space after `;`). */
async function readForm(request: Request, type: string): Promise<RawArgs> {
  const form = new Busboy({ headers: { "content-type": type } });
  const fields: RawArgs = {};
  const files: Promise<void>[] = [];
  form.on("field", (name, value) => {
    fields[name] = value;
  });
  form.on("file", (name, stream, fileName, _encoding, mimeType) => {
    files.push(
      buffer(stream).then((bytes) => {
        fields[name] = new File([bytes], fileName, { type: mimeType });
      }),
    );
  });
  await pipeline(Readable.from([Buffer.from(await request.arrayBuffer())]), form);
  await Promise.all(files);
  return fields;
}

/** @throws ApiFailure 400 naming the first bad field. */
export function parseArgs<Schema extends z.ZodType>(schema: Schema, args: RawArgs): z.output<Schema> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  throw badRequest(`invalid parameter "${parsed.error.issues[0]?.path.join(".") ?? ""}" specified`);
}
