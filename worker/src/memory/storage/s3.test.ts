import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkingFetch } from "../../../../test/worker/signedS3.js";
import { MemoryWorld } from "../../../../test/worker/memoryWorld.js";
import { clock, failureOf, keys, of, signal, useBucket } from "../../../../test/worker/bucket.js";

const bucket = useBucket();
let world: MemoryWorld;
beforeEach(async () => {
  world = await MemoryWorld.create();
});
afterEach(() => world.close());

describe("an archive in a bucket", () => {
  it("of more bytes than one HTTP action takes comes back as it was; removed, it is gone", async () => {
    const storage = bucket.storageAt();
    const bytes = randomBytes(24 * 1024 * 1024);
    const archive = await bucket.packed(bytes);
    const location = storage.locate(of);
    expect(location).toBe("s3://memories/prod/acme/a_b/s1.tgz");
    await storage.put(location, archive, clock, signal);
    const back = path.join(bucket.dir, "back.tgz");
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
    const storage = bucket.storageAt();
    const archive = await bucket.packed(Buffer.from("one"));
    const location = storage.locate(of);
    await storage.put(location, archive, clock, signal);
    const fetched = (sha256: string, sizeBytes: number) =>
      failureOf(
        storage.fetch(
          location,
          path.join(bucket.dir, "b"),
          { sha256, sizeBytes, maxBytes: 99 },
          clock,
          signal,
        ),
      );
    expect(await fetched("0".repeat(64), 3)).toContain("SHA-256");
    expect(await fetched(archive.sha256, 2)).toContain("larger");
  });

  it("is signed: another secret is refused with S3's own word and the archive is not repeated four times", async () => {
    let sent = 0;
    const storage = bucket.storageAt({
      credentials: () => Promise.resolve({ ...keys, secretAccessKey: "wrong" }),
      fetch: checkingFetch(keys.secretAccessKey, () => (sent += 1)),
    });
    const failure = await failureOf(
      storage.put(storage.locate(of), await bucket.packed(Buffer.from("x")), clock, signal),
    );
    expect(failure).toBe("memory: the upload failed (HTTP 403 SignatureDoesNotMatch)");
    expect(sent).toBe(1);
  });

  it("is repeated when the server fails, with a fresh body", async () => {
    let sent = 0;
    const storage = bucket.storageAt({
      fetch: (...args) => {
        sent += 1;
        return sent < 3
          ? Promise.resolve(new Response("<Code>SlowDown</Code>", { status: 503 }))
          : fetch(...args);
      },
    });
    await storage.put(storage.locate(of), await bucket.packed(Buffer.from("x")), clock, signal);
    expect(sent).toBe(3);
  });

  it.each(["s3://others/prod/acme/a/s1.tgz", "s3://memories/test/s1.tgz", "s3://memories/prod/../x/s1.tgz"])(
    "at %s is not this worker's: neither read nor removed",
    async (location) => {
      let sent = 0;
      const storage = bucket.storageAt({ fetch: (...args) => ((sent += 1), fetch(...args)) });
      const expected = { sha256: null, sizeBytes: null, maxBytes: 9 };
      const failure = await failureOf(
        storage.fetch(location, path.join(bucket.dir, "b"), expected, clock, signal),
      );
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
    const one = await world.booted("one", {}, bucket.storageAt());
    await world.turn(one, "one", "alice", "likes blue");
    expect(await one.memory.save("periodic")).toBe(true);
    const [row] = world.server.rows;
    expect(row).toMatchObject({ status: "ready", location: "s3://memories/prod/default/a/s0.tgz" });
    expect([row?.storageId, world.server.files.size]).toEqual([undefined, 0]);
    await world.booted("two", {}, bucket.storageAt());
    expect(await world.read("two", "fact")).toBe("likes blue");

    world.server.discardable.push(row?.location ?? "");
    await world.turn(one, "one", "alice", "likes green");
    expect(await one.memory.save("periodic")).toBe(true);
    const gone = bucket.storageAt().fetch(
      row?.location ?? "",
      path.join(bucket.dir, "b"),
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
    const one = await world.booted("one", {}, bucket.storageAt());
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
    await world.booted("two", {}, bucket.storageAt());
    expect(await world.read("two", "fact")).toBe("likes blue");
  });

  it("whose finalize was not heard of stays; only what the component did not take is removed", async () => {
    bind();
    const removed: string[] = [];
    const storage = bucket.storageAt();
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
