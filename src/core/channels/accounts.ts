/** Which account an agent has at a channel, from the secrets that its profile names. Reads `channelCredentials`, `channelAccounts`. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { Channel } from "./channel.js";
import { channelOf } from "./registry.js";

/** Each ref is a document read, at every hydration too. */
const MAX_REFS = 16;

/** An account of a channel, by its public id. */
export interface AccountKey {
  channel: string;
  accountId: string;
}
export type Account = Doc<"channelAccounts">;
export type Profile = Pick<Doc<"agentProfiles">, "secretsRef">;

/** The agent's refs of this channel, at most 16; none for a channel without a credential. */
export const refsOf = ({ secretsRef }: Profile, { credential }: Pick<Channel, "credential">): string[] =>
  credential ? secretsRef.filter((ref) => credential.isRef(ref)).slice(0, MAX_REFS) : [];

export const findAccount = (ctx: QueryCtx, { channel, accountId }: AccountKey): Promise<Account | null> =>
  ctx.db
    .query("channelAccounts")
    .withIndex("by_account", (q) => q.eq("channel", channel).eq("accountId", accountId))
    .unique();

export const findCredential = (ctx: QueryCtx, secretRef: string): Promise<Doc<"channelCredentials"> | null> =>
  ctx.db
    .query("channelCredentials")
    .withIndex("by_secretRef", (q) => q.eq("secretRef", secretRef))
    .unique();

/**
 * Whether an agent's replies go out through this account. An agent without any ref of the channel may be served by every
 * account: its host sends the replies itself.
 */
export async function isServedBy(ctx: QueryCtx, agent: Profile, account: AccountKey): Promise<boolean> {
  const refs = refsOf(agent, channelOf(account.channel));
  if (refs.length === 0) return true;
  for (const ref of refs) if ((await findCredential(ctx, ref))?.accountId === account.accountId) return true;
  return false;
}
