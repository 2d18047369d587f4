/** Turns the surface's rows into functions that an app exports. The only loop over them, and the only casts. */
import {
  actionGeneric,
  internalActionGeneric,
  internalMutationGeneric,
  internalQueryGeneric,
  mutationGeneric,
  queryGeneric,
  type Auth,
  type FunctionReference,
} from "convex/server";
import type { Infer } from "convex/values";
import type { ComponentApi } from "../component/_generated/component.js";
import { factoryError } from "../contract/errors.js";
import type { vProviderConfig } from "../contract/queue.js";
import { authorizeCall, type AuthCallback } from "./auth.js";
import { surface } from "./surface/index.js";
import { operatorKeys, type ExposedApi, type OperatorApi } from "./surface/registered.js";
import type { FunctionKind, SurfaceRow } from "./surface/row.js";

export interface ExposeApiOptions {
  /** Decides about every call, before anything else happens. */
  auth: AuthCallback;
  /** The provider configuration that calls carry, whatever a caller sends. */
  providerConfig?: Infer<typeof vProviderConfig>;
  /**
   * Lets worker functions be called without a token by anyone whom `auth` lets pass, as in 1.0.11: every secret and every
   * conversation is then open to whoever knows the deployment's URL. Only for closed networks.
   */
  dangerouslyAllowWorkersWithoutToken?: boolean;
}

type CallArgs = Record<string, unknown>;
type AnyReference<Kind extends FunctionKind> = FunctionReference<Kind, "internal", CallArgs, unknown>;
/** What a query's, a mutation's and an action's context have in common for our purpose. */
interface CallerCtx {
  auth: Auth;
  runQuery(reference: AnyReference<"query">, args: CallArgs): Promise<unknown>;
  runMutation(reference: AnyReference<"mutation">, args: CallArgs): Promise<unknown>;
  runAction(reference: AnyReference<"action">, args: CallArgs): Promise<unknown>;
}
type Handler = (ctx: CallerCtx, args: CallArgs) => Promise<unknown>;
/** A row whose argument types are forgotten: the validators have checked them at run time. */
type LooseRow = Omit<SurfaceRow, "scope" | "toLib"> & {
  scope: (args: CallArgs) => ReturnType<SurfaceRow["scope"]>;
  toLib: (args: CallArgs) => CallArgs;
};

const rows = surface as unknown as Record<string, LooseRow>;

/**
 * Functions ready to be exported from an app module: `export const { enqueue, queueStats } = exposeApi(…)`.
 *
 * Every call awaits `auth` first. Administrative operations need its admin grant (`admin_required`); worker operations
 * need a worker token (`worker_token_required`), which the component verifies.
 */
export function exposeApi(component: ComponentApi, options: ExposeApiOptions): ExposedApi {
  const exposed = Object.entries(rows).map(([name, row]) => {
    const handler: Handler = async (ctx, args) => {
      const { isAdmin } = await authorizeCall(options.auth, ctx, { name, row, scope: row.scope(args) });
      if (row.access === "worker") requireWorkerToken(args, options);
      return await forward(component, row, ctx, row.toLib(isAdmin ? args : filled(row, args, options)));
    };
    return [name, register("public", row, handler)];
  });
  return Object.fromEntries(exposed) as ExposedApi;
}

/**
 * The operator's functions as `internal*`, for cron jobs, the host's own functions and `npx convex run`: no `auth`,
 * because no client can reach them.
 */
export function exposeOperatorApi(component: ComponentApi): OperatorApi {
  const exposed = operatorKeys.map((name) => {
    const row = rows[name] as LooseRow;
    const handler: Handler = (ctx, args) => forward(component, row, ctx, row.toLib(args));
    return [name, register("internal", row, handler)];
  });
  return Object.fromEntries(exposed) as OperatorApi;
}

function requireWorkerToken(args: CallArgs, options: ExposeApiOptions): void {
  if (typeof args.workerToken === "string" && args.workerToken !== "") return;
  if (options.dangerouslyAllowWorkersWithoutToken === true && args.workerToken === undefined) return;
  throw factoryError("worker_token_required", "A worker token is required");
}

/** Replaces what only the host may say. */
function filled(row: LooseRow, args: CallArgs, options: ExposeApiOptions): CallArgs {
  const own = Object.fromEntries(row.fill.map((field) => [field, options[field]]));
  return { ...args, ...own };
}

function forward(component: ComponentApi, row: LooseRow, ctx: CallerCtx, args: CallArgs): Promise<unknown> {
  const reference: unknown = component.lib[row.fn];
  switch (row.kind) {
    case "query":
      return ctx.runQuery(reference as AnyReference<"query">, args);
    case "mutation":
      return ctx.runMutation(reference as AnyReference<"mutation">, args);
    case "action":
      return ctx.runAction(reference as AnyReference<"action">, args);
  }
}

const builders = {
  public: { query: queryGeneric, mutation: mutationGeneric, action: actionGeneric },
  internal: { query: internalQueryGeneric, mutation: internalMutationGeneric, action: internalActionGeneric },
};

function register(visibility: keyof typeof builders, row: LooseRow, handler: Handler): unknown {
  const build = builders[visibility][row.kind] as (definition: {
    args: LooseRow["args"];
    handler: Handler;
  }) => unknown;
  return build({ args: row.args, handler });
}
