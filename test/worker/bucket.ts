/** A bucket on a local server that checks every signature, and what tests of it share. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import S3rver from "s3rver";
import { afterEach, beforeEach } from "vitest";
import { checkingFetch } from "./signedS3.js";
import { systemClock } from "../../worker/src/clock.js";
import type { Packed } from "../../worker/src/memory/archive.js";
import { LeftOut } from "../../worker/src/memory/leftOut.js";
import { MemoryError } from "../../worker/src/memory/memoryError.js";
import { createS3Storage, type S3Options } from "../../worker/src/memory/storage/s3.js";

export const clock = { ...systemClock, sleep: () => Promise.resolve() };
export const signal = new AbortController().signal;
/** The one key pair that the local server knows. */
export const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
/** Whose archive the tests keep. */
export const of = { workspaceId: "acme", agentKey: "a/b", snapshotId: "s1" };

/** Starts the server for each test of a file, with the buckets `memories` and `others`. */
export function useBucket() {
  const bucket = {
    dir: "",
    endpoint: "",
    server: undefined as unknown as S3rver,
    storageAt: (more: Partial<S3Options> = {}) =>
      createS3Storage({
        base: { bucket: "memories", prefix: "prod" },
        endpoint: bucket.endpoint,
        credentials: () => Promise.resolve(keys),
        fetch: checkingFetch(keys.secretAccessKey),
        ...more,
      }),
    packed: async (bytes: Buffer): Promise<Packed> => {
      const file = path.join(bucket.dir, "archive.tgz");
      await writeFile(file, bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { file, sha256, sizeBytes: bytes.length, leftOut: new LeftOut() };
    },
  };
  beforeEach(async () => {
    bucket.dir = await mkdtemp(path.join(tmpdir(), "s3-"));
    bucket.server = new S3rver({
      address: "127.0.0.1",
      port: 0,
      silent: true,
      directory: path.join(bucket.dir, "s3"),
      configureBuckets: [{ name: "memories" }, { name: "others" }],
    });
    bucket.endpoint = `http://127.0.0.1:${(await bucket.server.run()).port}`;
  });
  afterEach(async () => {
    await bucket.server.close();
    await rm(bucket.dir, { recursive: true, force: true });
  });
  return bucket;
}

/** What a call about memory failed with. @throws what is no such failure */
export const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MemoryError)) throw error;
  return error.message;
};
