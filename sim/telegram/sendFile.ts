import { z } from "zod";
import { ApiFailure, badRequest } from "./apiFailure.js";
import { parseArgs, vNested, type RawArgs } from "./args.js";
import type { Bot, StoredFile } from "./bot.js";
import { storeFile } from "./files.js";
import { deliver, entitiesArg, formatted, sendArgs, type Content, type SendContext } from "./sendMessage.js";
import type { FileKind } from "./types.js";

/** Limits of the Bot API for uploads. */
const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
const MAX_FILE_BYTES = 50 * 1024 * 1024;
const MAX_CAPTION_CHARS = 1024;
const MAX_GROUP = 10;

/** The field of the upload for each method; also what the message then holds. */
export const FILE_FIELDS = {
  sendphoto: "photo",
  senddocument: "document",
  sendaudio: "audio",
  sendvoice: "voice",
  sendvideo: "video",
  sendanimation: "animation",
  sendsticker: "sticker",
  sendvideonote: "video_note",
} as const satisfies Record<string, FileKind>;
export type FileMethodName = keyof typeof FILE_FIELDS;

const captionArgs = z.looseObject({
  caption: z.string().default(""),
  parse_mode: z.string().optional(),
  caption_entities: entitiesArg,
});
const fileArgs = sendArgs.extend(captionArgs.shape);
const groupArgs = sendArgs.extend({
  media: vNested(
    z.array(
      captionArgs.extend({ type: z.enum(["photo", "video", "audio", "document"]), media: z.unknown() }),
    ),
  ),
});
const AUDIO_TYPES = new Set(["audio/mpeg", "audio/mp4", "audio/ogg"]);

/** sendPhoto and its like: an upload, or a file that Telegram has. @throws ApiFailure in Telegram's words. */
export async function sendFile(context: SendContext, bot: Bot, method: FileMethodName, raw: RawArgs) {
  const kind = FILE_FIELDS[method];
  const args = parseArgs(fileArgs, raw);
  return deliver(context, bot, args, await fileContent(bot, kind, raw[kind], args, raw));
}

/** sendMediaGroup: all files are checked before the first is sent. @throws ApiFailure in Telegram's words. */
export async function sendMediaGroup(context: SendContext, bot: Bot, raw: RawArgs) {
  const args = parseArgs(groupArgs, raw);
  if (args.media.length < 2 || args.media.length > MAX_GROUP)
    throw badRequest("group must include 2-10 items for sending");
  const contents = await Promise.all(
    args.media.map((item) => fileContent(bot, item.type, item.media, item, raw)),
  );
  const group = { media_group_id: `${bot.id}${Date.now()}` };
  return contents.map((content) =>
    deliver(context, bot, args, { ...content, wire: { ...content.wire, ...group } }),
  );
}

/** What a caption shows, in both forms. @throws ApiFailure 400 when it is too long. */
export function captionContent(raw: RawArgs) {
  const args = parseArgs(captionArgs, raw);
  const { shown, entities } = formatted(args.caption, args.parse_mode, args.caption_entities);
  if (shown.length > MAX_CAPTION_CHARS) throw badRequest("message caption is too long");
  return {
    wire: shown ? { caption: shown, ...(entities ? { caption_entities: entities } : {}) } : {},
    outbox: { text: shown, rawText: args.caption, ...(entities ? { entities } : {}) },
  };
}

async function fileContent(
  bot: Bot,
  kind: FileKind,
  given: unknown,
  captioned: RawArgs,
  raw: RawArgs,
): Promise<Content> {
  const caption = captionContent(captioned);
  const stored = await fileOf(bot, kind, given, raw);
  const sized = {
    file_id: stored.fileId,
    file_unique_id: stored.fileUniqueId,
    file_size: stored.bytes.byteLength,
  };
  return {
    wire: { ...caption.wire, [kind]: kind === "photo" ? [{ ...sized, width: 1, height: 1 }] : sized },
    outbox: {
      ...caption.outbox,
      file: { kind, fileName: stored.fileName, mimeType: stored.mimeType, bytes: stored.bytes },
    },
  };
}

/**
 * The file meant by an argument: the upload itself, `attach://<field>` for an upload in another field, or a `file_id`.
 * A URL, which the real service would fetch, is refused in its words: nothing here reaches out.
 */
async function fileOf(bot: Bot, kind: FileKind, given: unknown, raw: RawArgs): Promise<StoredFile> {
  const attached = typeof given === "string" && /^attach:\/\/(.+)$/.exec(given)?.[1];
  const upload = attached ? raw[attached] : given;
  if (upload instanceof File) return storeUpload(bot, kind, upload);
  if (typeof upload !== "string" || upload === "") throw badRequest(`there is no ${kind} in the request`);
  if (/^https?:/.test(upload)) throw badRequest("failed to get HTTP URL content");
  const known = bot.files.get(upload);
  if (!known) throw badRequest("wrong remote file identifier specified");
  return known;
}

async function storeUpload(bot: Bot, kind: FileKind, upload: File): Promise<StoredFile> {
  if (upload.size === 0) throw badRequest("file must be non-empty");
  if (upload.size > MAX_FILE_BYTES) throw new ApiFailure(413, "Request Entity Too Large");
  const bytes = new Uint8Array(await upload.arrayBuffer());
  requireFit(kind, bytes, upload.type);
  return storeFile(bot, { kind, bytes, fileName: upload.name, mimeType: upload.type });
}

/** What Telegram can show as a photo or play; it looks at the content, not at the name. */
function requireFit(kind: FileKind, bytes: Uint8Array, type: string): void {
  if (kind === "photo") {
    if (bytes.byteLength > MAX_PHOTO_BYTES) throw badRequest("file is too big for a photo");
    if (!isPicture(bytes)) throw badRequest("IMAGE_PROCESS_FAILED");
  }
  // A form without a type of its own carries the general one; the real service looks into the file then.
  const typed = type !== "" && type !== "application/octet-stream";
  if ((kind === "audio" || kind === "voice") && typed && !AUDIO_TYPES.has(type))
    throw badRequest("wrong type of the audio file");
}

function isPicture([a, b, c, d]: Uint8Array): boolean {
  const isJpeg = a === 0xff && b === 0xd8;
  const isPng = a === 0x89 && b === 0x50 && c === 0x4e && d === 0x47;
  const isWebp = a === 0x52 && b === 0x49 && c === 0x46 && d === 0x46;
  return isJpeg || isPng || isWebp;
}
