/**
 * The shape of an update, as far as it is read. Lenient: unknown kinds and fields pass through, because Telegram adds new
 * ones at any time; only what would be misread is refused. Parsed with valibot and not with zod: the webhook and the
 * component load this with every call, and zod takes six times as long to load as all of `convex/server`.
 */
import * as s from "valibot";

/** Built for the first update, not when the module is loaded: most calls of the component read none. */
function buildSchema() {
  /** Text that can be stored: a lone surrogate has no UTF-8 form. */
  const text = s.pipe(
    s.string(),
    s.transform((value) => value.replace(/[\ud800-\udfff]/gu, "\ufffd")),
  );
  const number = s.pipe(s.number(), s.finite());
  const integer = s.pipe(s.number(), s.safeInteger());
  /** Telegram's ids are numbers of up to 52 bits; some proxies quote them. */
  const id = s.union([number, s.string()]);
  const withId = s.looseObject({ id: s.optional(id) });
  const file = s.looseObject({
    file_id: text,
    file_name: s.optional(text),
    mime_type: s.optional(text),
    file_size: s.optional(number),
  });
  const entities = s.array(
    s.looseObject({ type: s.string(), offset: integer, length: integer, user: s.optional(withId) }),
  );
  const message = s.looseObject({
    message_id: s.optional(number),
    message_thread_id: s.optional(number),
    is_topic_message: s.optional(s.boolean()),
    chat: s.optional(s.looseObject({ id: s.optional(id), type: s.optional(s.string()) })),
    from: s.optional(withId),
    reply_to_message: s.optional(s.looseObject({ from: s.optional(withId) })),
    text: s.optional(text),
    entities: s.optional(entities),
    caption: s.optional(text),
    caption_entities: s.optional(entities),
    media_group_id: s.optional(text),
    migrate_to_chat_id: s.optional(id),
    migrate_from_chat_id: s.optional(id),
    photo: s.optional(s.array(file)),
    video: s.optional(file),
    audio: s.optional(file),
    voice: s.optional(file),
    document: s.optional(file),
  });
  return s.looseObject({
    update_id: integer,
    message: s.optional(message),
    edited_message: s.optional(message),
    my_chat_member: s.optional(
      s.looseObject({ chat: withId, new_chat_member: s.looseObject({ status: s.string() }) }),
    ),
  });
}

/** An update as `resolveAgentKey` sees it: everything that Telegram sent, with the fields above checked. */
export type TelegramUpdate = s.InferOutput<ReturnType<typeof buildSchema>>;
export type TelegramMessage = NonNullable<TelegramUpdate["message"]>;

let schema: ReturnType<typeof buildSchema> | undefined;

/** What a body is: an update, some other JSON, or no JSON at all. */
export function readTelegramUpdate(
  body: string,
): { kind: "update"; update: TelegramUpdate } | { kind: "notAnUpdate" } | { kind: "notJson" } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { kind: "notJson" };
  }
  const parsed = s.safeParse((schema ??= buildSchema()), json);
  return parsed.success ? { kind: "update", update: parsed.output } : { kind: "notAnUpdate" };
}
