/**
 * Machines and volumes of this deployment that no row owns. A machine is ours by its metadata; a volume, which carries none, by a
 * name that only we could have given: that of a worker whose row we keep. Two listings, `fleet.orphanGraceMs` apart, must show
 * an orphan before it is collected, and the collector looks again right before it acts.
 */
import { asQuery, asAction, asMutation } from "../functions.js";
import { v } from "convex/values";
import type { Policies } from "../../contract/policies.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { vProviderConfig } from "../../contract/providers.js";
import { loadProviderConfig } from "../config/runtime.js";
import { isGone } from "../providers/provider.js";
import { deploymentTag, providerFor } from "./credentials.js";
import { failureOf } from "../providers/providerError.js";
import { DEPLOYMENT_TAG, type Listing, type VolumeListing } from "./listing.js";
import { machineOf } from "../signals/fleet.js";
import { noteMade } from "./reports.js";
import { deleteVolume, isLostVolume } from "./deleteVolume.js";

/** More than a deployment ever has machines. */
const MAX_KNOWN = 1_000;

/**
 * A machine that the launch of a living row has not reported yet is made known to the row.
 * @param gone orphans of which the provider says so.
 */
export async function noteMachineOrphans(
  ctx: MutationCtx,
  { machines, begunAt }: Listing,
  gone: readonly string[],
  fleet: Policies["fleet"],
): Promise<void> {
  const forgotten = new Set(gone);
  for (const machine of machines.filter(({ ours }) => ours)) {
    const owner = await ownerOfMachine(ctx, machine.id, machine.name);
    if (owner) {
      const { id: machineId, region, volumeId } = machine;
      const isNews = owner.machineId === undefined || owner.step === "launching";
      if (isNews || (volumeId !== undefined && owner.volumeId !== volumeId))
        await noteMade(ctx, owner, { machineId, region, volumeId }, { fleet, isNews });
      forgotten.add(machineId);
      continue;
    }
    if (await endedSince(ctx, machine.id, machine.name, begunAt)) continue;
    await note(ctx, { kind: "machine", providerId: machine.id, name: machine.name }, fleet);
  }
  await forget(ctx, "machine", (id) => forgotten.has(id));
}

/** Returns how many there are. */
export async function noteVolumeOrphans(
  ctx: MutationCtx,
  volumes: VolumeListing,
  fleet: Policies["fleet"],
): Promise<number> {
  const seen = new Set<string>();
  for (const { id, name } of volumes) {
    if (!(await isLostVolume(ctx, id, name))) continue;
    seen.add(id);
    await note(ctx, { kind: "volume", providerId: id, name }, fleet);
  }
  // One that a complete listing does not show is gone, or will be noted again.
  await forget(ctx, "volume", (id) => !seen.has(id));
  return seen.size;
}

/** The list was begun before the provider confirmed that this very machine is gone. */
async function endedSince(ctx: QueryCtx, machineId: string, name: string, begunAt: number): Promise<boolean> {
  const row = await machineOf(ctx, name);
  return row?.machineId === machineId && (row.stoppedAt ?? 0) >= begunAt;
}

/** The living row whose machine this is, or may be. */
async function ownerOfMachine(
  ctx: QueryCtx,
  machineId: string,
  name: string,
): Promise<Doc<"machines"> | null> {
  const owner = await machineOf(ctx, name);
  return owner?.live === true && (owner.machineId ?? machineId) === machineId ? owner : null;
}

async function note(
  ctx: MutationCtx,
  orphan: Pick<Doc<"orphans">, "kind" | "providerId" | "name">,
  fleet: Policies["fleet"],
): Promise<void> {
  const now = Date.now();
  const known = await ctx.db
    .query("orphans")
    .withIndex("by_providerId", (q) => q.eq("providerId", orphan.providerId))
    .unique();
  if (!known) {
    await ctx.db.insert("orphans", { ...orphan, firstSeenAt: now, lastSeenAt: now, listings: 1 });
    return;
  }
  await ctx.db.patch(known._id, { lastSeenAt: now, listings: known.listings + 1 });
  if (now - known.firstSeenAt >= fleet.orphanGraceMs)
    await ctx.scheduler.runAfter(0, internal.cloud.collectOrphan, { orphan: known._id });
}

async function forget(
  ctx: MutationCtx,
  kind: "machine" | "volume",
  isOver: (providerId: string) => boolean,
): Promise<void> {
  const rows = await ctx.db
    .query("orphans")
    .withIndex("by_kind", (q) => q.eq("kind", kind))
    .take(MAX_KNOWN);
  for (const row of rows) if (isOver(row.providerId)) await ctx.db.delete(row._id);
}

export const target = asQuery({
  args: { orphan: v.id("orphans") },
  returns: v.union(
    v.null(),
    v.object({
      config: vProviderConfig,
      kind: v.union(v.literal("machine"), v.literal("volume")),
      providerId: v.string(),
      name: v.string(),
    }),
  ),
})(async (ctx, { orphan }) => {
  const row = await ctx.db.get(orphan);
  const config = await loadProviderConfig(ctx);
  if (!row || !config) return null;
  const { kind, providerId, name } = row;
  // Since it was seen a launch may have reported it.
  const isOwned = kind === "machine" && (await ownerOfMachine(ctx, providerId, name)) !== null;
  return isOwned ? null : { config, kind, providerId, name };
});

export const collect = asAction({ args: { orphan: v.id("orphans") }, returns: v.null() })(async (
  ctx,
  { orphan },
) => {
  const found = await ctx.runQuery(internal.fleet.orphanTarget, { orphan });
  if (!found) return null;
  try {
    const provider = await providerFor(ctx, found.config, {});
    if (found.kind === "volume") {
      // Since it was seen a retirement may have found memory on it.
      const { providerId: volumeId, name } = found;
      if ((await deleteVolume(ctx, provider, { volumeId, name, reason: "orphan" })) !== null) return null;
    } else {
      const machine = await provider.getMachine(found.providerId);
      const tag = await deploymentTag(ctx);
      const ours = !isGone(machine) && machine.metadata?.[DEPLOYMENT_TAG] === tag;
      if (ours) await provider.destroy(found.providerId);
      else if (!isGone(machine)) return null;
    }
    await ctx.runMutation(internal.fleet.recordOrphanCollected, { orphan });
  } catch (error) {
    const { code, message } = failureOf(error);
    await ctx.runMutation(internal.fleet.recordOrphanCollected, { orphan, problem: { code, message } });
  }
  return null;
});

export const collected = asMutation({
  args: {
    orphan: v.id("orphans"),
    problem: v.optional(v.object({ code: v.string(), message: v.string() })),
  },
  returns: v.null(),
})(async (ctx, { orphan, problem }) => {
  const row = await ctx.db.get(orphan);
  if (!row) return null;
  if (problem) await ctx.db.patch(orphan, { problem: { ...problem, at: Date.now() } });
  else {
    console.warn(`fleet.orphanCollected kind=${row.kind} name=${row.name}`);
    await ctx.db.delete(orphan);
  }
  return null;
});
