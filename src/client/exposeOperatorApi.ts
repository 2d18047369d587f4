/** The same rows for the people and the cron jobs that run an app. */
import type { ComponentApi } from "../component/_generated/component.js";
import { admitted, forward, recordAdminUse, register, rows, type Handler } from "./surface/forward.js";
import type { OperatorApi } from "./surface/registered.js";
import type { HostArguments } from "./surface/row.js";

/**
 * The operator's functions as `internal*`, for cron jobs, the host's own functions and `npx convex run`: no `auth`,
 * because no client can reach them. `providerConfig` is what calls carry that bring none of their own.
 */
export function exposeOperatorApi(component: ComponentApi, options: HostArguments = {}): OperatorApi {
  const own = Object.entries(rows).filter(([, { access }]) => access !== "worker" && access !== "write");
  const exposed = own.map(([name, row]) => {
    const handler: Handler = async (ctx, args) => {
      const full = admitted(row, args, { isAdmin: true, providerConfig: options.providerConfig });
      const caller = { userId: null, isAdmin: true };
      if (row.access === "admin") {
        await recordAdminUse(component, row, ctx, { operation: name, caller, scope: row.scope(args) });
      }
      return await forward(component, row, ctx, { args: full, caller });
    };
    return [name, register("internal", row, handler)];
  });
  return Object.fromEntries(exposed) as OperatorApi;
}
