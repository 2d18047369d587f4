/** A token and all that goes with it. The token is in the result alone. Writes as `createAgentWorkerToken`. */
import * as contract from "../../../contract/deployments.js";
import { factoryError } from "../../../contract/errors.js";
import { defaultPathPrefix, normalizePathPrefix } from "../../../contract/paths.js";
import {
  DEFAULT_OPEN_AI_URL,
  environmentFile,
  workerEnvironment,
  workerHosts,
} from "../../../policy/deployments/provision.js";
import { channels } from "../../channels/registry.js";
import { asMutation } from "../../functions.js";
import { env } from "../../../component/_generated/server.js";
import { createAgentWorkerToken } from "../tokens/createToken.js";

const HTTP_URL = /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*[^\s?#/])?$/i;

export const provisionAgentWorker = asMutation(contract.provisionAgentWorker)(async (ctx, args) => {
  const { engine = "openai", openAiBaseUrl, ...scope } = args;
  if (openAiBaseUrl !== undefined && !(HTTP_URL.test(openAiBaseUrl) && URL.canParse(openAiBaseUrl))) {
    const message =
      "openAiBaseUrl must be an http or https URL without credentials, query or trailing slash.";
    throw factoryError("invalid_argument", message, { argument: "openAiBaseUrl" });
  }
  const minted = await createAgentWorkerToken.handler(ctx, scope);
  const { CONVEX_SITE_URL: site, CONVEX_CLOUD_URL: cloud } = env;
  const needs = Object.values(channels).flatMap((channel) => channel.workerNeeds?.() ?? []);
  const environment = workerEnvironment({
    gatewayUrl: `${site}${normalizePathPrefix(env.AGENT_FACTORY_PATH_PREFIX ?? defaultPathPrefix)}`,
    cloud,
    channels: needs,
    token: minted.token,
    workerId: args.workerId,
    workspace: args.workspace,
    engine,
    openAiBaseUrl,
  });
  const model = openAiBaseUrl ?? DEFAULT_OPEN_AI_URL;
  return {
    token: minted.token,
    tokenId: minted.tokenId,
    expiresAt: minted.expiresAt,
    environment,
    envFile: environmentFile(environment),
    hosts: workerHosts({ site, cloud, channels: needs, engine, openAiBaseUrl: model }),
  };
});
