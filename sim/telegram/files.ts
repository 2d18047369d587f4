import { z } from "zod";
import { badRequest } from "./apiFailure.js";
import { parseArgs, type RawArgs } from "./args.js";
import type { Bot, StoredFile } from "./bot.js";
import type { FileKind, UserFile } from "./types.js";

/** Largest file a bot may download from the hosted service. */
const MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024;
const FOLDERS = {
  photo: ["photos", "jpg"],
  voice: ["voice", "oga"],
  audio: ["music", "mp3"],
  video: ["videos", "mp4"],
  document: ["documents", "bin"],
  animation: ["animations", "mp4"],
  sticker: ["stickers", "webp"],
  video_note: ["video_notes", "mp4"],
} as const satisfies Record<FileKind, readonly [string, string]>;

const fileArgs = z.looseObject({ file_id: z.string().default("") });

/** Keeps a file that a user or the bot sent. The path never contains its file name, only the extension. */
export function storeFile(
  bot: Bot,
  file: Pick<UserFile, "bytes" | "fileName" | "mimeType" | "declaredSize"> & { kind: FileKind },
): StoredFile {
  const index = bot.files.size;
  const [folder, extension] = FOLDERS[file.kind];
  const named = /\.([A-Za-z0-9]{1,8})$/.exec(file.fileName ?? "")?.[1];
  const stored: StoredFile = {
    fileId: `sim-file-${bot.id}-${index}`,
    fileUniqueId: `sim-unique-${index}`,
    path: `${folder}/file_${index}.${named ?? extension}`,
    bytes: file.bytes,
    fileName: file.fileName ?? "",
    mimeType: file.mimeType ?? "",
    size: file.declaredSize ?? file.bytes.byteLength,
  };
  bot.files.set(stored.fileId, stored);
  return stored;
}

/** getFile. @throws ApiFailure 400 for an unknown id and above 20 MB. */
export function getFile(bot: Bot, raw: RawArgs) {
  const file = bot.files.get(parseArgs(fileArgs, raw).file_id);
  if (!file) throw badRequest("invalid file_id");
  if (file.size > MAX_DOWNLOAD_BYTES) throw badRequest("file is too big");
  return {
    file_id: file.fileId,
    file_unique_id: file.fileUniqueId,
    file_size: file.size,
    file_path: file.path,
  };
}

/** The file behind `/file/bot<token>/<path>`, undefined when there is none to download. */
export function fileAt(bot: Bot, path: string): StoredFile | undefined {
  return [...bot.files.values()].find((file) => file.path === path && file.size <= MAX_DOWNLOAD_BYTES);
}
