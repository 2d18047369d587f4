/** How a file of a reply is sent, from its name and size alone: the same on every worker and every attempt. */
import type { ReplyFile } from "../../contract/attachments.js";

/** Photos up to 10 MB are shown as such. */
export const MAX_PHOTO_BYTES = 10 * 1024 * 1024;

const types: Record<string, readonly [ReplyFile["kind"], string]> = {
  jpg: ["photo", "image/jpeg"],
  jpeg: ["photo", "image/jpeg"],
  png: ["photo", "image/png"],
  webp: ["photo", "image/webp"],
  gif: ["document", "image/gif"],
  mp3: ["audio", "audio/mpeg"],
  m4a: ["audio", "audio/mp4"],
  ogg: ["voice", "audio/ogg"],
  oga: ["voice", "audio/ogg"],
  opus: ["voice", "audio/ogg"],
  wav: ["document", "audio/wav"],
  mp4: ["document", "video/mp4"],
  pdf: ["document", "application/pdf"],
  txt: ["document", "text/plain"],
  md: ["document", "text/markdown"],
  csv: ["document", "text/csv"],
  json: ["document", "application/json"],
  zip: ["document", "application/zip"],
};

/** A photo that is too large for one goes as a document, with its type. */
export function describeReplyFile(fileName: string, sizeBytes: number): Pick<ReplyFile, "kind" | "mimeType"> {
  const extension = /\.([A-Za-z0-9]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? "";
  const [kind, mimeType] = types[extension] ?? ["document", "application/octet-stream"];
  return { kind: kind === "photo" && sizeBytes > MAX_PHOTO_BYTES ? "document" : kind, mimeType };
}
