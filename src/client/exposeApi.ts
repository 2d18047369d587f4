/** Turns the surface's rows into functions that an app exports to its clients. */
import type { ComponentApi } from "../component/_generated/component.js";
import { factoryError } from "../contract/errors.js";
import { aliasOf } from "../contract/paths.js";
import { authorizeCall, type AuthCallback } from "./auth.js";
import {
  admitted,
  adminArgsOf,
  forward,
  recordAdminUse,
  register,
  rows,
  type Handler,
} from "./surface/forward.js";
import type { ExposedApi, OperatorApi } from "./surface/registered.js";
import type { CallArgs, HostArguments, SurfaceRow } from "./surface/row.js";

export interface ExposeApiOptions {
  /** Decides about every call, before anything else happens. */
  auth: AuthCallback;
  /** The provider configuration that calls carry, whatever a caller without an admin grant sends. */
  providerConfig?: HostArguments["providerConfig"];
  /**
   * Lets worker functions be called without a token by anyone whom `auth` lets pass, as in 1.0.11: every secret and every
   * conversation is then open to whoever knows the deployment's URL. Only for closed networks.
   */
  dangerouslyAllowWorkersWithoutToken?: boolean;
}

/**
 * Functions ready to be exported from an app module: `export const { enqueue, queueStats } = exposeApi(…)`.
 *
 * Every call awaits `auth` first. Administrative operations need its admin grant (`admin_required`); worker operations
 * need a worker token (`worker_token_required`), which the component verifies. Arguments that only an administrator may
 * give are dropped from everybody else's calls.
 */
export function exposeApi(component: ComponentApi, options: ExposeApiOptions): ExposedApi {
  const { providerConfig } = options;
  return exposed("public", Object.entries(rows), (name, row) => async (ctx, args) => {
    const scope = row.scope(args);
    const { userId, isAdmin: granted } = await authorizeCall(options.auth, ctx, { name, row, scope });
    const isWorker = row.access === "worker";
    if (isWorker) requireWorkerToken(args, options);
    // A worker is its token: a grant that `auth` hands out for everything is not meant for it.
    const isAdmin = granted && !isWorker;
    const own = admitted(row, args, { isAdmin, providerConfig });
    const caller = { userId, isAdmin };
    if (row.access === "admin" || (isAdmin && adminArgsOf(row, args).length > 0))
      await recordAdminUse(component, row, ctx, { operation: name, caller, scope });
    return await forward(component, row, ctx, { args: own, caller });
  }) as ExposedApi;
}

const exposed = (
  visibility: "public" | "internal",
  which: [string, SurfaceRow][],
  handlerOf: (name: string, row: SurfaceRow) => Handler,
): unknown =>
  Object.fromEntries(which.map(([name, row]) => [name, register(visibility, row, handlerOf(name, row))]));

function requireWorkerToken(args: CallArgs, options: ExposeApiOptions): void {
  // An alias opens its own route and no other door.
  if (typeof args.workerToken === "string" && args.workerToken !== "" && aliasOf(args.workerToken) === null)
    return;
  if (options.dangerouslyAllowWorkersWithoutToken === true && args.workerToken === undefined) return;
  throw factoryError("worker_token_required", "A worker token is required");
}

/**
 * The operator's functions as `internal*`, for cron jobs, the host's own functions and `npx convex run`: no `auth`,
 * because no client can reach them. `providerConfig` is what calls carry that bring none of their own.
 */
export function exposeOperatorApi(
  component: ComponentApi,
  { providerConfig }: HostArguments = {},
): OperatorApi {
  const own = Object.entries(rows).filter(([, { access }]) => access !== "worker" && access !== "write");
  return exposed("internal", own, (name, row) => async (ctx, args) => {
    const full = admitted(row, args, { isAdmin: true, providerConfig });
    const caller = { userId: null, isAdmin: true };
    if (row.access === "admin")
      await recordAdminUse(component, row, ctx, { operation: name, caller, scope: row.scope(args) });
    return await forward(component, row, ctx, { args: full, caller });
  }) as OperatorApi;
}
