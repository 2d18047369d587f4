import { describe, expect, it, vi } from "vitest";
import { DAY, HOUR, snapshotActions } from "../../../test/component/snapshots.js";
import { START, useWorld } from "../../../test/component/world.js";
import { archiveName } from "../../policy/snapshots/archiveLocation.js";
import { internal } from "../../component/_generated/api.js";

const world = useWorld();
const { serve, prepare, restore, rows, store } = snapshotActions(world);
const described = { sha256: "ab".repeat(32), sizeBytes: 3_000_000_000 };
const locationOf = (snapshotId: string) => `s3://memories/prod/default/${archiveName(snapshotId)}`;

const finalize = (snapshotId: string, more: Record<string, unknown>) =>
  world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
    workerId: "w1",
    snapshotId,
    ...described,
    ...more,
  });
async function saved(): Promise<string> {
  const { snapshotId } = await prepare("w1", "c1");
  expect(await finalize(snapshotId, { location: locationOf(snapshotId) })).toBe(true);
  return snapshotId;
}

describe("a snapshot in a bucket", () => {
  it("is recorded with its location and what the worker says of it, and given to the next owner", async () => {
    await serve("w1", "c1");
    await world.t.mutation(world.lib.setPolicies, { policies: { snapshots: { maxBytes: 4_000_000_000 } } });
    const snapshotId = await saved();
    expect(await finalize(snapshotId, { location: locationOf(snapshotId) })).toBe(true);
    expect(await finalize(snapshotId, { location: locationOf("another") })).toBe(false);
    expect(await restore({ conversationId: "c1" })).toMatchObject({
      snapshotId,
      location: locationOf(snapshotId),
      downloadUrl: locationOf(snapshotId),
      ...described,
    });
    const listed = await world.t.query(world.lib.listSnapshotsForConversation, {
      conversationId: "c1",
      includeDownloadUrls: true,
    });
    expect(listed).toMatchObject([{ snapshotId, downloadUrl: null, sizeBytes: described.sizeBytes }]);
  });

  it.each([
    ["another snapshot's archive", () => locationOf("another")],
    ["no bucket", (id: string) => `s3://${archiveName(id)}`],
    ["a web address", (id: string) => `https://evil.example/${archiveName(id)}`],
    ["a way out of the prefix", (id: string) => `s3://memories/prod/%2e%2e/${archiveName(id)}`],
    ["a very long way", (id: string) => `s3://memories/${"x/".repeat(1_000)}${archiveName(id)}`],
  ])("at %s is refused", async (_, locate) => {
    await serve("w1", "c1");
    const { snapshotId } = await prepare("w1", "c1");
    await expect(finalize(snapshotId, { location: locate(snapshotId), sizeBytes: 10 })).rejects.toThrow(
      "snapshot_mismatch",
    );
    expect(await restore({ conversationId: "c1" })).toBeNull();
  });

  it("without a hash or size, of too many bytes, or in two places at once is refused", async () => {
    await serve("w1", "c1");
    const { snapshotId } = await prepare("w1", "c1");
    const location = locationOf(snapshotId);
    await expect(finalize(snapshotId, { location, sha256: "no hash", sizeBytes: 5 })).rejects.toThrow(
      "snapshot_mismatch",
    );
    await expect(finalize(snapshotId, { location, sizeBytes: 0 })).rejects.toThrow("snapshot_mismatch");
    await expect(finalize(snapshotId, { location, sizeBytes: 2 ** 40 })).rejects.toThrow(
      "snapshot_too_large",
    );
    const { storageId } = await store("x");
    await expect(finalize(snapshotId, { location, storageId })).rejects.toThrow("invalid_argument");
    await expect(finalize(snapshotId, {})).rejects.toThrow("invalid_argument");
    expect(await rows()).toMatchObject([{ status: "uploading" }]);
  });

  it("that is superseded and expired is named to the worker that can delete it", async () => {
    await serve("w1", "c1");
    await world.t.mutation(world.lib.setPolicies, {
      policies: { snapshots: { keep: 1, maxBytes: 4_000_000_000 } },
    });
    const first = await saved();
    vi.setSystemTime(START + HOUR);
    const second = await saved();
    expect((await prepare("w1", "c1")).discardable).toBeUndefined();
    vi.setSystemTime(START + 3 * HOUR);
    await world.t.mutation(internal.upkeep.sweep, { name: "snapshots" });
    expect((await prepare("w1", "c1")).discardable).toEqual([locationOf(first)]);
    expect(await restore({ conversationId: "c1" })).toMatchObject({ snapshotId: second });
  });

  it("is named however late its conversation is saved again, and forgotten after that", async () => {
    await serve("w1", "c1");
    await world.t.mutation(world.lib.setPolicies, {
      policies: { snapshots: { keep: 1, maxBytes: 4_000_000_000 } },
    });
    const first = await saved();
    await saved();
    for (const at of [3 * HOUR, 400 * DAY]) {
      vi.setSystemTime(START + at);
      await world.t.mutation(internal.upkeep.sweep, { name: "snapshots" });
    }
    for (let again = 0; again < 2; again += 1)
      expect((await prepare("w1", "c1")).discardable).toEqual([locationOf(first)]);
    vi.setSystemTime(START + 408 * DAY);
    await world.t.mutation(internal.upkeep.sweep, { name: "snapshots" });
    expect((await prepare("w1", "c1")).discardable).toBeUndefined();
  });
});
