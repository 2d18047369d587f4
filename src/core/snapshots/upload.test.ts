import { describe, expect, it, vi } from "vitest";
import { DAY, snapshotActions } from "../../../test/component/snapshots.js";
import { START, useWorld } from "../../../test/component/world.js";

const world = useWorld();
const { serve, store, prepare, save, restore, rows, files, workerOf, setStatus } = snapshotActions(world);

describe("uploading → ready", () => {
  it("verifies size and hash of the stored file, and is repeatable", async () => {
    await serve("w1", "c1");
    const { snapshotId, uploadUrl, expiresAt } = await prepare("w1", "c1");
    expect(uploadUrl).toMatch(/^https?:/);
    expect(expiresAt).toBe(Date.now() + 7 * DAY);
    const file = await store("memory");
    const finalize = (fields: { storageId?: string; sha256?: string; sizeBytes?: number }) =>
      world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
        workerId: "w1",
        snapshotId,
        ...file,
        ...fields,
      });
    await expect(finalize({ sha256: "0".repeat(64) })).rejects.toThrow("snapshot_mismatch");
    await expect(finalize({ sizeBytes: 5 })).rejects.toThrow("snapshot_mismatch");
    await expect(finalize({ storageId: "nonsense" })).rejects.toThrow("snapshot_mismatch");
    expect(await restore({ conversationId: "c1" })).toBeNull();
    expect([await finalize({}), await finalize({})]).toEqual([true, true]);
    expect(await restore({ conversationId: "c1" })).toMatchObject({
      snapshotId,
      sha256: file.sha256,
      sizeBytes: 6,
    });
  });

  it("takes no file of another snapshot, and none that is older than the upload", async () => {
    await serve("w1", "c1");
    const early = await store("somebody else's file");
    vi.setSystemTime(START + 1_000);
    const first = await save("w1", "c1", "mine");
    const { snapshotId } = await prepare("w1", "c1");
    for (const { storageId, sha256, sizeBytes } of [first, early]) {
      await expect(
        world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
          workerId: "w1",
          snapshotId,
          storageId,
          sha256,
          sizeBytes,
        }),
      ).rejects.toThrow("snapshot_mismatch");
    }
  });

  it("refuses an archive beyond the policy", async () => {
    await world.t.mutation(world.lib.setPolicies, { policies: { snapshots: { maxBytes: 4 } } });
    await serve("w1", "c1");
    await expect(save("w1", "c1", "memory")).rejects.toThrow("snapshot_too_large");
  });

  it("moves a draining worker to stopping, but not for a periodic snapshot", async () => {
    await serve("w1", "c1");
    await setStatus("w1", "draining");
    await save("w1", "c1", "one", { reason: "periodic" });
    expect((await workerOf("w1"))?.status).toBe("draining");
    await save("w1", "c1", "two", { reason: "drain" });
    expect((await workerOf("w1"))?.status).toBe("stopping");
  });

  it("is another worker's business to no worker", async () => {
    await serve("w1", "c1");
    const { snapshotId } = await prepare("w1", "c1");
    const file = await store("x");
    const foreign = { workerId: "w2", snapshotId };
    expect(await world.t.mutation(world.lib.finalizeDataSnapshotUpload, { ...foreign, ...file })).toBe(false);
    expect(await world.t.mutation(world.lib.failDataSnapshotUpload, { ...foreign, error: "x" })).toBe(false);
    expect(
      await world.t.mutation(world.lib.failDataSnapshotUpload, {
        workerId: "w1",
        snapshotId: "zzz",
        error: "x",
      }),
    ).toBe(false);
  });
});

describe("uploading → failed", () => {
  it("keeps the reason, deletes the upload, never touches a ready one", async () => {
    await serve("w1", "c1");
    const ready = await save("w1", "c1", "good");
    const { snapshotId } = await prepare("w1", "c1");
    const { storageId, sha256 } = await store("bad");
    const fail = (id: string, upload = { storageId, sha256 }) =>
      world.t.mutation(world.lib.failDataSnapshotUpload, {
        workerId: "w1",
        snapshotId: id,
        error: "disk",
        upload,
      });
    expect(await fail(ready.snapshotId)).toBe(false);
    expect(await fail(snapshotId)).toBe(true);
    expect(await files()).toBe(1);
    expect((await restore({ conversationId: "c1" }))?.snapshotId).toBe(ready.snapshotId);
    expect((await rows()).map(({ status, error }) => [status, error])).toEqual([
      ["ready", undefined],
      ["failed", "disk"],
    ]);
  });

  it("deletes no file whose hash the caller does not know, and none of a snapshot", async () => {
    await serve("w1", "c1");
    const other = await store("a picture");
    const ready = await save("w1", "c1", "good");
    for (const upload of [
      { storageId: other.storageId, sha256: "0".repeat(64) },
      { storageId: ready.storageId, sha256: ready.sha256 },
    ]) {
      const { snapshotId } = await prepare("w1", "c1");
      await world.t.mutation(world.lib.failDataSnapshotUpload, {
        workerId: "w1",
        snapshotId,
        error: "x",
        upload,
      });
    }
    expect(await files()).toBe(2);
  });
});
