/** Reads of the configuration, apart from the functions that expose it: most code needs the rows alone. */
import type { Policies } from "../../contract/policies.js";
import type { ProviderConfig } from "../../contract/providers.js";
import { resolvePolicies } from "../../policy/config/policies.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

export interface Runtime {
  policies: Policies;
  systemPrompt: string | null;
}

/** The row of one kind, or null. */
export const storedConfig = (
  ctx: QueryCtx,
  key: Doc<"runtimeConfig">["key"],
): Promise<Doc<"runtimeConfig"> | null> =>
  ctx.db
    .query("runtimeConfig")
    .withIndex("by_key", (q) => q.eq("key", key))
    .first();

/** One document read. */
export async function loadRuntime(ctx: QueryCtx): Promise<Runtime> {
  const row = await storedConfig(ctx, "runtime");
  return { policies: resolvePolicies(row?.policies), systemPrompt: row?.messageConfig?.systemPrompt ?? null };
}

/** One document read. */
export async function loadProviderConfig(ctx: QueryCtx): Promise<ProviderConfig | null> {
  return (await storedConfig(ctx, "provider"))?.providerConfig ?? null;
}
