/** The credential that a worker sends an agent's replies with. Reads `secrets`. */
import { openSecret, type OpeningCtx } from "../secrets/vault.js";
import { refsOf, type Profile } from "./accounts.js";
import type { Channel } from "./channel.js";

/** The value of the first of the agent's refs that has one; null when none has. Throws as `openSecret`. */
export async function openCredential(
  ctx: OpeningCtx,
  agent: Profile,
  channel: Channel,
): Promise<string | null> {
  for (const ref of refsOf(agent, channel)) {
    const value = await openSecret(ctx, ref);
    if (value !== null) return value;
  }
  return null;
}
