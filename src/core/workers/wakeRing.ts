/**
 * Wakes idle workers: one for each ready conversation. Level-triggered: every pass pairs what is ready now with who is idle
 * now, so a ring that was missed or wrong costs time and nothing else. Two enqueues would choose the same worker, so only
 * the single-flight pass chooses.
 */
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import type { Ring, WaitingHead } from "./wakeChoice.js";
import { findWake } from "./wakeRow.js";

/** Rings a worker for each of `waiting` as far as there are idle ones. Returns whether they should be looked after soon. */
export async function ringForReady(ctx: MutationCtx, waiting: WaitingHead[]): Promise<boolean> {
  const now = Date.now();
  const rings: Ring[] = await ctx.runQuery(
    internal.queue.chooseWakes,
    { waiting, now, random: Math.random() },
    { useStaleSnapshot: true },
  );
  for (const { worker, expected } of rings)
    if (expected !== "onItsWay") await ring(ctx, worker, expected === "again" ? undefined : now);
  return rings.some(({ expected }) => expected !== "deaf");
}

/** Something else than work waits for this worker, such as its drain: it shall ask. */
export async function ringWorker(ctx: MutationCtx, worker: Doc<"workers">): Promise<void> {
  if (worker.listens === true) await ring(ctx, worker.workerId, Date.now());
}

/** It shall save and give up what it holds. A worker that does not listen hears of it with its next poll. */
export async function askToRelease(
  ctx: MutationCtx,
  { _id, workerId }: Doc<"workers">,
  binding: NonNullable<Doc<"workers">["binding"]>,
): Promise<void> {
  const now = Date.now();
  await ctx.db.patch(_id, { binding: { ...binding, askedAt: now } });
  await ring(ctx, workerId, now);
}

/** `at` absent: it was rung before and is still expected to react. */
async function ring(ctx: MutationCtx, worker: string, at: number | undefined): Promise<void> {
  const row = await findWake(ctx, worker);
  if (row) await ctx.db.patch(row._id, { seq: row.seq + 1, at: at ?? row.at });
  else await ctx.db.insert("wakes", { worker, seq: 1, at: Date.now() });
}
