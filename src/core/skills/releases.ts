/**
 * Releases: which version of a skill a channel approves. Writes `globalSkillReleases`. Invariant: at most one active release
 * per skill and channel; a version lives as long as a release names it.
 */
import { factoryError } from "../../contract/errors.js";
import type { ReleaseChannel } from "../../contract/skills.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

/** Releases kept per skill and channel: enough to look back and to roll back to. */
export const RELEASES_KEPT = 10;
/** Active releases of a channel. Together with the bytes it keeps the whole manifest within what one call may read. */
const MAX_SKILLS_PER_CHANNEL = 200;
/** Bytes of a channel's active versions; 1.0.11's manifest carries each entry script twice and may return 16 MiB. */
export const MAX_CHANNEL_BYTES = 6 * 1024 * 1024;

export const activeRelease = (ctx: QueryCtx, skillId: Id<"globalSkills">, channel: ReleaseChannel) =>
  ctx.db
    .query("globalSkillReleases")
    .withIndex("by_skillId_and_releaseChannel_and_isActive", (q) =>
      q.eq("skillId", skillId).eq("releaseChannel", channel).eq("isActive", true),
    )
    .unique();

export const activeReleases = (ctx: QueryCtx, channel: ReleaseChannel) =>
  ctx.db
    .query("globalSkillReleases")
    .withIndex("by_releaseChannel_and_isActive_and_activatedAt", (q) =>
      q.eq("releaseChannel", channel).eq("isActive", true),
    )
    .take(MAX_SKILLS_PER_CHANNEL);

/** Makes a version the channel's active one. Repeating it changes nothing. Throws `skills_too_large`. */
export async function activate(
  ctx: MutationCtx,
  version: Doc<"globalSkillVersions">,
  releaseChannel: ReleaseChannel,
  activatedBy: string,
): Promise<Id<"globalSkillReleases">> {
  const current = await activeRelease(ctx, version.skillId, releaseChannel);
  if (current?.versionId === version._id) return current._id;
  await refuseWhenFull(ctx, releaseChannel, current, version.sizeBytes);
  if (current) await ctx.db.patch(current._id, { isActive: false });
  const releaseId = await ctx.db.insert("globalSkillReleases", {
    skillId: version.skillId,
    versionId: version._id,
    releaseChannel,
    isActive: true,
    activatedBy,
    activatedAt: Date.now(),
    sizeBytes: version.sizeBytes,
  });
  await forgetOldReleases(ctx, version.skillId, releaseChannel);
  return releaseId;
}

async function refuseWhenFull(
  ctx: QueryCtx,
  channel: ReleaseChannel,
  replaced: Doc<"globalSkillReleases"> | null,
  addedBytes: number,
): Promise<void> {
  const others = (await activeReleases(ctx, channel)).filter(({ _id }) => _id !== replaced?._id);
  const bytes = others.reduce((sum, { sizeBytes }) => sum + sizeBytes, addedBytes);
  if (others.length < MAX_SKILLS_PER_CHANNEL && bytes <= MAX_CHANNEL_BYTES) return;
  throw factoryError(
    "skills_too_large",
    `The ${channel} channel would hold ${others.length + 1} skills of ${bytes} bytes; at most ${MAX_SKILLS_PER_CHANNEL} of ${MAX_CHANNEL_BYTES} bytes are allowed. Delete skills that are not needed; disabled ones count.`,
  );
}

/** Each deploy adds at most one release, so a few per call keep up. */
async function forgetOldReleases(
  ctx: MutationCtx,
  skillId: Id<"globalSkills">,
  releaseChannel: ReleaseChannel,
): Promise<void> {
  const past = await ctx.db
    .query("globalSkillReleases")
    .withIndex("by_skillId_and_releaseChannel_and_isActive", (q) =>
      q.eq("skillId", skillId).eq("releaseChannel", releaseChannel).eq("isActive", false),
    )
    .order("desc")
    .take(RELEASES_KEPT + 4);
  for (const release of past.slice(RELEASES_KEPT - 1)) {
    await ctx.db.delete(release._id);
    await dropUnreleased(ctx, release.versionId);
  }
}

async function dropUnreleased(ctx: MutationCtx, versionId: Id<"globalSkillVersions">): Promise<void> {
  const release = await ctx.db
    .query("globalSkillReleases")
    .withIndex("by_versionId", (q) => q.eq("versionId", versionId))
    .first();
  if (!release) await dropVersion(ctx, versionId);
}

/** The row now, the contents (up to 1 MiB) in a transaction of their own. */
export async function dropVersion(ctx: MutationCtx, versionId: Id<"globalSkillVersions">): Promise<void> {
  await ctx.db.delete(versionId);
  await ctx.scheduler.runAfter(0, internal.upkeep.collectSkillFiles, { versionId });
}
