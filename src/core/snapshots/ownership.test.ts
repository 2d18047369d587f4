import { beforeEach, describe, expect, it, vi } from "vitest";
import { HOUR, snapshotActions } from "../../../test/component/snapshots.js";
import { START, useWorld } from "../../../test/component/world.js";
import { newestReady } from "./newest.js";

const world = useWorld();
const { claimStateful, serve, store, prepare, save, restore, mint, rows, workerOf } = snapshotActions(world);

describe("whose memory", () => {
  beforeEach(async () => {
    await serve("wA", "alice");
    await save("wA", "alice", "alice's");
    await serve("wB", "bob");
  });

  it("never crosses: bob's worker gets nothing of alice's, with or without naming a conversation", async () => {
    const workerToken = await mint({ workerId: "wB" });
    expect(await restore({ workerToken })).toBeNull();
    expect(await restore({ workerToken, conversationId: "alice" })).toBeNull();
    const own = await mint({ workerId: "wA" });
    expect(await restore({ workerToken: own })).not.toBeNull();
    expect(await restore({ workerToken: own, conversationId: "bob" })).toBeNull();
    expect(await restore({})).toBeNull();
  });

  it("a worker with a token saves its own conversation only, and one that never claimed saves nothing", async () => {
    const workerToken = await mint({ workerId: "wB" });
    await expect(prepare("wB", "alice", { workerToken })).rejects.toThrow("snapshot_refused");
    await expect(prepare("wB", "bob", { workerToken, workspaceId: "acme" })).rejects.toThrow(
      "snapshot_refused",
    );
    const idle = await mint({ workerId: "w9" });
    await expect(prepare("w9", undefined, { workerToken: idle })).rejects.toThrow("snapshot_refused");
    await expect(prepare("wA", "alice", { workerToken })).rejects.toThrow("worker_mismatch");
    // As the published image asks: without a conversation it is the bound one.
    await prepare("wB", undefined, { workerToken });
    expect((await rows()).at(-1)).toMatchObject({ conversationId: "bob", generation: 1 });
  });

  it("the host may save for a worker that never claimed, but that shadows nobody", async () => {
    vi.setSystemTime(START + HOUR);
    await save("w9", "alice", "an empty workspace");
    const { snapshotId } = await prepare("w9");
    await world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
      workerId: "w9",
      snapshotId,
      ...(await store("x")),
    });
    const found = await restore({ conversationId: "alice" });
    expect(found).toMatchObject({ sizeBytes: "alice's".length, generation: 1 });
  });

  it("a token bound to no worker needs a lease that the worker had", async () => {
    await world.send("carol", "hello");
    const workerToken = await mint({});
    const job = await world.t.mutation(world.lib.claim, { workerId: "wC", stateful: true, workerToken });
    if (!job) throw new Error("nothing to claim");
    const memory = (fields: { workerId: string; leaseId?: string }) =>
      world.t.query(world.lib.getWorkerMemory, { ...fields, workerToken });
    expect(await memory({ workerId: "wC" })).toBeNull();
    expect(await memory({ workerId: "wA", leaseId: job.leaseId })).toBeNull();
    expect(await memory({ workerId: "wC", leaseId: job.leaseId })).toMatchObject({
      conversationId: "carol",
      workspaceId: "default",
      generation: 1,
      everyTurns: 20,
    });
    await world.complete("wC", job);
    await prepare("wC", "carol", { workerToken, leaseId: job.leaseId });
    await expect(prepare("wC", "carol", { workerToken })).rejects.toThrow("snapshot_refused");
    const elsewhere = await mint({ workspace: "acme" });
    expect(
      await world.t.query(world.lib.getWorkerMemory, {
        workerId: "wC",
        leaseId: job.leaseId,
        workerToken: elsewhere,
      }),
    ).toBeNull();
  });
});

describe("generations", () => {
  it("a late upload of an earlier owner never shadows a later owner's", async () => {
    await serve("w1", "c1");
    const early = await prepare("w1", "c1");
    // w1 goes silent in the middle of a message; w2 takes over.
    await world.send("c1", "next");
    await claimStateful("w1");
    await world.pass(80_000, 1_000);
    const job = await claimStateful("w2");
    await world.complete("w2", job);
    const later = await save("w2", "c1", "second owner");
    vi.setSystemTime(Date.now() + HOUR);
    await world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
      workerId: "w1",
      snapshotId: early.snapshotId,
      ...(await store("first owner, late")),
    });
    await save("w1", "c1", "first owner, later still");
    const found = await world.t.run((ctx) =>
      newestReady(ctx, { workspace: "default", agentKey: "default", conversationId: "c1" }),
    );
    expect(found?._id).toBe(later.snapshotId);
    expect(await restore({ conversationId: "c1" })).toMatchObject({
      snapshotId: later.snapshotId,
      generation: 2,
    });
  });

  it("a worker says when its disk is of an earlier ownership than its binding, and cannot claim a later one", async () => {
    await serve("w1", "c1");
    for (const generation of [0, 1, 7]) await prepare("w1", "c1", { generation });
    expect((await rows()).map(({ generation }) => generation)).toEqual([0, 1, 1]);
  });
});

describe("release", () => {
  const release = (workerId: string, conversationId: string, snapshotId: string) =>
    world.t.mutation(world.lib.releaseConversation, { workerId, conversationId, snapshotId });

  it("gives the conversation up once everything is saved, and the worker takes another", async () => {
    await serve("w1", "c1");
    await world.send("c2", "waiting");
    expect(await world.t.mutation(world.lib.claim, { workerId: "w1", stateful: true })).toBeNull();
    const { snapshotId } = await prepare("w1", "c1");
    expect(await release("w1", "c1", snapshotId)).toBe(false);
    const saved = await save("w1", "c1", "all of it");
    expect(await release("w2", "c1", saved.snapshotId)).toBe(false);
    expect(await release("w1", "c2", saved.snapshotId)).toBe(false);
    expect(await release("w1", "c1", saved.snapshotId)).toBe(true);
    expect(await release("w1", "c1", saved.snapshotId)).toBe(true);
    expect((await workerOf("w1"))?.binding).toBeUndefined();
    expect((await claimStateful("w1")).conversationId).toBe("c2");
  });

  it("is refused while a message is in hand, or turns came after the snapshot", async () => {
    await serve("w1", "c1");
    const saved = await save("w1", "c1", "before");
    await world.send("c1", "one more");
    const job = await claimStateful("w1");
    expect(await release("w1", "c1", saved.snapshotId)).toBe(false);
    await world.t.mutation(world.lib.settle, {
      ...world.lease("w1", job),
      turns: [{ role: "user", content: "one more" }],
      outcome: { kind: "complete" },
    });
    expect(await release("w1", "c1", saved.snapshotId)).toBe(false);
    expect(await release("w1", "c1", (await save("w1", "c1", "after")).snapshotId)).toBe(true);
  });
});
