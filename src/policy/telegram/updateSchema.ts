/**
 * The shape of an update, as far as it is read. Lenient: unknown kinds and fields pass through, because Telegram adds new
 * ones at any time; only what would be misread is refused.
 */
import {
  boolean,
  integer,
  lazily,
  list,
  looseObject,
  number,
  optional,
  readOrNull,
  string,
  type Reader,
} from "../json/readers.js";
import { parseJson } from "../text/parseJson.js";

const update = lazily(() => {
  /** Telegram's ids are numbers of up to 52 bits; some proxies quote them. */
  const id: Reader<number | string> = (value) => (typeof value === "string" ? value : number(value));
  const withId = looseObject({ id: optional(id) });

  const file = looseObject({
    file_id: string,
    file_name: optional(string),
    mime_type: optional(string),
    file_size: optional(number),
  });

  const entities = list(
    looseObject({ type: string, offset: integer, length: integer, user: optional(withId) }),
  );

  const message = looseObject({
    message_id: optional(number),
    message_thread_id: optional(number),
    is_topic_message: optional(boolean),
    chat: optional(looseObject({ id: optional(id), type: optional(string) })),
    from: optional(withId),
    reply_to_message: optional(looseObject({ from: optional(withId) })),
    text: optional(string),
    entities: optional(entities),
    caption: optional(string),
    caption_entities: optional(entities),
    media_group_id: optional(string),
    migrate_to_chat_id: optional(id),
    migrate_from_chat_id: optional(id),
    photo: optional(list(file)),
    video: optional(file),
    audio: optional(file),
    voice: optional(file),
    document: optional(file),
  });

  return looseObject({
    update_id: integer,
    message: optional(message),
    edited_message: optional(message),
    my_chat_member: optional(
      looseObject({
        chat: looseObject({ id: optional(id), type: optional(string) }),
        new_chat_member: looseObject({
          status: string,
          is_member: optional(boolean),
          can_send_messages: optional(boolean),
          can_post_messages: optional(boolean),
        }),
      }),
    ),
  });
});

/** An update as `resolveAgentKey` sees it: everything that Telegram sent, with the fields above checked. */
export type TelegramUpdate = ReturnType<typeof update>;
export type ChatMember = NonNullable<TelegramUpdate["my_chat_member"]>["new_chat_member"];
export type TelegramMessage = NonNullable<TelegramUpdate["message"]>;

/** What a body is: an update, some other JSON, or no JSON at all. */
export function readTelegramUpdate(
  body: string,
): { kind: "update"; update: TelegramUpdate } | { kind: "notAnEvent" } | { kind: "notJson" } {
  const json = parseJson(body);
  if (json === undefined) return { kind: "notJson" };
  const read = readOrNull(update, json);
  return read === null ? { kind: "notAnEvent" } : { kind: "update", update: read };
}
