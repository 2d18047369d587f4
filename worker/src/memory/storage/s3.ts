/**
 * Archives in an S3-compatible bucket: one signed PUT (up to 5 GB, the protocol's limit for one), streamed from the disk,
 * with the archive's SHA-256 as the signed payload hash, so that the server refuses what was damaged on its way.
 */
import { randomUUID } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { MemoryError } from "../memoryError.js";
import { HttpFailure, persist, receive } from "../transfer.js";
import type { CredentialSource } from "./credentials.js";
import { keyBelow, locationOf, type S3Base } from "./location.js";
import type { SnapshotStorage } from "./storage.js";

export interface S3Options {
  base: S3Base;
  /** Default `us-east-1`, which other servers than Amazon's take. */
  region?: string | undefined;
  /** Another server than Amazon's; the bucket goes into the path there. */
  endpoint?: string | undefined;
  credentials: CredentialSource;
  fetch?: typeof fetch;
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Begins the name of an empty object below the prefix, there for a moment at each start. */
const CHECK_NAME = "agent-factory-check";
/** One PUT takes no more (Amazon S3, "Uploading objects"), in bytes. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Builds the storage. It touches only what lies below its own base. */
export function createS3Storage(options: S3Options): SnapshotStorage {
  const send = options.fetch ?? fetch;

  async function request(
    method: "GET" | "PUT" | "DELETE",
    location: string,
    init: {
      sha256?: string;
      sizeBytes?: number;
      body?: () => ReadableStream<Uint8Array>;
      signal: AbortSignal;
    },
  ): Promise<Response> {
    const key = keyBelow(options.base, location);
    if (key === null)
      throw new MemoryError("unavailable", "the snapshot lies outside of this worker's SNAPSHOT_BASE_URI");
    const { accessKeyId, secretAccessKey, sessionToken } = await options.credentials();
    const signed = await new AwsV4Signer({
      method,
      url: urlOf(options, key),
      headers: { "x-amz-content-sha256": init.sha256 ?? EMPTY_SHA256 },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: "s3",
      region: options.region ?? "us-east-1",
    }).sign();
    const headers = new Headers(signed.headers);
    if (init.sizeBytes !== undefined) headers.set("content-length", String(init.sizeBytes));
    // A redirect names another region, and a signature is good for one.
    const sending: RequestInit & { duplex?: "half" } = {
      method,
      headers,
      signal: init.signal,
      redirect: "manual",
    };
    if (init.body !== undefined) Object.assign(sending, { body: init.body(), duplex: "half" });
    const response = await send(signed.url, sending);
    if (!response.ok) throw await failureOfAnswer(response);
    return response;
  }

  return {
    locate: (of) => locationOf(options.base, of),
    async put(location, { file, sha256, sizeBytes }, clock, signal) {
      if (sizeBytes > MAX_PUT_BYTES)
        throw new MemoryError(
          "too_large",
          `the archive has ${sizeBytes} bytes; a bucket takes ${MAX_PUT_BYTES}`,
        );
      await persist(clock, signal, "upload", async () => {
        const body = () => Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
        const response = await request("PUT", location, { sha256, sizeBytes, body, signal });
        await response.arrayBuffer();
      });
    },
    async fetch(location, file, expected, clock, signal) {
      await persist(clock, signal, "download", async () => {
        await receive(await request("GET", location, { signal }), file, expected, signal);
      });
    },
    async check(clock, signal) {
      // Each start has its own: another worker that starts now would take a shared one away before it is read.
      const name = `${CHECK_NAME}-${randomUUID()}`;
      const location = `s3://${[options.base.bucket, options.base.prefix, name].filter((part) => part !== "").join("/")}`;
      await persist(clock, signal, "upload", async () => {
        const response = await request("PUT", location, { sizeBytes: 0, signal });
        await response.arrayBuffer();
      });
      await persist(clock, signal, "download", async () => {
        const response = await request("GET", location, { signal });
        await response.arrayBuffer();
      });
      await request("DELETE", location, { signal }).catch(() => undefined);
    },
    async remove(location, signal) {
      await request("DELETE", location, { signal }).catch(() => undefined);
    },
  };
}

function urlOf({ base, endpoint, region }: S3Options, key: string): string {
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, "")}/${base.bucket}/${key}`;
  // China's regions are a partition of their own.
  const domain = region?.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const host = `s3.${region ?? "us-east-1"}.${domain}`;
  // A dot in the name does not fit the server's certificate.
  return base.bucket.includes(".")
    ? `https://${host}/${base.bucket}/${key}`
    : `https://${base.bucket}.${host}/${key}`;
}

/** S3's own word for what is wrong (`AccessDenied`, `NoSuchBucket`); its message may hold more than belongs into a log. */
async function failureOfAnswer(response: Response): Promise<HttpFailure> {
  const text = await response.text().catch(() => "");
  const code = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1];
  const region = response.headers.get("x-amz-bucket-region") ?? /<Region>([^<]*)<\/Region>/.exec(text)?.[1];
  const isName = region !== undefined && /^[a-z0-9-]{1,40}$/.test(region);
  return new HttpFailure(response.status, code, isName ? region : undefined);
}
