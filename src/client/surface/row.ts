/**
 * One exposed function as data: which component function it forwards to, who may call it, what it takes. Everything is
 * checked against the component's generated API, so a wrong name, kind or argument does not compile.
 */
import type { FunctionArgs } from "convex/server";
import type { ObjectType, PropertyValidators } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";

export type Lib = ComponentApi["lib"];
export type LibName = keyof Lib;
export type FunctionKind = "query" | "mutation" | "action";

/**
 * Who an exposed function is for.
 * - `read`, `write`: signed-in users of the host, as far as its `auth` lets them.
 * - `admin`: refused unless `auth` grants admin for this call.
 * - `worker`: carries a worker token, which the component verifies.
 * - `system`: idempotent upkeep without parameters that could do harm; cron jobs call it without an identity.
 */
export type AccessClass = "read" | "write" | "admin" | "worker" | "system";

/** What a call is about, for `auth` to compare with what the user may touch. */
export interface OperationScope {
  conversationId?: string;
  agentKey?: string;
  messageId?: string;
  workerId?: string;
}

export interface SurfaceRow<
  Fn extends LibName = LibName,
  Kind extends FunctionKind = FunctionKind,
  Args extends PropertyValidators = PropertyValidators,
> {
  readonly fn: Fn;
  readonly kind: Kind;
  readonly access: AccessClass;
  readonly args: Args;
  /** Arguments taken from the host's options: those of a caller without an admin grant are dropped. */
  readonly fill: readonly "providerConfig"[];
  readonly scope: (args: ObjectType<Args>) => OperationScope;
  readonly toLib: (args: ObjectType<Args>) => FunctionArgs<Lib[Fn]>;
}

interface RowOptions<Fn extends LibName, Args extends PropertyValidators> {
  kind: Lib[Fn]["_type"];
  access: AccessClass;
  args: Args;
  fill?: readonly "providerConfig"[];
  scope?: (args: ObjectType<Args>) => OperationScope;
}

/** Forwards the arguments as they are; they must be arguments of the component function. */
export function row<Fn extends LibName, Args extends PropertyValidators>(
  fn: Fn,
  options: RowOptions<Fn, Args> & (ObjectType<Args> extends FunctionArgs<Lib[Fn]> ? unknown : never),
): SurfaceRow<Fn, Lib[Fn]["_type"], Args> {
  // The condition on `options` proved that the arguments fit; TypeScript cannot apply it inside the function.
  return mappedRow(fn, options, (args) => args as FunctionArgs<Lib[Fn]>);
}

/** As `row`, for a function whose exposed arguments differ from the component's. */
export function mappedRow<Fn extends LibName, Args extends PropertyValidators>(
  fn: Fn,
  options: RowOptions<Fn, Args>,
  toLib: (args: ObjectType<Args>) => FunctionArgs<Lib[Fn]>,
): SurfaceRow<Fn, Lib[Fn]["_type"], Args> {
  const { kind, access, args, fill = [], scope = () => ({}) } = options;
  return { fn, kind, access, args, fill, scope, toLib };
}
