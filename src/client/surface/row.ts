/**
 * One exposed function as data: which component function it forwards to, who may call it, what it takes. Everything is
 * checked against the component's generated API, so a wrong name, kind or argument does not compile.
 */
import type { FunctionArgs } from "convex/server";
import type { Infer, ObjectType, PropertyValidators } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import type { vProviderConfig } from "../../contract/providers.js";

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

/** What a call is about, for `auth` to compare with what the user may touch. Absent means: not named by the call. */
export interface OperationScope {
  consumerUserId?: string;
  workspace?: string;
  conversationId?: string;
  agentKey?: string;
  messageId?: string;
  workerId?: string;
  /** A push job, whose owner the call does not name. */
  jobId?: string;
  /** The call changes the agent for everybody (its bot): it takes somebody whose agent it is, not only one who uses it. */
  agentUse?: "manage";
}

/** What the host passes to `exposeApi` and every call of a row with `fill` then carries. */
export interface HostArguments {
  providerConfig?: Infer<typeof vProviderConfig>;
}
export type HostArgument = keyof HostArguments;

/** Who calls: the user id that `auth` returned, or null for the operator's functions, which ask nobody. */
export interface Caller {
  userId: string | null;
  /** Granted by `auth`; the operator's functions always are. */
  isAdmin: boolean;
}

/** What a row may say about its arguments and its caller, whatever it forwards to. */
interface RowOptions<
  Access extends AccessClass,
  Args extends PropertyValidators,
  Fill extends HostArgument = HostArgument,
> {
  access: Access;
  args: Args;
  /**
   * Arguments that choose what the operator's machines run or cost (`flyApiToken`, `convexUrl`, `scalingPolicy` …):
   * accepted from everyone, dropped unless `auth` granted admin for this call.
   */
  adminOnlyArgs?: readonly (keyof Args & string)[];
  /** Arguments of 1.0.11 without effect (`nowMs`): accepted from everyone, never forwarded. */
  ignoredArgs?: readonly (keyof Args & string)[];
  /** Arguments taken from the host's options when the call does not bring them; always admin only. */
  fill?: readonly Fill[];
  /** Fields of the result that only an administrator sees. */
  adminOnlyFields?: readonly string[];
  scope?: (args: ObjectType<Args>) => OperationScope;
}

/** What arrives at `toLib`: the caller's arguments after dropping, with those of the host. */
export type Forwarded<Args extends PropertyValidators> = ObjectType<Args> & HostArguments;

interface RowBase<Kind extends FunctionKind, Access extends AccessClass, Args extends PropertyValidators> {
  readonly kind: Kind;
  readonly access: Access;
  readonly args: Args;
  readonly adminOnlyArgs: readonly string[];
  readonly ignoredArgs: readonly string[];
  readonly fill: readonly HostArgument[];
  readonly adminOnlyFields: readonly string[];
  readonly scope: (args: ObjectType<Args>) => OperationScope;
}

/** An exposed function that forwards to one function of the component. */
export interface SurfaceRow<
  Fn extends LibName = LibName,
  Kind extends FunctionKind = FunctionKind,
  Access extends AccessClass = AccessClass,
  Args extends PropertyValidators = PropertyValidators,
> extends RowBase<Kind, Access, Args> {
  readonly fn: Fn;
  readonly toLib: (args: Forwarded<Args>, caller: Caller) => FunctionArgs<Lib[Fn]>;
}

/** One step of a joined row. */
export interface Step<Fn extends LibName = LibName, Args extends PropertyValidators = PropertyValidators> {
  readonly fn: Fn;
  readonly kind: FunctionKind;
  readonly toLib: (args: Forwarded<Args>, caller: Caller) => FunctionArgs<Lib[Fn]>;
}

/** An exposed action that runs several functions of the component in order and returns each result under its key. */
export interface JoinedRow<
  Access extends AccessClass,
  Args extends PropertyValidators,
  Steps extends Record<string, { readonly fn: LibName }>,
> extends RowBase<"action", Access, Args> {
  readonly steps: Steps;
}

/** Forwards the arguments as they are; they must be arguments of the component function. */
export function row<Fn extends LibName, Access extends AccessClass, Args extends PropertyValidators>(
  fn: Fn,
  options: RowOptions<Access, Args, HostArgument & keyof FunctionArgs<Lib[Fn]>> & {
    kind: Lib[Fn]["_type"];
  } & (ObjectType<Args> extends FunctionArgs<Lib[Fn]> ? unknown : never),
): SurfaceRow<Fn, Lib[Fn]["_type"], Access, Args> {
  // The condition on `options` proved that the arguments fit; TypeScript cannot apply it inside the function.
  return mappedRow(fn, options, (args) => args as FunctionArgs<Lib[Fn]>);
}

/** As `row`, for a function whose exposed arguments differ from the component's. */
export function mappedRow<Fn extends LibName, Access extends AccessClass, Args extends PropertyValidators>(
  fn: Fn,
  options: RowOptions<Access, Args> & { kind: Lib[Fn]["_type"] },
  toLib: (args: Forwarded<Args>, caller: Caller) => FunctionArgs<Lib[Fn]>,
): SurfaceRow<Fn, Lib[Fn]["_type"], Access, Args> {
  return { ...base(options), kind: options.kind, fn, toLib };
}

/**
 * An action of several steps: `joinedRow({access, args}, (step) => ({released: step("releaseStuckJobs", "mutation", …)}))`.
 * Each step is its own transaction; a step that throws ends the call, what earlier ones did stays.
 */
export function joinedRow<
  Access extends AccessClass,
  Args extends PropertyValidators,
  Steps extends Record<string, { readonly fn: LibName }>,
>(
  options: RowOptions<Access, Args>,
  steps: (
    step: <Fn extends LibName>(
      fn: Fn,
      kind: Lib[Fn]["_type"],
      toLib: (args: Forwarded<Args>, caller: Caller) => FunctionArgs<Lib[Fn]>,
    ) => Step<Fn, Args>,
  ) => Steps,
): JoinedRow<Access, Args, Steps> {
  return { ...base(options), kind: "action", steps: steps((fn, kind, toLib) => ({ fn, kind, toLib })) };
}

function base<Access extends AccessClass, Args extends PropertyValidators>(
  options: RowOptions<Access, Args>,
) {
  const { access, args, adminOnlyArgs = [], ignoredArgs = [], fill = [], adminOnlyFields = [] } = options;
  return {
    access,
    args,
    adminOnlyArgs,
    ignoredArgs,
    fill,
    adminOnlyFields,
    scope: options.scope ?? (() => ({})),
  };
}
