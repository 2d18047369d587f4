/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as agents_configureAgent from "../agents/configureAgent.js";
import type * as agents_tables from "../agents/tables.js";
import type * as config_runtime from "../config/runtime.js";
import type * as config_tables from "../config/tables.js";
import type * as crons from "../crons.js";
import type * as functions from "../functions.js";
import type * as lib from "../lib.js";
import type * as queue_alarms from "../queue/alarms.js";
import type * as queue_append from "../queue/append.js";
import type * as queue_attachMetadata from "../queue/attachMetadata.js";
import type * as queue_bounded from "../queue/bounded.js";
import type * as queue_claim from "../queue/claim.js";
import type * as queue_deadLetters from "../queue/deadLetters.js";
import type * as queue_discover from "../queue/discover.js";
import type * as queue_enqueue from "../queue/enqueue.js";
import type * as queue_heartbeat from "../queue/heartbeat.js";
import type * as queue_hydrate from "../queue/hydrate.js";
import type * as queue_lease from "../queue/lease.js";
import type * as queue_model from "../queue/model.js";
import type * as queue_pass from "../queue/pass.js";
import type * as queue_reads from "../queue/reads.js";
import type * as queue_reap from "../queue/reap.js";
import type * as queue_reply from "../queue/reply.js";
import type * as queue_settle from "../queue/settle.js";
import type * as queue_sweep from "../queue/sweep.js";
import type * as queue_tables from "../queue/tables.js";
import type * as queue_wake from "../queue/wake.js";
import type * as secrets_importSecret from "../secrets/importSecret.js";
import type * as secrets_keyRing from "../secrets/keyRing.js";
import type * as secrets_readiness from "../secrets/readiness.js";
import type * as secrets_secretStatus from "../secrets/secretStatus.js";
import type * as secrets_tables from "../secrets/tables.js";
import type * as secrets_vault from "../secrets/vault.js";
import type * as telegram_botApi from "../telegram/botApi.js";
import type * as telegram_configureWebhook from "../telegram/configureWebhook.js";
import type * as telegram_identifyWebhook from "../telegram/identifyWebhook.js";
import type * as telegram_ingestMessage from "../telegram/ingestMessage.js";
import type * as telegram_listParked from "../telegram/listParked.js";
import type * as telegram_tables from "../telegram/tables.js";
import type * as telegram_webhookSecrets from "../telegram/webhookSecrets.js";
import type * as workers_reads from "../workers/reads.js";
import type * as workers_register from "../workers/register.js";
import type * as workers_silent from "../workers/silent.js";
import type * as workers_tables from "../workers/tables.js";
import type * as workers_tokens_authorize from "../workers/tokens/authorize.js";
import type * as workers_tokens_claims from "../workers/tokens/claims.js";
import type * as workers_tokens_createToken from "../workers/tokens/createToken.js";
import type * as workers_tokens_listTokens from "../workers/tokens/listTokens.js";
import type * as workers_tokens_mintToken from "../workers/tokens/mintToken.js";
import type * as workers_tokens_revokeToken from "../workers/tokens/revokeToken.js";
import type * as workers_tokens_rotateToken from "../workers/tokens/rotateToken.js";
import type * as workers_tokens_tables from "../workers/tokens/tables.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  "agents/configureAgent": typeof agents_configureAgent;
  "agents/tables": typeof agents_tables;
  "config/runtime": typeof config_runtime;
  "config/tables": typeof config_tables;
  crons: typeof crons;
  functions: typeof functions;
  lib: typeof lib;
  "queue/alarms": typeof queue_alarms;
  "queue/append": typeof queue_append;
  "queue/attachMetadata": typeof queue_attachMetadata;
  "queue/bounded": typeof queue_bounded;
  "queue/claim": typeof queue_claim;
  "queue/deadLetters": typeof queue_deadLetters;
  "queue/discover": typeof queue_discover;
  "queue/enqueue": typeof queue_enqueue;
  "queue/heartbeat": typeof queue_heartbeat;
  "queue/hydrate": typeof queue_hydrate;
  "queue/lease": typeof queue_lease;
  "queue/model": typeof queue_model;
  "queue/pass": typeof queue_pass;
  "queue/reads": typeof queue_reads;
  "queue/reap": typeof queue_reap;
  "queue/reply": typeof queue_reply;
  "queue/settle": typeof queue_settle;
  "queue/sweep": typeof queue_sweep;
  "queue/tables": typeof queue_tables;
  "queue/wake": typeof queue_wake;
  "secrets/importSecret": typeof secrets_importSecret;
  "secrets/keyRing": typeof secrets_keyRing;
  "secrets/readiness": typeof secrets_readiness;
  "secrets/secretStatus": typeof secrets_secretStatus;
  "secrets/tables": typeof secrets_tables;
  "secrets/vault": typeof secrets_vault;
  "telegram/botApi": typeof telegram_botApi;
  "telegram/configureWebhook": typeof telegram_configureWebhook;
  "telegram/identifyWebhook": typeof telegram_identifyWebhook;
  "telegram/ingestMessage": typeof telegram_ingestMessage;
  "telegram/listParked": typeof telegram_listParked;
  "telegram/tables": typeof telegram_tables;
  "telegram/webhookSecrets": typeof telegram_webhookSecrets;
  "workers/reads": typeof workers_reads;
  "workers/register": typeof workers_register;
  "workers/silent": typeof workers_silent;
  "workers/tables": typeof workers_tables;
  "workers/tokens/authorize": typeof workers_tokens_authorize;
  "workers/tokens/claims": typeof workers_tokens_claims;
  "workers/tokens/createToken": typeof workers_tokens_createToken;
  "workers/tokens/listTokens": typeof workers_tokens_listTokens;
  "workers/tokens/mintToken": typeof workers_tokens_mintToken;
  "workers/tokens/revokeToken": typeof workers_tokens_revokeToken;
  "workers/tokens/rotateToken": typeof workers_tokens_rotateToken;
  "workers/tokens/tables": typeof workers_tokens_tables;
}> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
> = anyApi as any;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
> = anyApi as any;

export const components = componentsGeneric() as unknown as {};
