/** All of one account, for set-up, onboarding and upkeep: the credential that an agent's replies are sent with, and the secrets of its webhook. */
import type { QueryCtx } from "../../component/_generated/server.js";
import { activeSecret } from "../secrets/vault.js";
import {
  findAccount,
  findCredential,
  refsOf,
  type Account,
  type Profile,
  type AccountKey,
} from "./accounts.js";
import type { Channel } from "./channel.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { WebhookSecret } from "./webhookSecret.js";

export interface AgentCredential {
  secretRef: string;
  version: number;
  /** The account of this very credential, once the channel took it; null before, and again after another one was imported. */
  account: Account | null;
}

/** The credential that the agent's replies are sent with at this channel, or null when none is imported. */
export async function credentialOfAgent(
  ctx: QueryCtx,
  agent: Profile,
  channel: Channel,
): Promise<AgentCredential | null> {
  for (const secretRef of refsOf(agent, channel)) {
    const secret = await activeSecret(ctx, secretRef);
    if (!secret) continue;
    const known = await findCredential(ctx, secretRef);
    const accountId = known?.verifiedVersion === secret.version ? known.accountId : undefined;
    return {
      secretRef,
      version: secret.version,
      account: accountId === undefined ? null : await findAccount(ctx, { channel: channel.kind, accountId }),
    };
  }
  return null;
}

/** The channel confirmed that it delivers this account's messages to the URL that was set. */
export const isHeard = (account: Account | null): account is Account =>
  account?.verifiedAt !== undefined && account.webhookUrl !== undefined;

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
