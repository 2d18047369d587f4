/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as broadcasts from "../broadcasts.js";
import type * as cloud from "../cloud.js";
import type * as crons from "../crons.js";
import type * as fleet from "../fleet.js";
import type * as lib from "../lib.js";
import type * as operators from "../operators.js";
import type * as people from "../people.js";
import type * as pushing from "../pushing.js";
import type * as queue from "../queue.js";
import type * as telegram from "../telegram.js";
import type * as tick from "../tick.js";
import type * as upkeep from "../upkeep.js";
import type * as workers from "../workers.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  broadcasts: typeof broadcasts;
  cloud: typeof cloud;
  crons: typeof crons;
  fleet: typeof fleet;
  lib: typeof lib;
  operators: typeof operators;
  people: typeof people;
  pushing: typeof pushing;
  queue: typeof queue;
  telegram: typeof telegram;
  tick: typeof tick;
  upkeep: typeof upkeep;
  workers: typeof workers;
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

export const components = componentsGeneric() as unknown as {
  workflow: import("@convex-dev/workflow/_generated/component.js").ComponentApi<"workflow">;
};
