/** Files that come with a message, and files that go back with its reply. */
import { v, type Infer } from "convex/values";
import { lazy, oneOf, opt } from "./row.js";

export const vFileKind = lazy(() => oneOf("photo", "video", "audio", "voice", "document"));
export type FileKind = Infer<typeof vFileKind>;

/**
 * A file of a message, as its worker sees it. Names and types are the sender's words: never a path, never proof.
 * - `status`: `failed`: it could not be had, see `error`; `expired`: it was deleted after `attachments.retentionMs`.
 * - `downloadUrl`: Only while `ready`. A credential: whoever has it has the file.
 * - `expiresAt`: When the file is deleted, epoch ms; only while `ready`.
 */
export const vAttachment = lazy(() =>
  v.object({
    status: oneOf("ready", "failed", "expired"),
    kind: vFileKind,
    fileName: opt.string,
    mimeType: opt.string,
    sizeBytes: opt.number,
    storageId: opt.string,
    downloadUrl: opt.string,
    telegramFileId: opt.string,
    error: opt.string,
    expiresAt: opt.number,
  }),
);
export type Attachment = Infer<typeof vAttachment>;

/**
 * A file of a reply, uploaded before the reply is recorded.
 * - `storageId`: What an upload to the URL of `generateMediaUploadUrl` answered.
 */
export const vReplyFile = lazy(() =>
  v.object({
    storageId: v.string(),
    kind: oneOf("photo", "audio", "voice", "document"),
    fileName: v.string(),
    mimeType: v.string(),
    sizeBytes: v.number(),
  }),
);
export type ReplyFile = Infer<typeof vReplyFile>;
/** With the URL at which a resuming worker finds it; without one it has expired. */
export const vRecordedReplyFile = lazy(() => vReplyFile.extend({ downloadUrl: opt.string }));

/** Most files of one reply. */
export const MAX_REPLY_FILES = 10;
/** Telegram's limit for what a bot sends; a photo may have 10 MB, then it goes as a document. */
export const MAX_REPLY_FILE_BYTES = 50 * 1024 * 1024;
