/**
 * What a pass needs besides rows: the provider's token and the deployment's URLs. Both may be given inline for one call; else
 * they come from the secrets `fly.apiToken` and `convex.url`. The token never leaves the action that asked for it.
 */
import { factoryError } from "../../contract/errors.js";
import type { ProviderConfig } from "../../contract/fleet.js";
import { normalizePathPrefix, defaultPathPrefix } from "../../contract/gateway.js";
import { deploymentUrls, type DeploymentUrls } from "../../policy/fleet/deploymentUrls.js";
import { blankFields, blankFieldsMessage } from "../../policy/fleet/providerConfig.js";
import { internal } from "../../component/_generated/api.js";
import { env, type ActionCtx } from "../../component/_generated/server.js";
import { createProvider } from "../providers/registry.js";
import type { MachineProvider } from "../providers/provider.js";
import type { ProviderOptions } from "../providers/providerOptions.js";

/** Values for one call only. */
export interface Inline {
  flyApiToken?: string;
  convexUrl?: string;
}

/** Throws `provider_config_missing` with the text of 1.0.11. */
export function checkConfig(config: ProviderConfig): void {
  const blank = blankFields(config);
  if (blank.length > 0) throw factoryError("provider_config_missing", blankFieldsMessage(blank));
}

/** Throws `fly_token_missing`, `provider_unsupported`. A provider without a cloud (`memory`) needs no token. */
export async function providerFor(
  ctx: ActionCtx,
  config: ProviderConfig,
  inline: Inline,
  options: Pick<ProviderOptions, "until"> = {},
): Promise<MachineProvider> {
  const given = inline.flyApiToken?.trim();
  const token: string | null =
    given !== undefined && given !== ""
      ? given
      : await ctx.runQuery(internal.workers.openSecret, { secretRef: "fly.apiToken" });
  if ((token === null || token.trim() === "") && config.kind === "fly") {
    throw factoryError(
      "fly_token_missing",
      "Missing Fly API token. Import an active 'fly.apiToken' secret or pass flyApiToken explicitly.",
    );
  }
  const baseUrl = env.FLY_API_BASE_URL;
  return createProvider(config, token?.trim() ?? "", {
    ...options,
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });
}

/** Throws `convex_url_missing`, `convex_url_invalid`. */
export async function urlsFor(ctx: ActionCtx, inline: Inline): Promise<DeploymentUrls> {
  const given = inline.convexUrl?.trim();
  const url: string | null =
    given !== undefined && given !== ""
      ? given
      : await ctx.runQuery(internal.workers.openSecret, { secretRef: "convex.url" });
  if (url === null || url.trim() === "") {
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
