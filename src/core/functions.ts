/**
 * Binds a handler to its contract row. The result is inert: only `lib.ts` registers public functions, so each has
 * one address. The two-step call fixes argument and result types before the handler is seen; in one step a handler
 * that uses an `internal.*` result fails with circular inference (TS7022).
 */
import type { Infer, ObjectType, PropertyValidators, Validator } from "convex/values";
import type { ActionCtx, MutationCtx, QueryCtx } from "../component/_generated/server.js";

type Row<Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>> = {
  readonly args: Args;
  readonly returns: Returns;
};

const bind =
  <Ctx>() =>
  <Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>>(
    row: Row<Args, Returns>,
  ) =>
  (handler: (ctx: Ctx, args: ObjectType<Args>) => Promise<Infer<Returns>>) => ({
    // Read when Convex asks for them at a push: a call needs no validator.
    get args() {
      return row.args;
    },
    get returns() {
      return row.returns;
    },
    handler,
  });

export const asQuery = bind<QueryCtx>();
export const asMutation = bind<MutationCtx>();
export const asAction = bind<ActionCtx>();
