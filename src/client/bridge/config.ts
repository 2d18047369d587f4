/** Where an agent-bridge call goes and as whom: the hydrated settings first, then the worker's environment. */
import { parseJson } from "../../policy/text/parseJson.js";
import type { Infer } from "convex/values";
import { z } from "zod";
import type { vBridgeRuntimeConfig } from "../../contract/queue.js";

/** The bridge settings in a hydration bundle; null where neither the profile nor a secret says anything. */
export type HydratedBridgeRuntimeConfig = Infer<typeof vBridgeRuntimeConfig>;

/** Complete settings; `baseUrl` without a trailing slash. Holds a secret: never log it. */
export interface ResolvedBridgeRuntimeConfig {
  baseUrl: string;
  serviceId: string;
  appKey: string;
  serviceKey: string;
}

export type BridgeConfigResolution =
  { ok: true; config: ResolvedBridgeRuntimeConfig } | { ok: false; error: string };

export type BridgeEnv = Record<string, string | undefined>;

/** The environment's names of each field, the first that is set wins. */
const ENV_NAMES = {
  baseUrl: ["OPENCLAW_AGENT_BRIDGE_BASE_URL", "AGENT_BRIDGE_BASE_URL"],
  serviceId: ["OPENCLAW_SERVICE_ID", "AGENT_BRIDGE_SERVICE_ID"],
  serviceKey: ["OPENCLAW_SERVICE_KEY", "AGENT_BRIDGE_SERVICE_KEY"],
  appKey: ["OPENCLAW_AGENT_APP", "OPENCLAW_APP_KEY", "AGENT_BRIDGE_APP_KEY"],
} as const;
/** In the order in which missing ones are reported. */
const FIELDS = ["baseUrl", "serviceId", "serviceKey", "appKey"] as const;

/**
 * Each field is the hydrated value, else the environment's; a base URL may also come from the hydrated map of app keys to
 * base URLs. Blank values count as absent. On failure `error` names every missing field and no value.
 */
export function resolveBridgeRuntimeConfig(
  hydrated: HydratedBridgeRuntimeConfig | null | undefined,
  env: BridgeEnv = process.env,
): BridgeConfigResolution {
  const field = (name: (typeof FIELDS)[number]): string | null =>
    firstText([hydrated?.[name], ...ENV_NAMES[name].map((variable) => env[variable])]);
  const appKey = field("appKey");
  const found = {
    baseUrl: (field("baseUrl") ?? mappedBaseUrl(hydrated?.appBaseUrlMapJson, appKey))?.replace(/\/$/, ""),
    serviceId: field("serviceId"),
    serviceKey: field("serviceKey"),
    appKey,
  };
  const { baseUrl, serviceId, serviceKey } = found;
  if (baseUrl && serviceId && serviceKey && appKey) {
    return { ok: true, config: { baseUrl, serviceId, appKey, serviceKey } };
  }
  const missing = FIELDS.filter((name) => !found[name]);
  return { ok: false, error: `Agent Bridge config incompleta: ${missing.join(", ")}` };
}

function firstText(values: readonly (string | null | undefined)[]): string | null {
  for (const value of values) {
    const trimmed = value?.trim() ?? "";
    if (trimmed !== "") return trimmed;
  }
  return null;
}

/** Null when there is no map, it is not JSON, or it has no such app: the base URL is then reported as missing. */
function mappedBaseUrl(mapJson: string | null | undefined, appKey: string | null): string | null {
  if (!mapJson || appKey === null) return null;
  const map = z.record(z.string(), z.unknown()).safeParse(parseJson(mapJson));
  if (!map.success || !Object.hasOwn(map.data, appKey)) return null;
  const value = map.data[appKey];
  return typeof value === "string" ? firstText([value]) : null;
}
