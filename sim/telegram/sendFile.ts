import { z } from "zod";
import { ApiFailure, badRequest } from "./apiFailure.js";
import { parseArgs, type RawArgs } from "./args.js";
import type { Bot } from "./bot.js";
import { prepareSend, sendArgs, type SendContext } from "./sendMessage.js";

/** Limits of the Bot API for uploads. */
const MAX_PHOTO_BYTES = 10 * 1024 * 1024;
const MAX_FILE_BYTES = 50 * 1024 * 1024;
const MAX_CAPTION_CHARS = 1024;

/** The field of the upload for each method; also what the message then holds. */
export const FILE_FIELDS = {
  sendphoto: "photo",
  senddocument: "document",
  sendaudio: "audio",
  sendvoice: "voice",
} as const;
export type FileMethodName = keyof typeof FILE_FIELDS;

const fileArgs = sendArgs.extend({ caption: z.string().default("") });
const AUDIO_TYPES = new Set(["audio/mpeg", "audio/mp4", "audio/ogg"]);

/** sendPhoto, sendDocument, sendAudio, sendVoice, of an upload only. @throws ApiFailure in Telegram's words. */
export async function sendFile(context: SendContext, bot: Bot, method: FileMethodName, raw: RawArgs) {
  const field = FILE_FIELDS[method];
  const args = parseArgs(fileArgs, raw);
  const upload = raw[field];
  if (!(upload instanceof File)) throw badRequest(`there is no ${field} in the request`);
  if (upload.size === 0) throw badRequest("file must be non-empty");
  if (upload.size > MAX_FILE_BYTES) throw new ApiFailure(413, "Request Entity Too Large");
  const bytes = new Uint8Array(await upload.arrayBuffer());
  requireFit(field, bytes, upload.type);
  if (args.caption.length > MAX_CAPTION_CHARS) throw badRequest("message caption is too long");
  const { message, record } = prepareSend(context, bot, args);
  record({
    text: args.caption,
    rawText: args.caption,
    file: { kind: field, fileName: upload.name, mimeType: upload.type, bytes },
  });
  const sent = {
    file_id: `sent-${bot.id}-${message.message_id}`,
    file_unique_id: "u",
    file_size: upload.size,
  };
  const shown = field === "photo" ? [{ ...sent, width: 1, height: 1 }] : sent;
  return { ...message, ...(args.caption ? { caption: args.caption } : {}), [field]: shown };
}

/** What Telegram can show as a photo or play; it looks at the content, not at the name. */
function requireFit(field: (typeof FILE_FIELDS)[FileMethodName], bytes: Uint8Array, type: string): void {
  if (field === "photo") {
    if (bytes.byteLength > MAX_PHOTO_BYTES) throw badRequest("file is too big for a photo");
    if (!isPicture(bytes)) throw badRequest("IMAGE_PROCESS_FAILED");
  }
  if ((field === "audio" || field === "voice") && !AUDIO_TYPES.has(type))
    throw badRequest("wrong type of the audio file");
}

function isPicture([a, b, c, d]: Uint8Array): boolean {
  const isJpeg = a === 0xff && b === 0xd8;
  const isPng = a === 0x89 && b === 0x50 && c === 0x4e && d === 0x47;
  const isWebp = a === 0x52 && b === 0x49 && c === 0x46 && d === 0x46;
  return isJpeg || isPng || isWebp;
}
