/** What a machine is told about the bridge when it is launched: it does not know yet which agent it will serve. */
import { asQuery } from "../functions.js";
import { v } from "convex/values";
import {
  agentRef,
  globalRef,
  LINKING_SECRET_REF,
  type BridgeSecret,
} from "../../policy/bridge/secretRefs.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { openSecret } from "../secrets/vault.js";
import { ownValue } from "./runtimeConfig.js";

/**
 * Enabled profiles looked at. Where there are more, a value that all of them share cannot be established, and the
 * operator sets the global secret instead.
 */
export const MAX_PROFILES = 200;

type Opened = (ref: string) => Promise<string | null>;
type Bridge = NonNullable<Doc<"agentProfiles">["bridgeConfig"]>;

/**
 * The environment variables, only those that can be resolved: service id and key are the global secret, else the one
 * value that all enabled bridge profiles agree on; the linking secret is global only. For the action that launches a
 * machine: the result must not leave it. Throws as `openSecret`.
 */
export const resolve = asQuery({ args: {}, returns: v.record(v.string(), v.string()) })(
  async (ctx) => await spawnEnv(ctx),
);

async function spawnEnv(ctx: QueryCtx): Promise<Record<string, string>> {
  const opened = openOnce(ctx);
  const values = {
    OPENCLAW_SERVICE_ID: await shared(
      ctx,
      opened,
      "serviceId",
      async (agentKey, bridge) =>
        ownValue(bridge.serviceId) ?? (await opened(agentRef("serviceId", agentKey))),
    ),
    OPENCLAW_SERVICE_KEY: await shared(
      ctx,
      opened,
      "serviceKey",
      async (agentKey, bridge) =>
        (bridge.serviceKeySecretRef ? await opened(bridge.serviceKeySecretRef) : null) ??
        (await opened(agentRef("serviceKey", agentKey))),
    ),
    OPENCLAW_LINKING_SHARED_SECRET: await opened(LINKING_SECRET_REF),
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value?.trim() ? [[name, value]] : [])),
  );
}

/** The global secret, else the single distinct value of the profiles; null when they have none or disagree. */
async function shared(
  ctx: QueryCtx,
  opened: Opened,
  secret: BridgeSecret,
  valueOf: (agentKey: string, bridge: Bridge) => Promise<string | null>,
): Promise<string | null> {
  const global = await opened(globalRef(secret));
  if (global !== null) return global;
  let only: string | null = null;
  let read = 0;
  const enabled = ctx.db.query("agentProfiles").withIndex("by_enabled", (q) => q.eq("enabled", true));
  for await (const { agentKey, bridgeConfig } of enabled) {
    read += 1;
    if (read > MAX_PROFILES) return null;
    if (!bridgeConfig?.enabled) continue;
    const value = await valueOf(agentKey, bridgeConfig);
    if (value === null || value === only) continue;
    if (only !== null) return null;
    only = value;
  }
  return only;
}

/** Profiles often name the same ref; each is opened once. */
function openOnce(ctx: QueryCtx): Opened {
  const known = new Map<string, Promise<string | null>>();
  return (ref) => {
    const value = known.get(ref) ?? openSecret(ctx, ref);
    known.set(ref, value);
    return value;
  };
}
