/** Files between a message, the disk and a reply, as engines and delivery see them. */
import type { ReplyFile } from "../../../src/contract/attachments.js";
import type { EngineAttachment } from "../engine/engine.js";

/** The content of a file is lost: no repeat brings it back. */
export class FileGone extends Error {
  override readonly name = "FileGone";
}

/** A file of a recorded reply, ready to be sent. */
export interface OutgoingFile {
  file: ReplyFile;
  /** Its content. Rejects with {@link FileGone}, or with another error when it cannot be had at present. */
  load(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** The text of an answer, with the names of the files that could not go along. */
export function withMissing(text: string, missing: readonly string[]): string {
  const told = missing.length === 0 ? "" : `[files that could not be sent: ${missing.join(", ")}]`;
  return [text, told].filter((part) => part !== "").join("\n\n");
}

/**
 * The user's text and a list of the files, for engines that are given paths. Without paths (`showPaths` false) it names the
 * files only.
 */
export function textWithFiles(
  { text, attachments = [] }: { text: string; attachments?: readonly EngineAttachment[] },
  showPaths = true,
): string {
  if (attachments.length === 0) return text;
  const lines = attachments.map(({ kind, fileName, mimeType, sizeBytes, path, problem }) => {
    const facts = [mimeType, sizeBytes === undefined ? undefined : `${sizeBytes} bytes`].filter(Boolean);
    const described = `- ${kind} ${fileName}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
    if (path === null) return `${described}: not available: ${problem ?? "unknown"}`;
    return showPaths ? `${described}: ${path}` : described;
  });
  return `${text}\n\n[Attached files]\n${lines.join("\n")}`;
}
