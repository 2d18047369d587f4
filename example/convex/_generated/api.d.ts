/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as agentFactory from "../agentFactory.js";
import type * as auth from "../auth.js";
import type * as crons from "../crons.js";
import type * as example from "../example.js";
import type * as http from "../http.js";
import type * as operator from "../operator.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  agentFactory: typeof agentFactory;
  auth: typeof auth;
  crons: typeof crons;
  example: typeof example;
  http: typeof http;
  operator: typeof operator;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  agentFactory: import("@okrlinkhub/agent-factory/_generated/component.js").ComponentApi<"agentFactory">;
};
