/** Whose a channel's credential is, and who may replace it. Writes `channelCredentials`. */
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { credentialsOf } from "../channels/credentials.js";
import { findCredential } from "../channels/accounts.js";
import type { Channel } from "../channels/channel.js";
import { readBounded } from "../bounds/bounded.js";
import { activeSecret } from "../secrets/vault.js";
import { isGranted, newestBinding } from "./bindings.js";

/** Enough to find one association that is somebody else's. */
const MAX_ASSOCIATIONS = 100;

type UserAgent = { consumerUserId: string; agentKey: string };

/**
 * Whoever imported the present token may replace it. Otherwise the agent must be nobody else's; and a token that the
 * operator imported is replaced only by a user to whom the host has given the agent: a pairing is no proof, since users make
 * their codes themselves.
 */
export async function mayImport(ctx: QueryCtx, user: UserAgent, secretRef: string): Promise<boolean> {
  const active = await activeSecret(ctx, secretRef);
  const known = await findCredential(ctx, secretRef);
  const owner = active && known?.importedVersion === active.version ? known.importedFor : undefined;
  if (owner !== undefined) return owner === user.consumerUserId;
  const binding = await newestBinding(ctx, user.consumerUserId, user.agentKey);
  const isTheirs = binding !== null && isGranted(binding);
  if (await isSomebodyElses(ctx, user, isTheirs)) return false;
  return active === null || isTheirs;
}

/** Another user has the agent; to one who was not given it, also who is paired with it or about to be. */
async function isSomebodyElses(
  ctx: QueryCtx,
  { consumerUserId, agentKey }: UserAgent,
  isTheirs: boolean,
): Promise<boolean> {
  const active = await readBounded(
    ctx.db
      .query("identityBindings")
      .withIndex("by_agentKey_and_status", (q) => q.eq("agentKey", agentKey).eq("status", "active")),
    MAX_ASSOCIATIONS,
  );
  const others = active.rows.filter((row) => row.consumerUserId !== consumerUserId);
  // Among more than were looked at there is somebody else.
  if (isTheirs) return active.capped || others.some(isGranted);
  if (active.capped || others.length > 0) return true;
  const pairings = await ctx.db
    .query("pairingCodes")
    .withIndex("by_agentKey_and_status", (q) => q.eq("agentKey", agentKey).eq("status", "pending"))
    .take(MAX_ASSOCIATIONS);
  return pairings.some((row) => row.consumerUserId !== consumerUserId);
}

/** An account delivers to one place: a second agent would take the first one's messages. */
export async function servesAnother(
  ctx: QueryCtx,
  { kind, credential }: Channel,
  { consumerUserId, secretRef, value }: { consumerUserId: string; secretRef: string; value: string },
): Promise<boolean> {
  const accountId = credential?.accountOf(value) ?? null;
  if (accountId === null) return false;
  const others = await credentialsOf(ctx, { channel: kind, accountId }, MAX_ASSOCIATIONS);
  return others.some((row) => row.secretRef !== secretRef && row.importedFor !== consumerUserId);
}

export async function noteOwner(
  ctx: MutationCtx,
  { kind: channel }: Channel,
  { consumerUserId, secretRef, version }: { consumerUserId: string; secretRef: string; version: number },
): Promise<void> {
  const owner = { importedFor: consumerUserId, importedVersion: version };
  const known = await findCredential(ctx, secretRef);
  if (known) await ctx.db.patch(known._id, owner);
  else await ctx.db.insert("channelCredentials", { channel, secretRef, ...owner });
}
