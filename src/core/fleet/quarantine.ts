/**
 * Volumes with memory that is in no snapshot. Each has a row of its own from the end of the machine that could not save it until a
 * later machine has, or its retention is over; while a machine has it mounted the row names that one (`takenBy`). No sweep
 * forgets such a row, so what a volume holds never has to be guessed.
 */
import type { Policies } from "../../contract/policies.js";
import { isSaved, type MemoryFacts } from "../../policy/fleet/saved.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { LEASE_RETENTION_MS } from "../queue/due.js";
import { findConversation } from "../queue/enqueue.js";
import { newestReady } from "../snapshots/newest.js";
import { newestLease } from "../workers/reads.js";
import { findWorker } from "../workers/register.js";

type Machine = Doc<"machines">;
type Quarantined = Doc<"quarantinedVolumes">;
type Binding = NonNullable<Doc<"workers">["binding"]>;

/** A volume whose host has no room is given up after this many launches; the conversation starts from its snapshot. */
const MAX_FAILURES = 2;
/** Owners of one conversation that may have left a volume behind. */
const MAX_SEEN = 20;

export const findQuarantined = (ctx: QueryCtx, volumeId: string): Promise<Quarantined | null> =>
  ctx.db
    .query("quarantinedVolumes")
    .withIndex("by_volumeId", (q) => q.eq("volumeId", volumeId))
    .first();

/** No memory newer than the conversation's last good snapshot lies on the machine's volume `volumeId`. */
export async function isMachineSaved(ctx: QueryCtx, row: Machine, volumeId: string): Promise<boolean> {
  const worker = await findWorker(ctx, row.worker);
  const binding = worker?.binding;
  const snapshot = binding ? await newestReady(ctx, binding) : null;
  return isSaved({
    holds: worker ? (binding?.generation ?? "none") : "unknown",
    inherited: (await findQuarantined(ctx, volumeId)) !== null,
    lastUse: await lastUseOf(ctx, row),
    snapshot,
  });
}

/** Leases are forgotten after a while: only of a machine that is younger than that does their absence say anything. */
async function lastUseOf(ctx: QueryCtx, row: Machine): Promise<MemoryFacts["lastUse"]> {
  const lease = await newestLease(ctx, row.worker);
  const known = Math.max(lease?.seenAt ?? 0, row.lastUseAt ?? 0);
  if (known > 0) return known;
  return Date.now() - row.createdAt < LEASE_RETENTION_MS ? "never" : "unknown";
}

/** The volume that a launch for this conversation shall mount: it holds newer memory than any snapshot. */
export async function volumeToMount(
  ctx: QueryCtx,
  binding: Binding,
  row: Machine,
): Promise<Quarantined | null> {
  const kept = await ctx.db
    .query("quarantinedVolumes")
    .withIndex("by_conversation", (q) => q.eq("conversation", binding.conversation))
    .order("desc")
    .take(MAX_SEEN);
  const newest = kept.find(({ appName, takenBy, failures }) => {
    const free = takenBy === undefined || takenBy === row.worker;
    return appName === row.appName && free && failures < MAX_FAILURES;
  });
  if (!newest) return null;
  const snapshot = await newestReady(ctx, binding);
  const isNewer =
    !snapshot ||
    newest.generation > snapshot.generation ||
    (newest.generation === snapshot.generation && newest.lastUseAt > snapshot.createdAt);
  return isNewer ? newest : null;
}

/** A launch mounts it. False: another machine has it. */
export async function takeVolume(ctx: MutationCtx, volumeId: string, worker: string): Promise<boolean> {
  const kept = await findQuarantined(ctx, volumeId);
  if (!kept) return true;
  if (kept.takenBy !== undefined && kept.takenBy !== worker) return false;
  await ctx.db.patch(kept._id, { takenBy: worker });
  return true;
}

/** The machine does not mount it after all. Returns whether it was one that is kept. */
export async function releaseVolume(
  ctx: MutationCtx,
  volumeId: string,
  worker: string,
  hadNoRoom = false,
): Promise<boolean> {
  const kept = await findQuarantined(ctx, volumeId);
  if (!kept || (kept.takenBy !== undefined && kept.takenBy !== worker)) return false;
  await ctx.db.patch(kept._id, { takenBy: undefined, failures: kept.failures + (hadNoRoom ? 1 : 0) });
  return true;
}

/** The machine is gone, its memory is not saved: nobody deletes the volume before its time. */
export async function keepVolume(
  ctx: MutationCtx,
  row: Machine,
  volume: { id: string; region: string },
  fleet: Policies["fleet"],
): Promise<void> {
  const now = Date.now();
  const known = await findQuarantined(ctx, volume.id);
  const memory = await memoryOn(ctx, row, known, now);
  if (!memory) return;
  const fields = {
    ...memory,
    worker: row.worker,
    deleteAfter: now + fleet.volumeQuarantineMs,
    takenBy: undefined,
  };
  if (known) await ctx.db.patch(known._id, fields);
  else
    await ctx.db.insert("quarantinedVolumes", {
      ...fields,
      volumeId: volume.id,
      volumeName: row.volumeName,
      appName: row.appName,
      region: volume.region,
      failures: 0,
    });
  console.warn(`fleet.volumeQuarantined worker=${row.worker}`);
}

/** Whose memory it is, and how old. What was never used since is as old, and as much an earlier owner's, as it was. */
async function memoryOn(ctx: QueryCtx, row: Machine, known: Quarantined | null, now: number) {
  const used = await lastUseOf(ctx, row);
  const binding = (await findWorker(ctx, row.worker))?.binding;
  if (known && (used === "never" || !binding)) {
    const { conversation, conversationId, generation, lastUseAt } = known;
    return { conversation, conversationId, generation, lastUseAt };
  }
  const lastUseAt = typeof used === "number" ? used : now;
  if (binding) {
    const { conversation, conversationId, generation } = binding;
    return { conversation, conversationId, generation, lastUseAt };
  }
  const madeFor = await findConversation(ctx, row.madeFor);
  if (!madeFor) return null;
  const { _id: conversation, conversationId, generation = 0 } = madeFor;
  return { conversation, conversationId, generation, lastUseAt };
}

/** It is deleted, or what it holds is saved. `of`: by the machine of this worker, which says nothing of another one's. */
export async function forgetVolume(ctx: MutationCtx, volumeId: string, of?: string): Promise<void> {
  const kept = await findQuarantined(ctx, volumeId);
  const isOthers = of !== undefined && kept?.takenBy !== undefined && kept.takenBy !== of;
  if (kept && !isOthers) await ctx.db.delete(kept._id);
}
