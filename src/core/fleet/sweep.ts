/** What the fleet owes the clock: lost wake-ups, the hourly look for forgotten machines, volumes and rows past their time. */
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { removeWorker } from "../workers/remove.js";
import { dueVolumes, isPassMissing, oldHours, oldMachines } from "./due.js";
import { glanceAtFleet, wakeFleet } from "../signals/fleet.js";

/** The provider is asked again to delete a volume after this, until it has taken the order. */
const DELETE_AGAIN_MS = 3_600_000;
/** A wake-up that was due this long ago was not heeded. */
const LOST_AFTER_MS = 60_000;
/** Each starts an action. */
const MOST_VOLUMES = 20;

/** A pass died with its action, or none has looked for an hour, and none is wanted: orders one. */
export async function rescueFleet(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const { nextPassAt } = await glanceAtFleet(ctx);
  const wanted = nextPassAt !== null && nextPassAt > now - LOST_AFTER_MS;
  if (wanted || !(await isPassMissing(ctx, now))) return 0;
  await wakeFleet(ctx, now);
  batch.count(1);
  batch.goesOn = false;
  return 1;
}

/** Has unsaved memory deleted whose retention is over. */
export async function sweepVolumes(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const due = await batch.take(dueVolumes(ctx, now), { most: MOST_VOLUMES });
  for (const volume of due) {
    await ctx.db.patch(volume._id, { deleteAfter: now + DELETE_AGAIN_MS });
    if (volume.takenBy === undefined)
      await ctx.scheduler.runAfter(0, internal.cloud.deleteVolume, { volume: volume._id });
  }
  return batch.rows;
}

export async function sweepMachines(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const now = Date.now();
  const machines = await batch.take(oldMachines(ctx, now), { shares: 2 });
  for (const row of machines) {
    const worker = await ctx.db.get(row.workerRow);
    if (worker?.status === "stopped") await removeWorker(ctx, worker);
    await ctx.db.delete(row._id);
  }
  for (const row of await batch.take(oldHours(ctx, now), { shares: 2 })) await ctx.db.delete(row._id);
  return batch.rows;
}
