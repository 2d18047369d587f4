/** Runs one row: from a caller's arguments to the component's functions. The only casts over rows are here. */
import {
  actionGeneric,
  internalActionGeneric,
  internalMutationGeneric,
  internalQueryGeneric,
  mutationGeneric,
  queryGeneric,
  type FunctionReference,
} from "convex/server";
import type { PropertyValidators } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import type { AuthContext } from "../auth.js";
import type { FunctionKind } from "../../contract/row.js";
import { surface } from "./index.js";
import type { CallArgs, Caller, HostArguments, OperationScope, Step, SurfaceRow } from "./row.js";

type AnyReference<Kind extends FunctionKind> = FunctionReference<Kind, "internal", CallArgs, unknown>;
/** What a query's, a mutation's and an action's context have in common for our purpose. */
export interface CallerCtx extends AuthContext {
  runMutation(reference: AnyReference<"mutation">, args: CallArgs): Promise<unknown>;
  runAction(reference: AnyReference<"action">, args: CallArgs): Promise<unknown>;
}
export type Handler = (ctx: CallerCtx, args: CallArgs) => Promise<unknown>;

export const rows = surface;

/** The component functions that a row reaches, in order. */
export const stepsOf = (row: SurfaceRow): Step[] => Object.values(row.steps);

/** The admin-only arguments that this call brings. */
export const adminArgsOf = (row: SurfaceRow, args: CallArgs): string[] =>
  [...row.adminOnlyArgs, ...row.fill].filter((name) => args[name] !== undefined);

/** A caller's arguments without what it may not say, with what the host says. */
export function admitted(
  row: SurfaceRow,
  args: CallArgs,
  host: HostArguments & { isAdmin: boolean },
): CallArgs {
  const dropped = new Set<string>([...row.ignoredArgs, ...(host.isAdmin ? [] : adminArgsOf(row, args))]);
  const kept = Object.fromEntries(Object.entries(args).filter(([name]) => !dropped.has(name)));
  for (const name of row.fill) kept[name] ??= host[name];
  return kept;
}

/**
 * Writes an administrative operation into the audit log, before it is carried out and, for a mutation, in its
 * transaction. Queries cannot write; what they show is not recorded.
 */
export async function recordAdminUse(
  component: ComponentApi,
  row: SurfaceRow,
  ctx: CallerCtx,
  use: { operation: string; caller: Caller; scope: OperationScope },
): Promise<void> {
  if (row.kind === "query") return;
  const { operation, scope } = use;
  const { userId } = use.caller;
  await ctx.runMutation(component.lib.recordAdminOperation, { operation, userId, scope: { ...scope } });
}

/** Calls the component; of several steps, each result under its key. */
export async function forward(
  component: ComponentApi,
  row: SurfaceRow,
  ctx: CallerCtx,
  call: { args: CallArgs; caller: Caller },
): Promise<unknown> {
  const results: CallArgs = {};
  for (const [key, step] of Object.entries(row.steps)) {
    const args = step.toLib(call.args, call.caller);
    const result = await runStep(component.lib[step.fn], step.kind, ctx, args);
    if (!row.isJoined) return shownTo(call.caller, row, result);
    results[key] = result;
  }
  return results;
}

/** A result without what its caller may not see. */
function shownTo({ isAdmin }: Caller, { adminOnlyFields }: SurfaceRow, result: unknown): unknown {
  if (isAdmin || adminOnlyFields.length === 0 || typeof result !== "object" || result === null) return result;
  return Object.fromEntries(Object.entries(result).filter(([name]) => !adminOnlyFields.includes(name)));
}

function runStep(reference: unknown, kind: FunctionKind, ctx: CallerCtx, args: CallArgs): Promise<unknown> {
  switch (kind) {
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

/** Makes the Convex function of a row. */
export function register(visibility: keyof typeof builders, row: SurfaceRow, handler: Handler): unknown {
  const build = builders[visibility][row.kind] as unknown as (definition: {
    args: PropertyValidators;
    handler: Handler;
  }) => unknown;
  return build({ args: row.args, handler });
}
