/**
 * A public function whose body is registered elsewhere. `lib.ts` is loaded whole by every call of the component, so what is
 * heavy or rare is a row there that makes one nested call (some 10 ms on a deployment) into a module of its weight.
 */
import type {
  ActionBuilder,
  FunctionReference,
  FunctionType,
  MutationBuilder,
  QueryBuilder,
  RegisteredAction,
  RegisteredMutation,
  RegisteredQuery,
} from "convex/server";
import type { Infer, ObjectType, PropertyValidators, Validator } from "convex/values";
import type { ContractRow } from "../contract/row.js";
import type { DataModel } from "../component/_generated/dataModel.js";
import { asAction, asMutation, asQuery, type Row } from "./functions.js";

type AnyReturns = Validator<unknown, "required", string>;

/**
 * Says where the body of a row is: an internal function of exactly its arguments and result. Named in a second step, and looked
 * up when called, because the type of `internal` contains the type of the function that is defined here.
 */
type Relay<Kind extends FunctionType> = <Args extends PropertyValidators, Returns extends AnyReturns>(
  row: Row<Args, Returns>,
) => (target: () => FunctionReference<Kind, "internal", ObjectType<Args>, Infer<Returns>>) => {
  query: RegisteredQuery<"public", ObjectType<Args>, Promise<Infer<Returns>>>;
  mutation: RegisteredMutation<"public", ObjectType<Args>, Promise<Infer<Returns>>>;
  action: RegisteredAction<"public", ObjectType<Args>, Promise<Infer<Returns>>>;
}[Kind];

/** What `Relay` comes down to for a row that is known at run time only. */
type RelayAny<Kind extends FunctionType> = (
  row: ContractRow,
) => (target: () => FunctionReference<Kind, "internal", Record<string, unknown>, unknown>) => unknown;

/** One relay per kind of function: `relay.query(row)(() => internal.module.name)`. */
export function relayWith(register: {
  query: QueryBuilder<DataModel, "public">;
  mutation: MutationBuilder<DataModel, "public">;
  action: ActionBuilder<DataModel, "public">;
}) {
  const query: RelayAny<"query"> = (row) => (target) =>
    register.query(asQuery(row)((ctx, args) => ctx.runQuery(target(), args)));
  const mutation: RelayAny<"mutation"> = (row) => (target) =>
    register.mutation(asMutation(row)((ctx, args) => ctx.runMutation(target(), args)));
  const action: RelayAny<"action"> = (row) => (target) =>
    register.action(asAction(row)((ctx, args) => ctx.runAction(target(), args)));
  return {
    query: query as Relay<"query">,
    mutation: mutation as Relay<"mutation">,
    action: action as Relay<"action">,
  };
}
