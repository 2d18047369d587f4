/** Both ends of the log's hash chain. */
import { AUDIT_GENESIS_HASH } from "../../contract/audit.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

export const GENESIS = { seq: 0, hash: AUDIT_GENESIS_HASH };

/** The one row of the chain; null before anything was sealed. */
export const auditChain = (ctx: QueryCtx | MutationCtx): Promise<Doc<"auditChain"> | null> =>
  ctx.db.query("auditChain").first();

/** Both ends of the chain. */
export async function chainEnds(ctx: QueryCtx): Promise<Pick<Doc<"auditChain">, "head" | "anchor">> {
  const { head, anchor } = (await auditChain(ctx)) ?? { head: GENESIS, anchor: GENESIS };
  return { head, anchor };
}
