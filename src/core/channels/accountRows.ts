/** All rows of one account: its credentials and the secrets of its webhook. For set-up and upkeep; no message needs them. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import type { AccountKey } from "./accounts.js";
import type { WebhookSecret } from "./webhookSecret.js";

/** Secrets of one account that may be valid at once; more only pile up when set-up fails again and again. */
export const MAX_SECRETS_PER_ACCOUNT = 5;

/** The refs under which an account's credential may lie. */
export const credentialsOf = (
  ctx: QueryCtx,
  { channel, accountId }: AccountKey,
  most: number,
): Promise<Doc<"channelCredentials">[]> =>
  ctx.db
    .query("channelCredentials")
    .withIndex("by_account", (q) => q.eq("channel", channel).eq("accountId", accountId))
    .take(most);

/** Newest first. */
export function secretsOf(ctx: QueryCtx, { channel, accountId }: AccountKey): Promise<WebhookSecret[]> {
  return ctx.db
    .query("webhookSecrets")
    .withIndex("by_account", (q) => q.eq("channel", channel).eq("accountId", accountId))
    .order("desc")
    .take(MAX_SECRETS_PER_ACCOUNT + 1);
}
