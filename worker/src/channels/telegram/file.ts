/** Files as Telegram takes them (Bot API: sendPhoto up to 10 MB, the others up to 50 MB). */
import type { ReplyFile } from "../../../../src/contract/attachments.js";
import { MAX_PHOTO_BYTES } from "../../../../src/policy/worker/replyFile.js";

export type FileMethod = "sendPhoto" | "sendAudio" | "sendVoice" | "sendDocument";

const fields = {
  sendPhoto: "photo",
  sendAudio: "audio",
  sendVoice: "voice",
  sendDocument: "document",
} as const satisfies Record<FileMethod, string>;

/** The method for a file; a photo that is too large for one is a document. */
export function methodOf(kind: ReplyFile["kind"], sizeBytes: number): FileMethod {
  if (kind === "photo") return sizeBytes > MAX_PHOTO_BYTES ? "sendDocument" : "sendPhoto";
  return kind === "audio" ? "sendAudio" : kind === "voice" ? "sendVoice" : "sendDocument";
}

/** The upload. Objects go as JSON, as Telegram wants them in forms. */
export function fileForm(
  method: FileMethod,
  address: Record<string, unknown>,
  { fileName, mimeType }: Pick<ReplyFile, "fileName" | "mimeType">,
  bytes: Uint8Array<ArrayBuffer>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(address))
    form.set(name, typeof value === "string" ? value : JSON.stringify(value));
  form.set(fields[method], new Blob([bytes], { type: mimeType }), fileName);
  return form;
}
