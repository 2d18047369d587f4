/** An archive to and from the deployment's file storage, streamed. The URLs are credentials: they appear nowhere. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { equalJitter } from "../../../src/policy/retry/backoff.js";
import { repeat } from "../retry.js";
import type { Clock } from "../clock.js";
import type { Packed } from "./archive.js";
import { MemoryError, systemCode } from "./memoryError.js";
import { parseJson } from "../../../src/policy/text/parseJson.js";

const ATTEMPTS = 4;
const backoff = equalJitter(250, 5_000);

const uploadReply = z.object({ storageId: z.string().min(1) });

export interface Expected {
  sha256: string | null;
  sizeBytes: number | null;
  maxBytes: number;
}

/** Stores the archive; the result is its storage id. Repeats what may succeed later. Rejects with a {@link MemoryError}. */
export function upload(url: string, packed: Packed, clock: Clock, signal: AbortSignal): Promise<string> {
  return persist(clock, signal, "upload", async () => {
    // `duplex` is what a streamed body needs and what the platform's type does not know.
    const init: RequestInit & { duplex: "half" } = {
      method: "POST",
      headers: {
        "content-type": "application/gzip",
        "content-length": String(packed.sizeBytes),
        digest: `sha-256=${Buffer.from(packed.sha256, "hex").toString("base64")}`,
      },
      body: Readable.toWeb(createReadStream(packed.file)) as ReadableStream<Uint8Array>,
      duplex: "half",
      signal,
    };
    const response = await fetch(url, init);
    const text = await response.text();
    if (!response.ok) throw new HttpFailure(response.status);
    const parsed = uploadReply.safeParse(parseJson(text));
    if (!parsed.success) throw new MemoryError("unavailable", "the file storage gave no storage id");
    return parsed.data.storageId;
  });
}

/** Fetches an archive into `file` and compares it with what was promised. Rejects with a {@link MemoryError}. */
export function download(
  url: string,
  file: string,
  expected: Expected,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  return persist(clock, signal, "download", async () => {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new HttpFailure(response.status);
    return await receive(response, file, expected, signal);
  });
}

/** Writes an answer's body into `file`, compared with what was promised on the way. */
export async function receive(
  response: Response,
  file: string,
  expected: Expected,
  signal: AbortSignal,
): Promise<number> {
  if (response.body === null) throw new HttpFailure(response.status);
  const hash = createHash("sha256");
  let bytes = 0;
  const limit = expected.sizeBytes ?? expected.maxBytes;
  await pipeline(
    Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > limit) throw new MemoryError("damaged", "the archive is larger than it should be");
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600 }),
    { signal },
  );
  if (expected.sizeBytes !== null && bytes !== expected.sizeBytes)
    throw new MemoryError("damaged", "the archive is shorter than it should be");
  if (expected.sha256 !== null && hash.digest("hex") !== expected.sha256.toLowerCase())
    throw new MemoryError("damaged", "the archive's SHA-256 is not the recorded one");
  return bytes;
}

/** S3's "Error responses" that pass by themselves, whatever their status. */
const passing: ReadonlySet<string> = new Set([
  "RequestTimeout",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "RequestLimitExceeded",
  "BandwidthLimitExceeded",
  "InternalError",
  "ServiceUnavailable",
  "OperationAborted",
  "ConditionalRequestConflict",
]);

/** An answer that is not the wanted one. `code`: the server's own word for it. */
export class HttpFailure extends Error {
  constructor(
    readonly status: number,
    readonly code?: string,
    /** Where the server says that the bucket is. */
    readonly region?: string,
  ) {
    super(code === undefined ? `HTTP ${status}` : `HTTP ${status} ${code}`);
  }
  /** true: the same may succeed later. Servers put what passes under any status, and say so by their word for it. */
  get transient(): boolean {
    const { status, code } = this;
    return status >= 500 || status === 429 || status === 408 || status === 425 || passing.has(code ?? "");
  }
}

/** Also repeats a damaged download: it may have been damaged on its way. */
export async function persist<T>(
  clock: Clock,
  signal: AbortSignal,
  what: "upload" | "download",
  attempt: () => Promise<T>,
): Promise<T> {
  const onFailure = (error: unknown, failures: number): void => {
    if (signal.aborted || failures >= ATTEMPTS || (error instanceof HttpFailure && !error.transient))
      throw error;
  };
  try {
    return await repeat(attempt, { clock, backoff, signal, onFailure });
  } catch (error) {
    if (signal.aborted) throw new MemoryError("unavailable", `the ${what} was cut short`, { cause: error });
    throw asMemoryError(what, error);
  }
}

function asMemoryError(what: string, error: unknown): MemoryError {
  if (error instanceof MemoryError) return error;
  const why = error instanceof HttpFailure ? error.message : systemCode(error);
  return new MemoryError("unavailable", `the ${what} failed (${why})`, { cause: error });
}
