/** Where machines come from: one stored row, written by the host alone. Blank fields are stored and reported when used. */
import * as contract from "../../contract/fleet.js";
import type { ProviderConfig } from "../../contract/fleet.js";
import { asMutation, asQuery } from "../functions.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";

const stored = (ctx: QueryCtx) =>
  ctx.db
    .query("runtimeConfig")
    .withIndex("by_key", (q) => q.eq("key", "provider"))
    .first();

/** One document read. */
export async function loadProviderConfig(ctx: QueryCtx): Promise<ProviderConfig | null> {
  return (await stored(ctx))?.providerConfig ?? null;
}

export async function storeProviderConfig(ctx: MutationCtx, providerConfig: ProviderConfig): Promise<void> {
  const row = await stored(ctx);
  const fields = { providerConfig, updatedAt: Date.now() };
  if (row) await ctx.db.patch(row._id, fields);
  else await ctx.db.insert("runtimeConfig", { key: "provider", ...fields });
}

export const providerRuntimeConfig = asQuery(contract.providerRuntimeConfig)((ctx) =>
  loadProviderConfig(ctx),
);

export const setProviderRuntimeConfig = asMutation(contract.setProviderRuntimeConfig)(async (
  ctx,
  { providerConfig },
) => {
  await storeProviderConfig(ctx, providerConfig);
  return null;
});
