/**
 * The shape of an update, as far as it is read. Lenient: unknown kinds and fields pass through, because Telegram adds new
 * ones at any time; only what would be misread is refused.
 */
import * as z from "zod";

/** Text that can be stored: a lone surrogate has no UTF-8 form. */
const zText = z.string().transform((text) => text.replace(/[\ud800-\udfff]/gu, "\ufffd"));
/** Telegram's ids are numbers of up to 52 bits; some proxies quote them. */
const zId = z.union([z.number(), z.string()]);
const zFile = z.looseObject({
  file_id: zText,
  file_name: zText.optional(),
  mime_type: zText.optional(),
  file_size: z.number().optional(),
});

const zEntities = z.array(
  z.looseObject({
    type: z.string(),
    offset: z.int(),
    length: z.int(),
    user: z.looseObject({ id: zId.optional() }).optional(),
  }),
);

const zMessage = z.looseObject({
  message_id: z.number().optional(),
  message_thread_id: z.number().optional(),
  is_topic_message: z.boolean().optional(),
  chat: z.looseObject({ id: zId.optional(), type: z.string().optional() }).optional(),
  from: z.looseObject({ id: zId.optional() }).optional(),
  reply_to_message: z.looseObject({ from: z.looseObject({ id: zId.optional() }).optional() }).optional(),
  text: zText.optional(),
  entities: zEntities.optional(),
  caption: zText.optional(),
  caption_entities: zEntities.optional(),
  media_group_id: zText.optional(),
  migrate_to_chat_id: zId.optional(),
  migrate_from_chat_id: zId.optional(),
  photo: z.array(zFile).optional(),
  video: zFile.optional(),
  audio: zFile.optional(),
  voice: zFile.optional(),
  document: zFile.optional(),
});

export const zTelegramUpdate = z.looseObject({
  update_id: z.int(),
  message: zMessage.optional(),
  edited_message: zMessage.optional(),
  my_chat_member: z
    .looseObject({
      chat: z.looseObject({ id: zId.optional() }),
      new_chat_member: z.looseObject({ status: z.string() }),
    })
    .optional(),
});

/** An update as `resolveAgentKey` sees it: everything that Telegram sent, with the fields above checked. */
export type TelegramUpdate = z.infer<typeof zTelegramUpdate>;
export type TelegramMessage = z.infer<typeof zMessage>;

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
  const parsed = zTelegramUpdate.safeParse(json);
  return parsed.success ? { kind: "update", update: parsed.data } : { kind: "notAnUpdate" };
}
