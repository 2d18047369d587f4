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
  : never;

export type ExposedApi = { [Key in keyof Surface]: RegisteredRow<Surface[Key], "public"> };
/** Without what belongs to workers and to users' writes. */
export type OperatorApi = {
  [Key in OperatorKey]: RegisteredRow<Surface[Key], "internal">;
};
/** The keys are listed, because a row's access class is not part of its type; a test compares both. */
export const operatorKeys = [
  "listQueueItemsForConversation",
  "queueStats",
  "listJobsByStatus",
  "listDeadLetters",
  "inspectDeadLetter",
  "redriveDeadLetter",
  "purgeDeadLetters",
  "listAmbiguousReplies",
  "releaseStuckJobs",
  "configureAgent",
  "seedDefaultAgent",
  "getMessageRuntimeConfig",
  "setMessageRuntimeConfig",
  "policies",
  "setPolicies",
  "importSecret",
  "secretStatus",
  "secretStoreReadiness",
  "configureTelegramWebhook",
  "listParkedUpdates",
  "workerStats",
  "createAgentWorkerToken",
  "listWorkerTokens",
  "rotateWorkerToken",
  "revokeWorkerToken",
] as const satisfies readonly (keyof Surface)[];
export type OperatorKey = (typeof operatorKeys)[number];
