/**
 * The bridge settings of one agent, for hydration. Only the worker that holds the message gets them; nothing here is
 * stored or logged. The component runs no bridge tool itself.
 */
import type { Infer } from "convex/values";
import type { vBridgeRuntimeConfig } from "../../contract/queue.js";
import { candidateRefs, type BridgeSecret } from "../../policy/bridge/secretRefs.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { openSecret } from "../secrets/vault.js";

export type BridgeRuntimeConfig = Infer<typeof vBridgeRuntimeConfig>;
/** The columns of a profile that decide about its bridge. */
export type BridgeProfile = Pick<Doc<"agentProfiles">, "agentKey" | "bridgeConfig">;

/**
 * Null unless the profile's bridge is enabled. A profile's own value wins, else the first active secret of the agent's
 * ref and the global one; `serviceKey` and the base-URL map try the profile's override ref before both. Opens at most 12
 * secrets. Throws as `openSecret`.
 */
export async function bridgeRuntimeConfig(
  ctx: QueryCtx,
  profile: BridgeProfile,
): Promise<BridgeRuntimeConfig | null> {
  const { agentKey, bridgeConfig } = profile;
  if (!bridgeConfig?.enabled) return null;
  const first = (secret: BridgeSecret, override?: string) =>
    firstActive(ctx, candidateRefs(secret, agentKey, override));
  const serviceKey = await first("serviceKey", bridgeConfig.serviceKeySecretRef);
  const map = await first("baseUrlMapJson", bridgeConfig.appBaseUrlMapJsonSecretRef);
  const own = async (name: "baseUrl" | "serviceId" | "appKey") =>
    ownValue(bridgeConfig[name]) ?? (await first(name))?.value ?? null;
  return {
    baseUrl: await own("baseUrl"),
    appBaseUrlMapJson: map?.value ?? null,
    serviceId: await own("serviceId"),
    appKey: await own("appKey"),
    serviceKey: serviceKey?.value ?? null,
    serviceKeySecretRef: serviceKey?.ref ?? null,
  };
}

/** A profile's explicit value; blank counts as not given. */
export function ownValue(value: string | undefined): string | null {
  const trimmed = value?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}

async function firstActive(
  ctx: QueryCtx,
  refs: readonly string[],
): Promise<{ ref: string; value: string } | null> {
  for (const ref of refs) {
    const value = await openSecret(ctx, ref);
    if (value !== null) return { ref, value };
  }
  return null;
}
