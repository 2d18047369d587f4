/**
 * Binds a handler to its contract row. The result is inert: only `lib.ts` registers public functions, so each has
 * one address. The two-step call fixes argument and result types before the handler is seen; in one step a handler
 * that uses an `internal.*` result fails with circular inference (TS7022).
 */
import type { Infer, ObjectType, PropertyValidators, Validator } from "convex/values";
import type { ActionCtx, MutationCtx, QueryCtx } from "../component/_generated/server.js";

export type Row<Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>> = {
  readonly args: Args;
  readonly returns: Returns;
};

type Handler<Ctx, Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>> = (
  ctx: Ctx,
  args: ObjectType<Args>,
) => Promise<Infer<Returns>>;

/** What the builders of Convex take. Validators are read when Convex asks for them, at a push: no call needs one. */
class Bound<Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>, Do> {
  constructor(
    private readonly row: Row<Args, Returns>,
    readonly handler: Do,
  ) {}
  get args(): Args {
    return this.row.args;
  }
  get returns(): Returns {
    return this.row.returns;
  }
}

const bind =
  <Ctx>() =>
  <Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>>(
    row: Row<Args, Returns>,
  ) =>
  (
    handler: Handler<Ctx, Args, Returns>,
  ): Row<Args, Returns> & { readonly handler: Handler<Ctx, Args, Returns> } =>
    new Bound(row, handler);

export const asQuery = bind<QueryCtx>();
export const asMutation = bind<MutationCtx>();
export const asAction = bind<ActionCtx>();
