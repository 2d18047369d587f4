/** What tests of snapshots do with a world: serve a conversation, save it, look at the rows and the files. */
import { expect } from "vitest";
import type { SnapshotReason } from "../../src/contract/snapshots.js";
import { sweepSnapshots } from "../../src/core/snapshots/sweep.js";
import { hexOfSha256 } from "../../src/policy/snapshots/sha256.js";
import type { World } from "./world.js";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The actions, bound to `world`. */
export function snapshotActions(world: World) {
  const claimStateful = async (workerId: string) => {
    const job = await world.t.mutation(world.lib.claim, { workerId, stateful: true });
    if (!job) throw new Error("nothing to claim");
    return job;
  };
  /** One message of `conversationId`, claimed and completed by a stateful worker, which is bound to it from then on. */
  async function serve(workerId: string, conversationId: string) {
    await world.send(conversationId, "hello");
    const job = await claimStateful(workerId);
    expect(job.conversationId).toBe(conversationId);
    await world.complete(workerId, job);
    return job;
  }
  const store = (text: string) =>
    world.t.run(async (ctx) => {
      const storageId = await ctx.storage.store(new Blob([text]));
      const file = await ctx.db.system.get(storageId);
      return { storageId, sha256: hexOfSha256(file?.sha256 ?? "") ?? "", sizeBytes: text.length };
    });
  const prepare = (
    workerId: string,
    conversationId?: string,
    more: {
      reason?: SnapshotReason;
      workerToken?: string;
      generation?: number;
      leaseId?: string;
      workspaceId?: string;
    } = {},
  ) =>
    world.t.mutation(world.lib.prepareDataSnapshotUpload, {
      workerId,
      workspaceId: "default",
      agentKey: "default",
      conversationId,
      reason: "manual",
      ...more,
    });
  async function save(
    workerId: string,
    conversationId: string,
    text: string,
    more: Parameters<typeof prepare>[2] = {},
  ) {
    const { snapshotId } = await prepare(workerId, conversationId, more);
    const file = await store(text);
    const ready = await world.t.mutation(world.lib.finalizeDataSnapshotUpload, {
      workerId,
      snapshotId,
      ...file,
    });
    expect(ready).toBe(true);
    return { snapshotId, ...file };
  }
  const restore = (fields: {
    conversationId?: string;
    workerId?: string;
    workerToken?: string;
    leaseId?: string;
  }) =>
    world.t.query(world.lib.getLatestDataSnapshotForRestore, {
      workspaceId: "default",
      agentKey: "default",
      ...fields,
    });
  const mint = async (fields: { workerId?: string; workspace?: string }) =>
    (await world.t.mutation(world.lib.createAgentWorkerToken, fields)).token;
  const rows = () => world.t.run((ctx) => ctx.db.query("dataSnapshots").collect());
  const files = () => world.t.run(async (ctx) => (await ctx.db.system.query("_storage").collect()).length);
  const sweep = () => world.t.run((ctx) => sweepSnapshots(ctx));
  const workerOf = (workerId: string) =>
    world.t.run((ctx) =>
      ctx.db
        .query("workers")
        .withIndex("by_workerId", (q) => q.eq("workerId", workerId))
        .unique(),
    );
  const setStatus = (workerId: string, status: "draining" | "stopped") =>
    world.t.run(async (ctx) => {
      const row = await ctx.db
        .query("workers")
        .withIndex("by_workerId", (q) => q.eq("workerId", workerId))
        .unique();
      if (row) await ctx.db.patch(row._id, { status });
    });
  return {
    claimStateful,
    serve,
    store,
    prepare,
    save,
    restore,
    mint,
    rows,
    files,
    sweep,
    workerOf,
    setStatus,
  };
}
