/** Creates or updates an agent profile. Writes `agentProfiles`. Invariant: one row per agent key, its id never changes. */
import * as contract from "../../contract/agents.js";
import { factoryError } from "../../contract/errors.js";
import { isLane } from "../../policy/queue/lane.js";
import { asMutation } from "../functions.js";
import type { QueryCtx } from "../_generated/server.js";

const MAX_SECRET_REFS = 64;

export const findAgent = (ctx: QueryCtx, agentKey: string) =>
  ctx.db
    .query("agentProfiles")
    .withIndex("by_agentKey", (q) => q.eq("agentKey", agentKey))
    .unique();

export const configureAgent = asMutation(contract.configureAgent)(async (ctx, args) => {
  if (args.agentKey.trim() === "") throw factoryError("invalid_argument", "agentKey must not be blank");
  if (args.secretsRef.length > MAX_SECRET_REFS) {
    throw factoryError(
      "invalid_argument",
      `secretsRef has ${args.secretsRef.length} entries, at most ${MAX_SECRET_REFS} are allowed`,
    );
  }
  if (args.workspace !== undefined && !isLane(args.workspace)) {
    throw factoryError("invalid_argument", "workspace must be 1 to 100 characters of A-Z a-z 0-9 . _ : -");
  }
  const existing = await findAgent(ctx, args.agentKey);
  const bridgeConfig = args.bridgeConfig ?? existing?.bridgeConfig;
  const bridgeRefs = bridgeConfig?.enabled
    ? [
        bridgeConfig.serviceKeySecretRef ?? `agent-bridge.serviceKey.${args.agentKey}`,
        bridgeConfig.appBaseUrlMapJsonSecretRef ?? `agent-bridge.baseUrlMapJson.${args.agentKey}`,
      ]
    : [];
  const profile = {
    agentKey: args.agentKey,
    version: args.version,
    secretsRef: [...new Set([...args.secretsRef, "convex.url", "fly.apiToken", ...bridgeRefs])],
    bridgeConfig,
    enabled: args.enabled,
    workspace: args.workspace ?? existing?.workspace ?? "default",
    tag: args.tag ?? existing?.tag,
  };
  if (!existing) return await ctx.db.insert("agentProfiles", profile);
  await ctx.db.patch(existing._id, profile);
  return existing._id;
});
