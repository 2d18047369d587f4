/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as agents_tables from "../agents/tables.js";
import type * as config_tables from "../config/tables.js";
import type * as functions from "../functions.js";
import type * as lib from "../lib.js";
import type * as queue_tables from "../queue/tables.js";
import type * as secrets_tables from "../secrets/tables.js";
import type * as telegram_tables from "../telegram/tables.js";
import type * as workers_tables from "../workers/tables.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  "agents/tables": typeof agents_tables;
  "config/tables": typeof config_tables;
  functions: typeof functions;
  lib: typeof lib;
  "queue/tables": typeof queue_tables;
  "secrets/tables": typeof secrets_tables;
  "telegram/tables": typeof telegram_tables;
  "workers/tables": typeof workers_tables;
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
