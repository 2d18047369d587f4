/** Whether a webhook call carries a secret that is ours. Reads `webhookSecrets`. */
import { sha256Hex } from "../../policy/text/sha256.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export type WebhookSecret = Doc<"webhookSecrets">;

/**
 * The row of a secret, or null. Looked up by its hash: what an attacker can vary is unrelated to what the index compares,
 * so timing says nothing about a real secret. Reads 1 document.
 */
export async function findWebhookSecret(
  ctx: QueryCtx,
  channel: string,
  secret: string,
): Promise<WebhookSecret | null> {
  const secretHash = await sha256Hex(secret);
  return await ctx.db
    .query("webhookSecrets")
    .withIndex("by_secretHash", (q) => q.eq("secretHash", secretHash).eq("channel", channel))
    .unique();
}
