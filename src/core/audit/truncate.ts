/**
 * Retention of the log. Entries go from the front of the chain only, and what is left still verifies: the hash of the
 * newest entry deleted is kept as the anchor. Deletes from `auditLog`, writes `auditChain`.
 */
import { loadRuntime } from "../config/runtime.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { Batch } from "../bounds/batch.js";
import { auditChain } from "./chain.js";

/** Deletes a batch of sealed entries older than `audit.retentionMs`; returns how many. The newest entry always stays. */
export async function sweepAudit(ctx: MutationCtx, batch = new Batch()): Promise<number> {
  const chain = await auditChain(ctx);
  if (!chain || chain.head.seq <= chain.anchor.seq + 1) return 0;
  const { policies } = await loadRuntime(ctx);
  const before = Date.now() - policies.audit.retentionMs;
  const oldest = await batch.take(
    ctx.db
      .query("auditLog")
      .withIndex("by_seq", (q) => q.gt("seq", chain.anchor.seq).lt("seq", chain.head.seq)),
  );
  let { anchor } = chain;
  let deleted = 0;
  for (const { _id, at, seq, hash } of oldest) {
    if (at >= before || seq === undefined || hash === undefined) break;
    await ctx.db.delete(_id);
    anchor = { seq, hash };
    deleted += 1;
  }
  if (deleted > 0) await ctx.db.patch(chain._id, { anchor });
  return deleted;
}
