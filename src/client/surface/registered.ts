/** The types of what `exposeApi` and `exposeOperatorApi` return: exact arguments and results, nothing widened. */
import type {
  FunctionReturnType,
  FunctionVisibility,
  RegisteredAction,
  RegisteredMutation,
  RegisteredQuery,
} from "convex/server";
import type { ObjectType, PropertyValidators } from "convex/values";
import type { Surface } from "./index.js";
import type { FunctionKind, Lib, LibName } from "./row.js";

type RegisteredAs<
  Kind extends FunctionKind,
  Visibility extends FunctionVisibility,
  Args extends PropertyValidators,
  Returns,
> = Kind extends "query"
  ? RegisteredQuery<Visibility, ObjectType<Args>, Promise<Returns>>
  : Kind extends "mutation"
    ? RegisteredMutation<Visibility, ObjectType<Args>, Promise<Returns>>
    : RegisteredAction<Visibility, ObjectType<Args>, Promise<Returns>>;

type RegisteredRow<Row, Visibility extends FunctionVisibility> = Row extends {
  fn: infer Fn extends LibName;
  kind: infer Kind extends FunctionKind;
  args: infer Args extends PropertyValidators;
}
  ? RegisteredAs<Kind, Visibility, Args, FunctionReturnType<Lib[Fn]>>
  : Row extends { steps: infer Steps; args: infer Args extends PropertyValidators }
    ? RegisteredAction<Visibility, ObjectType<Args>, Promise<StepResults<Steps>>>
    : never;

/** What the steps of a joined row return, each under its key. */
type StepResults<Steps> = {
  [Key in keyof Steps]: Steps[Key] extends { fn: infer Fn extends LibName }
    ? FunctionReturnType<Lib[Fn]>
    : never;
};

export type ExposedApi = { [Key in keyof Surface]: RegisteredRow<Surface[Key], "public"> };
/** All but what is a worker's or a user's to do. */
export type OperatorApi = {
  [Key in keyof Surface as Surface[Key]["access"] extends "worker" | "write" ? never : Key]: RegisteredRow<
    Surface[Key],
    "internal"
  >;
};
