/** What a host sets and reads of policies, of the system prompt and of where machines come from. Writes `runtimeConfig`. */
import { factoryError } from "../../contract/errors.js";
import * as agentsContract from "../../contract/agents.js";
import * as fleetContract from "../../contract/fleet.js";
import * as policiesContract from "../../contract/policies.js";
import type { ProviderConfig } from "../../contract/providers.js";
import { policyFaults } from "../../policy/config/overrides.js";
import { layOver, resolvePolicies } from "../../policy/config/policies.js";
import { utf8Bytes } from "../../policy/queue/size.js";
import { asMutation, asQuery } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime, storedConfig, loadProviderConfig } from "./runtime.js";

async function store(
  ctx: MutationCtx,
  fields: Partial<Pick<Doc<"runtimeConfig">, "policies" | "messageConfig">>,
) {
  const row = await storedConfig(ctx, "runtime");
  const updatedAt = Date.now();
  if (row) await ctx.db.patch(row._id, { ...fields, updatedAt });
  else await ctx.db.insert("runtimeConfig", { key: "runtime", ...fields, updatedAt });
}

export const policies = asQuery(policiesContract.policies)(async (ctx) => (await loadRuntime(ctx)).policies);

export const setPolicies = asMutation(policiesContract.setPolicies)(async (ctx, args) => {
  const overrides = layOver((await storedConfig(ctx, "runtime"))?.policies, args.policies);
  const effective = resolvePolicies(overrides);
  const faults = policyFaults(effective);
  if (faults.length > 0) throw factoryError("invalid_policy", faults.join("; "));
  await store(ctx, { policies: overrides });
  return effective;
});

export const messageRuntimeConfig = asQuery(agentsContract.messageRuntimeConfig)(async (ctx) => {
  const { systemPrompt } = await loadRuntime(ctx);
  return systemPrompt === null ? null : { systemPrompt };
});

export const setMessageRuntimeConfig = asMutation(agentsContract.setMessageRuntimeConfig)(async (
  ctx,
  { messageConfig },
) => {
  const systemPrompt = messageConfig.systemPrompt?.trim() ?? "";
  const { maxTextBytes } = (await loadRuntime(ctx)).policies.queue;
  const bytes = utf8Bytes(systemPrompt);
  if (bytes > maxTextBytes)
    throw factoryError(
      "text_too_large",
      `The system prompt is ${bytes} bytes, at most ${maxTextBytes} are allowed`,
    );
  await store(ctx, { messageConfig: systemPrompt === "" ? undefined : { systemPrompt } });
  return null;
});

export async function storeProviderConfig(ctx: MutationCtx, providerConfig: ProviderConfig): Promise<void> {
  const row = await storedConfig(ctx, "provider");
  const fields = { providerConfig, updatedAt: Date.now() };
  if (row) await ctx.db.patch(row._id, fields);
  else await ctx.db.insert("runtimeConfig", { key: "provider", ...fields });
}

export const providerRuntimeConfig = asQuery(fleetContract.providerRuntimeConfig)((ctx) =>
  loadProviderConfig(ctx),
);

export const setProviderRuntimeConfig = asMutation(fleetContract.setProviderRuntimeConfig)(async (
  ctx,
  { providerConfig },
) => {
  await storeProviderConfig(ctx, providerConfig);
  return null;
});
