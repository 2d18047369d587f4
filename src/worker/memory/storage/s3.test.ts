import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import S3rver from "s3rver";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryWorld } from "../../../../test/worker/memoryWorld.js";
import { checkingFetch } from "../../../../test/worker/signedS3.js";
import { systemClock } from "../../clock.js";
import { readEnv } from "../../env.js";
import { WorkerFault } from "../../faults.js";
import type { Packed } from "../archive.js";
import { LeftOut } from "../leftOut.js";
import { MemoryError } from "../memoryError.js";
import { snapshotStorage } from "./configured.js";
import { keyBelow, locationOf, parseS3Base } from "./location.js";
import { createS3Storage, type S3Options } from "./s3.js";

let dir: string;
let server: S3rver;
let endpoint: string;
let world: MemoryWorld;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "s3-"));
  const configureBuckets = [{ name: "memories" }, { name: "others" }];
  server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory: path.join(dir, "s3"),
    configureBuckets,
  });
  endpoint = `http://127.0.0.1:${(await server.run()).port}`;
  world = await MemoryWorld.create();
});
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await world.close();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const clock = { ...systemClock, sleep: () => Promise.resolve() };
const signal = new AbortController().signal;
/** The one key pair that the local server knows. */
const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
const storageAt = (more: Partial<S3Options> = {}) =>
  createS3Storage({
    base: { bucket: "memories", prefix: "prod" },
    endpoint,
    credentials: () => Promise.resolve(keys),
    fetch: checkingFetch(keys.secretAccessKey),
    ...more,
  });
const of = { workspaceId: "acme", agentKey: "a/b", snapshotId: "s1" };

async function packed(bytes: Buffer): Promise<Packed> {
  const file = path.join(dir, "archive.tgz");
  await writeFile(file, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file, sha256, sizeBytes: bytes.length, leftOut: new LeftOut() };
}
const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MemoryError)) throw error;
  return error.message;
};

describe("an archive in a bucket", () => {
  it("of more bytes than one HTTP action takes comes back as it was; removed, it is gone", async () => {
    const storage = storageAt();
    const bytes = randomBytes(24 * 1024 * 1024);
    const archive = await packed(bytes);
    const location = storage.locate(of);
    expect(location).toBe("s3://memories/prod/acme/a_b/s1.tgz");
    await storage.put(location, archive, clock, signal);
    const back = path.join(dir, "back.tgz");
    const expected = { sha256: archive.sha256, sizeBytes: archive.sizeBytes, maxBytes: bytes.length };
    await storage.fetch(location, back, expected, clock, signal);
    expect((await readFile(back)).equals(bytes)).toBe(true);
    await storage.remove(location, signal);
    await storage.remove(location, signal);
    expect(await failureOf(storage.fetch(location, back, expected, clock, signal))).toContain(
      "HTTP 404 NoSuchKey",
    );
  });

  it("that is not what was recorded is refused", async () => {
    const storage = storageAt();
    const archive = await packed(Buffer.from("one"));
    const location = storage.locate(of);
    await storage.put(location, archive, clock, signal);
    const fetched = (sha256: string, sizeBytes: number) =>
      failureOf(
        storage.fetch(location, path.join(dir, "b"), { sha256, sizeBytes, maxBytes: 99 }, clock, signal),
      );
    expect(await fetched("0".repeat(64), 3)).toContain("SHA-256");
    expect(await fetched(archive.sha256, 2)).toContain("larger");
  });

  it("is signed: another secret is refused with S3's own word and the archive is not repeated four times", async () => {
    let sent = 0;
    const storage = storageAt({
      credentials: () => Promise.resolve({ ...keys, secretAccessKey: "wrong" }),
      fetch: checkingFetch(keys.secretAccessKey, () => (sent += 1)),
    });
    const failure = await failureOf(
      storage.put(storage.locate(of), await packed(Buffer.from("x")), clock, signal),
    );
    expect(failure).toBe("memory: the upload failed (HTTP 403 SignatureDoesNotMatch)");
    expect(sent).toBe(1);
  });

  it("is repeated when the server fails, with a fresh body", async () => {
    let sent = 0;
    const storage = storageAt({
      fetch: (...args) => {
        sent += 1;
        return sent < 3
          ? Promise.resolve(new Response("<Code>SlowDown</Code>", { status: 503 }))
          : fetch(...args);
      },
    });
    await storage.put(storage.locate(of), await packed(Buffer.from("x")), clock, signal);
    expect(sent).toBe(3);
  });

  it.each(["s3://others/prod/acme/a/s1.tgz", "s3://memories/test/s1.tgz", "s3://memories/prod/../x/s1.tgz"])(
    "at %s is not this worker's: neither read nor removed",
    async (location) => {
      let sent = 0;
      const storage = storageAt({ fetch: (...args) => ((sent += 1), fetch(...args)) });
      const expected = { sha256: null, sizeBytes: null, maxBytes: 9 };
      const failure = await failureOf(storage.fetch(location, path.join(dir, "b"), expected, clock, signal));
      expect(failure).toContain("outside of this worker's SNAPSHOT_BASE_URI");
      await storage.remove(location, signal);
      expect(sent).toBe(0);
    },
  );
});

describe("a conversation's memory in a bucket", () => {
  const bind = () => world.bind("alice", 1);

  it("moves from worker to worker, and what is superseded is removed", async () => {
    bind();
    const one = await world.booted("one", {}, storageAt());
    await world.turn(one, "one", "alice", "likes blue");
    expect(await one.memory.save("periodic")).toBe(true);
    const [row] = world.server.rows;
    expect(row).toMatchObject({ status: "ready", location: "s3://memories/prod/default/a/s0.tgz" });
    expect([row?.storageId, world.server.files.size]).toEqual([undefined, 0]);
    await world.booted("two", {}, storageAt());
    expect(await world.read("two", "fact")).toBe("likes blue");

    world.server.discardable.push(row?.location ?? "");
    await world.turn(one, "one", "alice", "likes green");
    expect(await one.memory.save("periodic")).toBe(true);
    const gone = storageAt().fetch(
      row?.location ?? "",
      path.join(dir, "b"),
      {
        sha256: null,
        sizeBytes: null,
        maxBytes: 9_999,
      },
      clock,
      signal,
    );
    expect(await failureOf(gone)).toContain("NoSuchKey");
  });

  it("is not taken for an empty one by a worker without the bucket", async () => {
    bind();
    const one = await world.booted("one", {}, storageAt());
    await world.turn(one, "one", "alice", "likes blue");
    await one.memory.save("periodic");
    const two = await world.booted("two");
    const failure = await failureOf(two.memory.ensure({ conversationId: "alice", leaseId: "l" }, signal));
    expect(failure).toContain("SNAPSHOT_BASE_URI is not set here");
  });

  it("saved before the bucket was chosen is restored from the file storage", async () => {
    bind();
    const one = await world.booted("one");
    await world.turn(one, "one", "alice", "likes blue");
    await one.memory.save("periodic");
    await world.booted("two", {}, storageAt());
    expect(await world.read("two", "fact")).toBe("likes blue");
  });

  it("whose finalize was not heard of stays; only what the component did not take is removed", async () => {
    bind();
    const removed: string[] = [];
    const storage = storageAt();
    const one = await world.booted(
      "one",
      {},
      {
        ...storage,
        remove: (location, cut) => (removed.push(location), storage.remove(location, cut)),
      },
    );
    await world.turn(one, "one", "alice", "likes blue");
    world.server.onCall = (operation) => (/finalize|snapshot_fail/.test(operation) ? 500 : undefined);
    expect(await one.memory.save("signal")).toBe(false);
    expect(removed).toEqual([]);
  });

  it("of more than 20 MB goes to the deployment's file storage as well", async () => {
    world.server.policy.maxBytes = 100_000_000;
    bind();
    const one = await world.booted("one");
    await world.turn(one, "one", "alice", randomBytes(16 * 1024 * 1024).toString("hex"));
    expect(await one.memory.save("periodic")).toBe(true);
    expect(world.server.rows[0]?.sizeBytes).toBeGreaterThan(16 * 1024 * 1024);
  }, 20_000);
});

describe("the configuration", () => {
  it("reads base URIs and says what is wrong with others", () => {
    expect(parseS3Base("s3://my-bucket/canonical/")).toEqual({ bucket: "my-bucket", prefix: "canonical" });
    expect(parseS3Base("s3://my-bucket")).toEqual({ bucket: "my-bucket", prefix: "" });
    for (const wrong of [
      "https://x/y",
      "s3://",
      "s3://UPPER/x",
      "s3://ok-bucket/a//b",
      "s3://ok-bucket/../x",
    ])
      expect(parseS3Base(wrong), wrong).toMatch(/^must /);
  });

  it("keeps below its own base whatever location it is given", () => {
    const base = { bucket: "my-bucket", prefix: "a" };
    expect(keyBelow(base, locationOf(base, of))).toBe("a/acme/a_b/s1.tgz");
    expect(keyBelow(base, "s3://my-bucket/ab/s1.tgz")).toBeNull();
    expect(keyBelow(base, "s3://my-bucket/a/../b/s1.tgz")).toBeNull();
  });

  it("is refused before the first use when there are no credentials", async () => {
    const env = {
      SNAPSHOT_BASE_URI: "s3://memories/prod",
      AWS_REGION: "eu-west-1",
      AWS_ENDPOINT_URL_S3: undefined,
    };
    const none = () => Promise.resolve(() => Promise.reject(new Error("Could not load credentials")));
    const refused = snapshotStorage(env, none);
    await expect(refused).rejects.toBeInstanceOf(WorkerFault);
    await expect(refused).rejects.toMatchObject({ code: "snapshot_store_not_configured", exitCode: 2 });
    expect(await snapshotStorage({ ...env, SNAPSHOT_BASE_URI: undefined }, none)).toBeUndefined();
  });

  describe("is tried at the start, which ends with the cause", () => {
    const started = async (env: Partial<Parameters<typeof snapshotStorage>[0]>, secret = keys) => {
      const all = {
        SNAPSHOT_BASE_URI: "s3://memories/prod",
        AWS_REGION: undefined,
        AWS_ENDPOINT_URL_S3: endpoint,
      };
      return await snapshotStorage(
        { ...all, ...env },
        () => Promise.resolve(() => Promise.resolve(secret)),
        clock,
      );
    };
    /** A server that gives these answers, the last one for ever; the result is how often it was asked. */
    async function answering(...answers: [status: number, code: string, headers?: Record<string, string>][]) {
      let asked = 0;
      const other = createServer((incoming, response) => {
        const [status, code, headers = {}] = answers[Math.min(asked, answers.length - 1)] ?? [200, ""];
        asked += 1;
        incoming
          .resume()
          .on("end", () =>
            response.writeHead(status, headers).end(code && `<Error><Code>${code}</Code></Error>`),
          );
      });
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      closing.push(() => new Promise((resolve) => (other.closeAllConnections(), other.close(resolve))));
      const { port } = other.address() as AddressInfo;
      const failure = await started({ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` }).then(
        () => null,
        (error: unknown) => error,
      );
      return { asked, failure: failure as WorkerFault | null };
    }
    it("a bucket that can be used passes and is left empty; one that is not there does not", async () => {
      const storage = await started({});
      const gone = { sha256: null, sizeBytes: null, maxBytes: 1 };
      const left = storage!.fetch(
        "s3://memories/prod/agent-factory-check",
        path.join(dir, "x"),
        gone,
        clock,
        signal,
      );
      expect(await failureOf(left)).toContain("NoSuchKey");
      await expect(started({ SNAPSHOT_BASE_URI: "s3://nothing/prod" })).rejects.toMatchObject({
        code: "snapshot_store_unusable",
        detail: "HTTP 404 NoSuchBucket: there is no such bucket: correct SNAPSHOT_BASE_URI",
      });
    });
    it.each<[number, string, Record<string, string>, string]>([
      [
        301,
        "PermanentRedirect",
        { "x-amz-bucket-region": "eu-west-3" },
        "another region: set AWS_REGION to eu-west-3",
      ],
      [307, "TemporaryRedirect", { location: "http://127.0.0.1:1/" }, "another region: set AWS_REGION"],
      [400, "AuthorizationHeaderMalformed", {}, "another region: set AWS_REGION"],
      [403, "InvalidAccessKeyId", {}, "the server does not know AWS_ACCESS_KEY_ID"],
      [403, "SignatureDoesNotMatch", {}, "AWS_SECRET_ACCESS_KEY does not belong"],
      [403, "AccessDenied", {}, "a right is missing"],
      [403, "", {}, "a right is missing"],
      [403, "RequestTimeTooSkewed", {}, "this machine's clock is wrong"],
      [400, "ExpiredToken", {}, "AWS_SESSION_TOKEN has expired"],
    ])("HTTP %i %s, asked once", async (status, code, headers, why) => {
      const { asked, failure } = await answering([status, code, headers]);
      expect(failure).toMatchObject({ code: "snapshot_store_unusable", exitCode: 1 });
      expect(failure?.detail).toContain(why);
      expect(asked).toBe(1);
    });
    it("a right to write without one to read is not enough", async () => {
      const { failure } = await answering([200, ""], [403, "AccessDenied"]);
      expect(failure?.detail).toContain("a right is missing");
    });
    it.each([
      [503, "SlowDown"],
      [500, "InternalError"],
      [400, "RequestTimeout"],
      [409, "OperationAborted"],
    ])("what passes is waited for, whatever its status: HTTP %i %s", async (status, code) => {
      const { asked, failure } = await answering([status, code], [status, code], [200, ""]);
      expect(failure).toBeNull();
      expect(asked).toBe(5);
    });
    it("a server that is not there", async () => {
      await server.close();
      const failed = started({});
      await expect(failed).rejects.toMatchObject({ detail: "the server cannot be reached (ECONNREFUSED)" });
      server = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory: path.join(dir, "s3") });
      await server.run();
    });
  });

  it("takes the standard variables through the SDK's chain", async () => {
    const before = { ...process.env };
    try {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" });
      const storage = await snapshotStorage({
        SNAPSHOT_BASE_URI: "s3://memories/prod",
        AWS_REGION: undefined,
        AWS_ENDPOINT_URL_S3: endpoint,
      });
      await storage?.put(storage.locate(of), await packed(Buffer.from("x")), clock, signal);
      expect(storage).toBeDefined();
    } finally {
      process.env = before;
    }
  });

  it("names every variable that is missing", () => {
    const result = readEnv(
      {
        BASE_INTERNAL_URL: "http://127.0.0.1:1/agent-factory",
        AGENT_TOKEN: "t",
        ENGINE: "echo",
        SNAPSHOT_BASE_URI: "s3://memories/prod",
        AWS_SECRET_ACCESS_KEY: "s",
      },
      () => "w",
    );
    expect(result.ok ? [] : result.problems.map(({ name }) => name)).toEqual([
      "AWS_ACCESS_KEY_ID",
      "AWS_REGION",
    ]);
  });
});
