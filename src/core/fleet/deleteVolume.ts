/**
 * The one place where a volume is deleted. Whoever wants one gone says why; what speaks against it is looked up right before the order
 * (`policy/fleet/volumes.ts`), and the memory that was kept on it is forgotten with it.
 */
import { asAction, asMutation, asQuery } from "../functions.js";
import { v, type Infer, type ObjectType } from "convex/values";
import { keptBecause } from "../../policy/fleet/volumes.js";
import { vProviderConfig } from "../../contract/providers.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx, QueryCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/runtime.js";
import type { MachineProvider } from "../providers/provider.js";
import { failureOf } from "../providers/providerError.js";
import { machineOf } from "../signals/fleet.js";
import { providerFor } from "./credentials.js";
import { findQuarantined, forgetVolume as forget, isMachineSaved } from "./quarantine.js";

const vVolume = {
  volumeId: v.string(),
  reason: v.union(
    ...(["saved", "orphan", "expired", "asked", "forced"] as const).map((reason) => v.literal(reason)),
  ),
  /** Its name at the provider, where that is known. */
  name: v.optional(v.string()),
  /** The worker whose machine had it and is gone. */
  of: v.optional(v.string()),
};
const vKept = v.union(
  v.null(),
  ...(["machine", "quarantine", "foreign", "unsaved"] as const).map((why) => v.literal(why)),
);

/** Null: it is deleted, as far as the provider took the order; else why it stays. Throws what the provider throws. */
export async function deleteVolume(
  ctx: ActionCtx,
  provider: MachineProvider,
  volume: ObjectType<typeof vVolume>,
): Promise<Infer<typeof vKept>> {
  const kept = await ctx.runQuery(internal.fleet.volumeKept, volume);
  if (kept !== null) return kept;
  await provider.deleteVolume(volume.volumeId);
  // Of a retirement the end of the machine forgets it, in the same transaction.
  if (volume.reason !== "saved")
    await ctx.runMutation(internal.fleet.forgetVolume, { volumeId: volume.volumeId });
  return null;
}

export const volumeKept = asQuery({ args: vVolume, returns: vKept })(async (
  ctx,
  { volumeId, reason, name, of },
) => {
  const quarantined = await findQuarantined(ctx, volumeId);
  const gone = of === undefined ? null : await machineOf(ctx, of);
  const takenByOther = quarantined?.takenBy !== undefined && quarantined.takenBy !== of;
  return keptBecause(
    {
      inUse: (reason === "expired" && takenByOther) || (await isInUse(ctx, volumeId, name, of)),
      quarantined: quarantined !== null,
      ours: name === undefined ? null : (await ownerByName(ctx, name)) !== null,
      saved: gone !== null && (await isMachineSaved(ctx, gone, volumeId)),
    },
    reason,
  );
});

const ownerByName = (ctx: QueryCtx, name: string) =>
  ctx.db
    .query("machines")
    .withIndex("by_volumeName", (q) => q.eq("volumeName", name))
    .first();

/** A living machine's, by what it mounts or by the name that its launch gives; `of` does not count: it is gone. */
async function isInUse(ctx: QueryCtx, volumeId: string, name: string | undefined, of: string | undefined) {
  const owner = name === undefined ? null : await ownerByName(ctx, name);
  if (owner?.live && (owner.volumeId ?? volumeId) === volumeId) return true;
  const users = await ctx.db
    .query("machines")
    .withIndex("by_volumeId", (q) => q.eq("live", true).eq("volumeId", volumeId))
    .take(2);
  return users.some(({ worker }) => worker !== of);
}

/** Ours by its name, no living machine's, and nothing unsaved is on it. */
export async function isLostVolume(ctx: QueryCtx, volumeId: string, name: string): Promise<boolean> {
  if ((await ownerByName(ctx, name)) === null || (await isInUse(ctx, volumeId, name, undefined)))
    return false;
  return (await findQuarantined(ctx, volumeId)) === null;
}

export const forgetVolume = asMutation({ args: { volumeId: v.string() }, returns: v.null() })(async (
  ctx,
  { volumeId },
) => {
  await forget(ctx, volumeId);
  return null;
});

export const expiredVolume = asQuery({
  args: { volume: v.id("quarantinedVolumes") },
  returns: v.union(
    v.null(),
    v.object({ config: vProviderConfig, appName: v.string(), volumeId: v.string() }),
  ),
})(async (ctx, { volume }) => {
  const row = await ctx.db.get(volume);
  const config = await loadProviderConfig(ctx);
  return row && config ? { config, appName: row.appName, volumeId: row.volumeId } : null;
});

/** The retention of unsaved memory is over. */
export const deleteExpired = asAction({ args: { volume: v.id("quarantinedVolumes") }, returns: v.null() })(
  async (ctx, { volume }) => {
    const due = await ctx.runQuery(internal.fleet.expiredVolume, { volume });
    if (!due) return null;
    try {
      const provider = await providerFor(ctx, due.config, {}, { appName: due.appName });
      await deleteVolume(ctx, provider, { volumeId: due.volumeId, reason: "expired" });
    } catch (error) {
      console.warn(`fleet.quarantineNotDeleted code=${failureOf(error).code}`);
    }
    return null;
  },
);
