/**
 * What a pass needs besides rows: the provider's token and the deployment's URLs. Both may be given inline for one call; else
 * they come from the secrets that the provider's kind names and `convex.url`. The token never leaves the action that asked for it.
 */
import { factoryError } from "../../contract/errors.js";
import type { ProviderConfig } from "../../contract/providers.js";
import { normalizePathPrefix, defaultPathPrefix } from "../../contract/paths.js";
import { deploymentUrls, type DeploymentUrls } from "../../policy/fleet/deploymentUrls.js";
import { blankFields, blankFieldsMessage } from "../../policy/fleet/providerConfig.js";
import { internal } from "../../component/_generated/api.js";
import { env, type ActionCtx } from "../../component/_generated/server.js";
import { kindOf } from "../providers/kinds.js";
import { createProvider } from "../providers/registry.js";
import type { MachineProvider, ProviderOptions } from "../providers/provider.js";

/** Values for one call only. */
export interface Inline {
  token?: string;
  convexUrl?: string;
}

/** Throws `provider_config_missing` with the text of 1.0.11. */
export function checkConfig(config: ProviderConfig): void {
  const blank = blankFields(config);
  if (blank.length > 0) throw factoryError("provider_config_missing", blankFieldsMessage(blank));
}

/** Throws what the kind says when its token is missing, `provider_unsupported`. `appName`: another app than the configured one. */
export async function providerFor(
  ctx: ActionCtx,
  config: ProviderConfig,
  inline: Inline,
  options: Pick<ProviderOptions, "until"> & { appName?: string } = {},
): Promise<MachineProvider> {
  const known = kindOf(config)?.token;
  if (!known) return createProvider(config, "", options);
  const { secretRef, code, missing } = known;
  const token = given(inline.token) ?? given(await ctx.runQuery(internal.workers.openSecret, { secretRef }));
  if (token === null) throw factoryError(code, missing);
  return createProvider(config, token, options);
}

/** The text without blanks around it; null: there is none. */
const given = (text: string | null | undefined): string | null => {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
};

/** Throws `convex_url_missing`, `convex_url_invalid`. */
export async function urlsFor(ctx: ActionCtx, inline: Inline): Promise<DeploymentUrls> {
  const stored = { secretRef: "convex.url" };
  const url = given(inline.convexUrl) ?? given(await ctx.runQuery(internal.workers.openSecret, stored));
  if (url === null) {
    throw factoryError(
      "convex_url_missing",
      "Missing Convex URL. Import an active 'convex.url' secret or pass convexUrl explicitly.",
    );
  }
  const urls = deploymentUrls(url, { cloud: env.CONVEX_CLOUD_URL, site: env.CONVEX_SITE_URL });
  if (urls === null) {
    throw factoryError(
      "convex_url_invalid",
      "The Convex URL must be https://<name>.convex.cloud, https://<name>.convex.site, or this deployment's own URL.",
    );
  }
  return urls;
}

/** What tells our machines from those of other deployments in the same app: the deployment and this component's place in it. */
export async function deploymentTag(ctx: ActionCtx): Promise<string> {
  const { componentPath } = await ctx.meta.getFunctionMetadata();
  return `${env.CONVEX_CLOUD_URL}|${componentPath}`;
}

/** `<site><prefix>`, where workers call. */
export const gatewayBase = (urls: DeploymentUrls): string =>
  `${urls.site}${normalizePathPrefix(env.AGENT_FACTORY_PATH_PREFIX ?? defaultPathPrefix)}`;
