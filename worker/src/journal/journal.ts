/**
 * What is to be said about each message in hand if this process does not live to say it: the answer as soon as the engine
 * gave it, and how far its sending came. Kept in memory, and in a file where the worker has a directory of its own; whoever
 * opens that directory next, or this worker after an outage, says it then (`replay.ts`).
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Held, SettleRequest } from "../transport/transport.js";
import { frame, unframe } from "./framed.js";

const turn = z.object({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.string(),
  at: z.number().optional(),
});
const request = z.object({
  turns: z.array(turn).optional(),
  reply: z
    .object({
      text: z.string(),
      parts: z.number(),
      files: z
        .array(
          z.object({
            storageId: z.string(),
            kind: z.enum(["photo", "audio", "voice", "document"]),
            fileName: z.string(),
            mimeType: z.string(),
            sizeBytes: z.number(),
          }),
        )
        .optional(),
    })
    .optional(),
  sendingPart: z.number().optional(),
  ambiguousParts: z.array(z.number()).optional(),
  outcome: z
    .union([
      z.object({ kind: z.literal("complete") }),
      z.object({
        kind: z.literal("fail"),
        errorMessage: z.string(),
        retryable: z.boolean().optional(),
        blames: z.enum(["message", "service"]).optional(),
        retryAfterMs: z.number().optional(),
      }),
    ])
    .optional(),
});
const named = { workerId: z.string(), messageId: z.string(), leaseId: z.string() };
const entry = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("will"), ...named, request }),
  z.object({ kind: z.literal("settled"), leaseId: z.string() }),
]);

/** One message's last word. A later one about the same lease replaces it. */
export interface Will extends Held {
  /** Under whose name it has to be said: the lease is that worker's. */
  workerId: string;
  request: SettleRequest;
}

/** What `open` found wrong with the file; the rest of it was read. */
export interface JournalFinding {
  truncated: boolean;
  damagedLines: number[];
  /** Where the damaged file was put aside. */
  keptAs: string | null;
}

/** Larger than this, in bytes, the file is written anew with the open wills only. An answer has at most 256 KiB. */
const ROTATE_BYTES = 4 * 1024 * 1024;
const FILE_NAME = "answers.journal";

/** The open wills. Its writes are durable when they return; a disk that refuses one is reported and the work goes on. */
export class Journal {
  private readonly wills = new Map<string, Will>();
  private readonly failures = new Map<string, number>();
  private handle: number | null = null;
  private bytes = 0;

  /** `file` null: in memory only. */
  private constructor(
    private readonly file: string | null,
    private readonly workerId: string,
    private readonly onWriteFailed: (error: unknown) => void,
    private readonly rotateAt: number,
  ) {}

  /** A journal that ends with the process: it still serves an outage. */
  static inMemory(workerId: string): Journal {
    return new Journal(null, workerId, () => undefined, ROTATE_BYTES);
  }

  /**
   * Opens the journal of the worker whose own directory this is, and reads what an earlier process left. Throws the system's
   * error when the directory cannot be used.
   */
  static open(
    dir: string,
    workerId: string,
    options: { onWriteFailed?: (error: unknown) => void; rotateBytes?: number } = {},
  ): { journal: Journal; finding: JournalFinding } {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const file = path.join(dir, FILE_NAME);
    const journal = new Journal(
      file,
      workerId,
      options.onWriteFailed ?? (() => undefined),
      options.rotateBytes ?? ROTATE_BYTES,
    );
    return { journal, finding: journal.load(file) };
  }

  /** The wills of messages that nobody has settled, oldest first. */
  open(): Will[] {
    return [...this.wills.values()];
  }

  /** Notes what is to be said about this message if nothing more is heard of this process. */
  note({ messageId, leaseId }: Held, said: SettleRequest): void {
    const will = { workerId: this.workerId, messageId, leaseId, request: said };
    this.wills.delete(leaseId);
    this.wills.set(leaseId, will);
    this.append({ kind: "will", ...will });
  }

  /** The component has answered, one way or the other: nothing is left to say. */
  settled({ leaseId }: Pick<Held, "leaseId">): void {
    this.failures.delete(leaseId);
    if (this.wills.delete(leaseId)) this.append({ kind: "settled", leaseId });
  }

  /** Counts the failures of the component itself at this will; the result includes this one. */
  failedAgain({ leaseId }: Pick<Held, "leaseId">): number {
    const failures = (this.failures.get(leaseId) ?? 0) + 1;
    this.failures.set(leaseId, failures);
    return failures;
  }

  close(): void {
    if (this.handle !== null) closeSync(this.handle);
    this.handle = null;
  }

  private load(file: string): JournalFinding {
    const content = readIfThere(file);
    const { records, truncated, damagedLines } = unframe(content ?? "");
    for (const record of records) {
      const parsed = entry.safeParse(record);
      // A record of a later version: this one cannot say what it means.
      if (!parsed.success) continue;
      this.wills.delete(parsed.data.leaseId);
      if (parsed.data.kind === "will") this.wills.set(parsed.data.leaseId, parsed.data);
    }
    const keptAs = damagedLines.length > 0 ? `${file}.damaged-${Date.now()}` : null;
    if (keptAs !== null) renameSync(file, keptAs);
    this.rotate(file);
    return { truncated, damagedLines, keptAs };
  }

  /** Writes the open wills to a new file and puts it in the place of the old one. */
  private rotate(file: string): void {
    const content = this.open()
      .map((will) => frame({ kind: "will", ...will }))
      .join("");
    const fresh = `${file}.new`;
    const handle = openSync(fresh, "w", 0o600);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
      renameSync(fresh, file);
      syncDirectory(path.dirname(file));
    } catch (error) {
      closeSync(handle);
      throw error;
    }
    this.close();
    // The descriptor follows the file through its renaming.
    this.handle = handle;
    this.bytes = Buffer.byteLength(content);
  }

  private append(record: z.infer<typeof entry>): void {
    if (this.file === null) return;
    try {
      if (this.handle === null || this.bytes >= this.rotateAt) return this.rotate(this.file);
      const line = Buffer.from(frame(record), "utf8");
      const written = writeSync(this.handle, line);
      this.bytes += written;
      // Half a record must not be followed by another one: the next write starts with a new file.
      if (written < line.length) this.bytes = this.rotateAt;
      fsyncSync(this.handle);
    } catch (error) {
      this.bytes = this.rotateAt;
      this.onWriteFailed(error);
    }
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Makes a rename durable. Not every file system can; then the rename is as durable as it makes it. */
function syncDirectory(dir: string): void {
  try {
    const handle = openSync(dir, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // not supported here
  }
}
