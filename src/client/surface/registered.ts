/** The types of what `exposeApi` and `exposeOperatorApi` return: exact arguments and results, nothing widened. */
import type {
  FunctionReturnType,
  FunctionVisibility,
  RegisteredAction,
  RegisteredMutation,
  RegisteredQuery,
} from "convex/server";
import type { Infer, ObjectType, PropertyValidators } from "convex/values";
import type { ContractRow, FunctionKind } from "../../contract/row.js";
import type { RowOfKey } from "./keys.generated.js";
import type { further, mapped } from "./mapped.js";
import type { Lib, LibName } from "./row.js";

type RegisteredAs<
  Kind extends FunctionKind,
  Visibility extends FunctionVisibility,
  Args extends PropertyValidators,
  Returns,
> = {
  query: RegisteredQuery<Visibility, ObjectType<Args>, Promise<Returns>>;
  mutation: RegisteredMutation<Visibility, ObjectType<Args>, Promise<Returns>>;
  action: RegisteredAction<Visibility, ObjectType<Args>, Promise<Returns>>;
}[Kind];

/** The arguments of an exposed key: of its row, unless they are mapped. */
type ArgsOf<Key, Row extends ContractRow> = Key extends keyof typeof mapped
  ? (typeof mapped)[Key]["args"]
  : Row extends { hostOnly: readonly (infer Name extends string)[] }
    ? Omit<Row["args"], Name>
    : Row["args"];

/** Mapped over the keys themselves, which keeps the documentation of each. */
type RegisteredRows<Rows, Visibility extends FunctionVisibility> = {
  [Key in keyof Rows]: Rows[Key] extends ContractRow
    ? RegisteredAs<Rows[Key]["kind"], Visibility, ArgsOf<Key, Rows[Key]>, Infer<Rows[Key]["returns"]>>
    : never;
};

/** What the steps of a joined row return, each under its key. */
type StepResults<Steps> = {
  [Key in keyof Steps]: Steps[Key] extends { fn: infer Fn extends LibName }
    ? FunctionReturnType<Lib[Fn]>
    : never;
};
type Further = typeof further;
type FurtherApi<Visibility extends FunctionVisibility> = {
  /** The agent `default`, enabled, with the secret `telegram.botToken`. */
  seedDefaultAgent: RegisteredMutation<
    Visibility,
    ObjectType<Further["seedDefaultAgent"]["args"]>,
    Promise<FunctionReturnType<Lib["configureAgent"]>>
  >;
  /**
   * `releaseStuckJobs` and then `startWorkers`, each result under its key: `released`, `reconcile`.
   * - `nowMs`: Accepted from 1.0.11's crons, without effect.
   * - `scalingPolicy`: An administrator's only.
   */
  recoverQueue: RegisteredAction<
    Visibility,
    ObjectType<Further["recoverQueue"]["args"]>,
    Promise<StepResults<Further["recoverQueue"]["steps"]>>
  >;
};

export type ExposedApi = RegisteredRows<RowOfKey, "public"> & FurtherApi<"public">;

/** All but what is a worker's or a user's to do. */
type OperatorKey = {
  [Key in keyof RowOfKey]: RowOfKey[Key] extends { for: "worker" | "write" } ? never : Key;
}[keyof RowOfKey];
export type OperatorApi = RegisteredRows<Pick<RowOfKey, OperatorKey>, "internal"> & FurtherApi<"internal">;
