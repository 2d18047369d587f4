/**
 * A public function whose body is registered elsewhere. `lib` is loaded whole by every call of the component, so what is
 * heavy or rare is a row there that makes one nested call (some 10 ms on a deployment) into the module of its weight.
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
import type { Infer, ObjectType } from "convex/values";
import { internal } from "../component/_generated/api.js";
import type { DataModel } from "../component/_generated/dataModel.js";
import type { ContractRow } from "../contract/row.js";
import { asAction, asMutation, asQuery } from "./functions.js";

type Relayed<Row extends ContractRow> = {
  query: RegisteredQuery<"public", ObjectType<Row["args"]>, Promise<Infer<Row["returns"]>>>;
  mutation: RegisteredMutation<"public", ObjectType<Row["args"]>, Promise<Infer<Row["returns"]>>>;
  action: RegisteredAction<"public", ObjectType<Row["args"]>, Promise<Infer<Row["returns"]>>>;
}[Row["kind"]];

type Body<Kind extends FunctionType> = FunctionReference<Kind, "internal", Record<string, unknown>, unknown>;

/** `relay(row, name)` registers a row whose body is the internal function of that name in the row's module. */
export function relayWith(register: {
  query: QueryBuilder<DataModel, "public">;
  mutation: MutationBuilder<DataModel, "public">;
  action: ActionBuilder<DataModel, "public">;
}) {
  const relay = (row: ContractRow, name: string): unknown => {
    // Looked up when called: the type of `internal` contains the type of what is defined here. That there is such a body, of this
    // row, is the generator's word (`npm run codegen`).
    const body = <Kind extends FunctionType>() =>
      (internal as unknown as Record<string, Record<string, Body<Kind>>>)[row.module]?.[name] ??
      missing(row.module, name);
    switch (row.kind) {
      case "query":
        return register.query(asQuery(row)((ctx, args) => ctx.runQuery(body<"query">(), args)));
      case "mutation":
        return register.mutation(asMutation(row)((ctx, args) => ctx.runMutation(body<"mutation">(), args)));
      case "action":
        return register.action(asAction(row)((ctx, args) => ctx.runAction(body<"action">(), args)));
    }
  };
  return relay as <Row extends ContractRow>(row: Row, name: string) => Relayed<Row>;
}

function missing(module: string, name: string): never {
  throw new Error(`There is no body ${module}.${name}; run npm run codegen`);
}
