/** What texts and names that a caller gives must be. */
import { factoryError } from "../../contract/errors.js";
import { utf8Bytes } from "../../policy/queue/size.js";
import { loadRuntime } from "../config/runtime.js";
import type { Doc, TableNames } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

const MAX_NAME_BYTES = 1_024;

/** Throws `invalid_argument` for a blank or overlong name, `text_too_large` for a text that the queue would refuse. */
export async function checkTexts(
  ctx: QueryCtx,
  { text, ...names }: { text?: string | undefined } & Record<string, string | undefined>,
): Promise<void> {
  for (const [name, value] of Object.entries(names)) {
    if (value === undefined) continue;
    if (value.trim() === "") throw factoryError("invalid_argument", `${name} must not be blank`);
    if (utf8Bytes(value) > MAX_NAME_BYTES)
      throw factoryError("invalid_argument", `${name} may have at most ${MAX_NAME_BYTES} bytes`);
  }
  if (text === undefined) return;
  if (text.trim() === "") throw factoryError("invalid_argument", "text must not be blank");
  const { maxTextBytes } = (await loadRuntime(ctx)).policies.queue;
  const bytes = utf8Bytes(text);
  if (bytes > maxTextBytes)
    throw factoryError("text_too_large", `The text is ${bytes} bytes, at most ${maxTextBytes} are allowed`);
}

/** The fields that were given: a patch must not erase the others. */
export const given = <Fields extends object>(fields: Fields): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;

/** The row of an id that a caller gave; null for an id that is none, too. */
export async function findGiven<Table extends TableNames>(
  ctx: QueryCtx,
  table: Table,
  text: string,
): Promise<Doc<Table> | null> {
  const id = ctx.db.normalizeId(table, text);
  return id && (await ctx.db.get(id));
}
