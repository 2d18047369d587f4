import { describe, expect, it, vi } from "vitest";
import { HOUR, DAY, snapshotActions } from "../../../test/component/snapshots.js";
import { START, useWorld } from "../../../test/component/world.js";
import type { Id } from "../../component/_generated/dataModel.js";

const world = useWorld();
const { serve, store, prepare, save, restore, rows, files, sweep } = snapshotActions(world);

describe("retention", () => {
  it("keeps the newest for ever, deletes the files of superseded ones, and forgets them later", async () => {
    await serve("w1", "c1");
    for (const text of ["1", "2", "3", "4"]) {
      await save("w1", "c1", text);
      vi.setSystemTime(Date.now() + 1_000);
    }
    expect(await sweep()).toBe(0);
    vi.setSystemTime(START + 2 * HOUR);
    expect(await sweep()).toBe(2);
    expect(await files()).toBe(2);
    expect((await rows()).map(({ status }) => status)).toEqual(["expired", "expired", "ready", "ready"]);
    vi.setSystemTime(START + 400 * DAY);
    expect(await sweep()).toBe(2);
    expect(await sweep()).toBe(0);
    expect(await restore({ conversationId: "c1" })).not.toBeNull();
    expect(await files()).toBe(2);
  });

  it("expires unfinished uploads and those of no conversation; failed rows go", async () => {
    await serve("w1", "c1");
    const unfinished = await prepare("w1", "c1");
    const failed = await prepare("w1", "c1");
    await world.t.mutation(world.lib.failDataSnapshotUpload, {
      workerId: "w1",
      snapshotId: failed.snapshotId,
      error: "x",
    });
    const { snapshotId } = await prepare("w9");
    const file = await store("nobody's");
    await world.t.mutation(world.lib.finalizeDataSnapshotUpload, { workerId: "w9", snapshotId, ...file });
    vi.setSystemTime(START + 7 * DAY + 1);
    expect(await sweep()).toBe(3);
    expect(await files()).toBe(0);
    expect(
      await world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
        workerId: "w1",
        snapshotId: unfinished.snapshotId,
        ...(await store("too late")),
      }),
    ).toBe(false);
    vi.setSystemTime(START + 15 * DAY);
    expect(await sweep()).toBe(2);
    expect(await rows()).toEqual([]);
  });

  it("brings a marked one back when the policy keeps more by now", async () => {
    await serve("w1", "c1");
    for (const text of ["1", "2", "3"]) {
      await save("w1", "c1", text);
      vi.setSystemTime(Date.now() + 1_000);
    }
    await world.t.mutation(world.lib.setPolicies, { policies: { snapshots: { keep: 3 } } });
    vi.setSystemTime(START + 2 * HOUR);
    expect(await sweep()).toBe(1);
    expect(await sweep()).toBe(0);
    expect(await files()).toBe(3);
  });

  it("does a bounded number of rows per run and gets through", async () => {
    const ids: Id<"dataSnapshots">[] = [];
    for (let i = 0; i < 60; i += 1)
      ids.push((await prepare("w1", `c${i}`)).snapshotId as Id<"dataSnapshots">);
    vi.setSystemTime(START + 7 * DAY + 1);
    expect([await sweep(), await sweep(), await sweep(), await sweep()]).toEqual([25, 25, 10, 0]);
    expect(new Set(ids).size).toBe(60);
  });
});

describe("lists", () => {
  it("show every status, newest first, and a URL only when the host asks", async () => {
    await serve("w1", "c1");
    await save("w1", "c1", "one");
    vi.setSystemTime(START + 1_000);
    await prepare("w1", "c1");
    const list = (fields: { limit?: number; includeDownloadUrls?: boolean }) =>
      world.t.query(world.lib.listSnapshotsForConversation, { conversationId: "c1", ...fields });
    expect((await list({})).map(({ status, downloadUrl }) => [status, downloadUrl])).toEqual([
      ["uploading", null],
      ["ready", null],
    ]);
    const withUrls = await list({ includeDownloadUrls: true });
    expect(withUrls.map(({ downloadUrl }) => downloadUrl !== null)).toEqual([false, true]);
    expect(await list({ limit: 1 })).toHaveLength(1);
  });
});
