/** Creates or updates an agent profile. Writes `agentProfiles`. Invariant: one row per agent key, its id never changes. */
import { getConvexSize, type Infer } from "convex/values";
import * as contract from "../../contract/agents.js";
import { factoryError } from "../../contract/errors.js";
import { profileSecretRefs } from "../../policy/bridge/profileRefs.js";
import { isLane, tagFault } from "../../policy/queue/lane.js";
import { utf8Bytes } from "../../policy/queue/size.js";
import { isSecretRef } from "../../policy/secrets/secretShape.js";
import { asMutation, asQuery } from "../functions.js";
import { findAgent } from "./findAgent.js";

const MAX_SECRET_REFS = 64;
const MAX_KEY_BYTES = 1_024;
/** Readiness and launches read hundreds of profiles at once. */
const MAX_PROFILE_BYTES = 32 * 1024;

export const configureAgent = asMutation(contract.configureAgent)(async (ctx, args) => {
  if (args.agentKey.trim() === "") throw factoryError("invalid_argument", "agentKey must not be blank");
  if (utf8Bytes(args.agentKey) > MAX_KEY_BYTES)
    throw factoryError("invalid_argument", `agentKey may have at most ${MAX_KEY_BYTES} bytes`);
  if (getConvexSize(args) > MAX_PROFILE_BYTES)
    throw factoryError("invalid_argument", `A profile may have at most ${MAX_PROFILE_BYTES} bytes`);
  if (args.secretsRef.length > MAX_SECRET_REFS) {
    throw factoryError(
      "invalid_argument",
      `secretsRef has ${args.secretsRef.length} entries, at most ${MAX_SECRET_REFS} are allowed`,
    );
  }
  if (args.workspace !== undefined && !isLane(args.workspace)) {
    throw factoryError("invalid_argument", "workspace must be 1 to 100 characters of A-Z a-z 0-9 . _ : -");
  }
  checkBridge(args.bridgeConfig);
  const badTag = args.tag === undefined ? null : tagFault(args.tag);
  if (badTag !== null) throw factoryError("invalid_argument", badTag, { argument: "tag" });
  const existing = await findAgent(ctx, args.agentKey);
  const bridgeConfig = args.bridgeConfig ?? existing?.bridgeConfig;
  const profile = {
    agentKey: args.agentKey,
    version: args.version,
    secretsRef: profileSecretRefs(args.secretsRef, args.agentKey, bridgeConfig),
    bridgeConfig,
    enabled: args.enabled,
    workspace: args.workspace ?? existing?.workspace ?? "default",
    tag: args.tag ?? existing?.tag,
  };
  if (!existing) return await ctx.db.insert("agentProfiles", profile);
  await ctx.db.patch(existing._id, profile);
  return existing._id;
});

/** What could never work is refused when it is configured: a ref that no secret can have, an address nobody can call. */
function checkBridge(bridge: Infer<typeof contract.vBridgeProfileConfig> | undefined): void {
  for (const field of ["serviceKeySecretRef", "appBaseUrlMapJsonSecretRef"] as const) {
    const ref = bridge?.[field];
    if (ref !== undefined && !isSecretRef(ref)) {
      throw factoryError(
        "secret_ref_invalid",
        `bridgeConfig.${field} must be 1 to 200 characters of A-Z a-z 0-9 . _ -`,
      );
    }
  }
  const baseUrl = bridge?.baseUrl?.trim() ?? "";
  if (baseUrl !== "" && !/^https?:\/\/[^/]/.test(baseUrl)) {
    throw factoryError("invalid_argument", "bridgeConfig.baseUrl must start with https:// or http://");
  }
}

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
