/** Policies and the system prompt: one row, read by every code path that needs either. */
import type { Policies } from "../../contract/policies.js";
import { resolvePolicies } from "../../policy/config/policies.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export interface Runtime {
  policies: Policies;
  systemPrompt: string | null;
}

export const storedRuntime = (ctx: QueryCtx) =>
  ctx.db
    .query("runtimeConfig")
    .withIndex("by_key", (q) => q.eq("key", "runtime"))
    .first();

/** One document read. */
export async function loadRuntime(ctx: QueryCtx): Promise<Runtime> {
  const row = await storedRuntime(ctx);
  return { policies: resolvePolicies(row?.policies), systemPrompt: row?.messageConfig?.systemPrompt ?? null };
}
