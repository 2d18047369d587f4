/**
 * Brings the files of a message to this machine and those of an answer to the deployment's storage. The URLs are
 * credentials: they appear nowhere. A file that cannot be had is told to the engine; the message is answered all the same.
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import {
  MAX_REPLY_FILE_BYTES,
  MAX_REPLY_FILES,
  type Attachment,
  type ReplyFile,
} from "../../../src/contract/attachments.js";
import { safeFileName } from "../../../src/policy/attachments/fileName.js";
import { readCapped } from "../../../src/policy/attachments/readCapped.js";
import { describeReplyFile } from "../../../src/policy/worker/replyFile.js";
import { EngineError, engineErrorOf, type EngineAttachment, type EngineFile } from "../engine/engine.js";
import { removeTree } from "../files/removeTree.js";
import { FileGone, type OutgoingFile } from "./files.js";

/** Far above what a channel gives; the component has its own, lower limit. */
const MAX_INCOMING_BYTES = 64 * 1024 * 1024;
const TRANSFER_TIMEOUT_MS = 120_000;
const uploadReply = z.object({ storageId: z.string().min(1) });
const extensions: Record<Attachment["kind"], string> = {
  photo: ".jpg",
  video: ".mp4",
  audio: ".mp3",
  voice: ".ogg",
  document: "",
};

/** The storage says that it has the file no more. */
const goneStatus: ReadonlySet<number> = new Set([404, 410]);

export interface FileExchangeOptions {
  /** A URL that takes one upload. */
  uploadUrl(signal: AbortSignal): Promise<string>;
  fetch?: typeof fetch;
}

export interface Received {
  attachments: EngineAttachment[];
  /** Deletes the files. */
  dispose(): Promise<void>;
}

export type FileExchange = ReturnType<typeof createFileExchange>;

/** Creates the exchange of one worker. */
export function createFileExchange(options: FileExchangeOptions) {
  const request = options.fetch ?? fetch;

  const get = async (url: string, maxBytes: number, signal: AbortSignal) => {
    const response = await request(url, { signal: limited(signal) });
    if (goneStatus.has(response.status)) throw new FileGone(`HTTP ${response.status}`);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const chunks = await readCapped(response, maxBytes);
    if (chunks === null) throw new FileGone(`larger than ${maxBytes} bytes`);
    return new Uint8Array(Buffer.concat(chunks));
  };

  return {
    /** Rejects only with `signal`'s reason, or with an {@link EngineError} when the disk fails. */
    async receive(attachments: readonly Attachment[], signal: AbortSignal): Promise<Received> {
      if (attachments.length === 0) return { attachments: [], dispose: () => Promise.resolve() };
      const dir = await mkdtemp(path.join(tmpdir(), "agent-files-")).catch((error: unknown) => {
        throw engineErrorOf("the files of the message", error);
      });
      // What an engine has made of them must not cost the answer; they lie in the system's own place for such files.
      const dispose = () => removeTree(dir).catch(() => undefined);
      try {
        const received: EngineAttachment[] = [];
        for (const [index, attachment] of attachments.entries())
          received.push(await receiveOne(attachment, dir, index + 1, signal));
        return { attachments: received, dispose };
      } catch (error) {
        await dispose();
        throw error;
      }
    },

    /**
     * Uploads what the engine made. Rejects with an {@link EngineError} when there are too many or too large ones, or the
     * storage takes none.
     */
    async store(files: readonly EngineFile[], signal: AbortSignal): Promise<OutgoingFile[]> {
      if (files.length > MAX_REPLY_FILES)
        throw new EngineError(
          "refused",
          `the answer has ${files.length} files, at most ${MAX_REPLY_FILES} are sent`,
        );
      const stored: OutgoingFile[] = [];
      for (const { fileName, bytes } of files) {
        const name = safeFileName(fileName);
        if (bytes.byteLength > MAX_REPLY_FILE_BYTES)
          throw new EngineError("refused", `the file ${name} is larger than ${MAX_REPLY_FILE_BYTES} bytes`);
        const described = describeReplyFile(name, bytes.byteLength);
        const storageId = await upload(bytes, described.mimeType, signal);
        const file = { storageId, fileName: name, sizeBytes: bytes.byteLength, ...described };
        stored.push({ file, load: () => Promise.resolve(bytes) });
      }
      return stored;
    },

    /** The files of a reply that an earlier attempt recorded. */
    recorded(files: readonly (ReplyFile & { downloadUrl?: string | undefined })[]): OutgoingFile[] {
      return files.map(({ downloadUrl, ...file }) => ({
        file,
        load: (signal) =>
          downloadUrl === undefined
            ? Promise.reject(new FileGone("the file has expired"))
            : get(downloadUrl, MAX_REPLY_FILE_BYTES, signal),
      }));
    },
  };

  async function receiveOne(
    { kind, fileName, mimeType, sizeBytes, status, downloadUrl, error }: Attachment,
    dir: string,
    number: number,
    signal: AbortSignal,
  ): Promise<EngineAttachment> {
    const name = fileName === undefined ? `${kind}${extensions[kind]}` : safeFileName(fileName);
    const facts = { kind, fileName: name, mimeType, sizeBytes };
    if (status !== "ready" || downloadUrl === undefined)
      return { ...facts, path: null, problem: error ?? `the file is ${status}` };
    try {
      const bytes = await get(downloadUrl, MAX_INCOMING_BYTES, signal);
      const file = path.join(dir, `${number}-${name}`);
      await writeFile(file, bytes, { mode: 0o600 });
      return { ...facts, sizeBytes: bytes.byteLength, path: file };
    } catch {
      signal.throwIfAborted();
      return { ...facts, path: null, problem: "it could not be downloaded" };
    }
  }

  async function upload(bytes: Uint8Array<ArrayBuffer>, type: string, signal: AbortSignal): Promise<string> {
    const url = await options.uploadUrl(signal);
    try {
      const response = await request(url, {
        method: "POST",
        headers: { "content-type": type },
        body: bytes,
        signal: limited(signal),
      });
      const parsed = uploadReply.safeParse(await response.json());
      if (response.ok && parsed.success) return parsed.data.storageId;
    } catch {
      signal.throwIfAborted();
    }
    throw new EngineError("unavailable", "a file of the answer could not be stored");
  }
}

const limited = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(TRANSFER_TIMEOUT_MS)]);
