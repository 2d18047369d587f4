/** Which secrets the agents need, by name: for onboarding screens and readiness. Reads `agentProfiles`. */
import * as contract from "../../contract/agents.js";
import { asQuery } from "../functions.js";
import { findAgent } from "./findAgent.js";

const MAX_PROFILES = 200;

export const getRequiredSecretRefs = asQuery(contract.getRequiredSecretRefs)(async (ctx, { agentKey }) => {
  if (agentKey !== undefined) {
    const profile = await findAgent(ctx, agentKey);
    return { agentKey, secretRefs: profile?.secretsRef ?? [] };
  }
  const enabled = await ctx.db
    .query("agentProfiles")
    .withIndex("by_enabled", (q) => q.eq("enabled", true))
    .take(MAX_PROFILES);
  const refs = new Set(enabled.flatMap((profile) => profile.secretsRef));
  return { agentKey: null, secretRefs: [...refs].sort() };
});
