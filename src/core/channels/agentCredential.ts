/** The credential that an agent's replies are sent with, and whether its account is heard. */
import type { QueryCtx } from "../../component/_generated/server.js";
import { activeSecret } from "../secrets/vault.js";
import { findAccount, findCredential, refsOf, type Account, type Profile } from "./accounts.js";
import type { Channel } from "./channel.js";

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
