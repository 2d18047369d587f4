/** Where machines come from: one stored row, written by the host alone. Blank fields are stored and reported when used. */
import * as contract from "../../contract/fleet.js";
import type { ProviderConfig } from "../../contract/providers.js";
import { asMutation, asQuery } from "../functions.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadProviderConfig, storedConfig } from "./runtime.js";

export { loadProviderConfig } from "./runtime.js";

export async function storeProviderConfig(ctx: MutationCtx, providerConfig: ProviderConfig): Promise<void> {
  const row = await storedConfig(ctx, "provider");
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
