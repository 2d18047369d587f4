/** One exposed function as data: which component function it forwards to, who may call it, what it takes. */
import type { FunctionArgs } from "convex/server";
import type { Infer, ObjectType, PropertyValidators } from "convex/values";
import type { ComponentApi } from "../../component/_generated/component.js";
import type { vProviderConfig } from "../../contract/providers.js";
import type { AccessClass, ContractRow, FunctionKind } from "../../contract/row.js";

export type Lib = ComponentApi["lib"];
export type LibName = keyof Lib;

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

/** Who calls: the user id that `auth` returned, or null for the operator's functions, which ask nobody. */
export interface Caller {
  userId: string | null;
  /** Granted by `auth`; the operator's functions always are. */
  isAdmin: boolean;
}

/** What is said of an exposed function, whatever it forwards to: by its contract row, or beside it in `mapped.ts`. */
interface Said {
  kind: FunctionKind;
  access: AccessClass;
  args: PropertyValidators;
  adminOnlyArgs?: readonly string[];
  /** Arguments of 1.0.11 without effect (`nowMs`): accepted from everyone, never forwarded. */
  ignoredArgs?: readonly string[];
  fill?: readonly (keyof HostArguments)[];
  adminOnlyFields?: readonly string[];
  scope?: (args: CallArgs) => OperationScope;
}
export type CallArgs = Record<string, unknown>;

/** One call of the component; the validators have checked the arguments at run time. */
export interface Step<Fn extends LibName = LibName> {
  readonly fn: Fn;
  readonly kind: FunctionKind;
  readonly toLib: (args: CallArgs, caller: Caller) => CallArgs;
}

/** An exposed function. A joined one, an action, runs several steps in order and returns each result under its key. */
export interface SurfaceRow extends Required<Said> {
  readonly steps: Readonly<Record<string, Step>>;
  /** The result is that of the one step. */
  readonly isJoined: boolean;
}

/** What arrives at a mapping: the caller's arguments after dropping, with those of the host. */
type Mapping<Fn extends LibName, Args extends PropertyValidators> = (
  args: ObjectType<Args> & HostArguments,
  caller: Caller,
) => FunctionArgs<Lib[Fn]>;

/** What `exposeApi` says of the row `fn` by itself; null for a row that no app exposes. */
export function exposedRow(fn: LibName, row: ContractRow): SurfaceRow | null {
  if (!isExposed(row)) return null;
  const own = Object.entries(row.args).filter(([name]) => row.hostOnly?.includes(name) !== true);
  return mappedRow(fn, { ...saidBy(row), args: Object.fromEntries(own) }, (args) => args as never);
}

type ExposedRow = ContractRow & { readonly for: AccessClass };
const isExposed = (row: ContractRow): row is ExposedRow => row.for !== undefined;

/** What a contract row says of its exposed function, but for the arguments. */
export const saidBy = (row: ExposedRow) => ({
  kind: row.kind,
  access: row.for,
  adminOnlyArgs: row.adminOnly ?? [],
  fill: row.fill ?? [],
  adminOnlyFields: row.adminOnlyFields ?? [],
  scope: (args: CallArgs) => scopeOf(args, row),
});

/** A function whose exposed arguments differ from the component's. */
export function mappedRow<Fn extends LibName, Args extends PropertyValidators>(
  fn: Fn,
  said: Said & { args: Args },
  toLib: Mapping<Fn, Args>,
): SurfaceRow & { args: Args } {
  const step = { fn, kind: said.kind, toLib: toLib as Step["toLib"] };
  return { ...withDefaults(said), steps: { [fn]: step }, isJoined: false };
}

/**
 * An action of several steps: `joinedRow({access, args}, (step) => ({released: step("releaseStuckJobs", "mutation", …)}))`.
 * Each step is its own transaction; a step that throws ends the call, what earlier ones did stays.
 */
export function joinedRow<Args extends PropertyValidators, Steps extends Record<string, Step>>(
  said: Omit<Said, "kind"> & { args: Args },
  steps: (
    step: <Fn extends LibName>(fn: Fn, kind: Lib[Fn]["_type"], toLib: Mapping<Fn, Args>) => Step<Fn>,
  ) => Steps,
): SurfaceRow & { args: Args; steps: Steps } {
  const made = steps((fn, kind, toLib) => ({ fn, kind, toLib: toLib as Step["toLib"] }));
  return { ...withDefaults({ ...said, kind: "action" }), steps: made, isJoined: true };
}

const withDefaults = <Args extends PropertyValidators>(said: Said & { args: Args }) => ({
  adminOnlyArgs: [],
  ignoredArgs: [],
  fill: [],
  adminOnlyFields: [],
  scope: (args: CallArgs) => scopeOf(args),
  ...said,
});

/** The arguments that name what a call is about. A workspace has two further names: a worker's, and that of the push functions. */
const scopeNames: Readonly<Record<string, keyof OperationScope>> = {
  consumerUserId: "consumerUserId",
  agentKey: "agentKey",
  conversationId: "conversationId",
  messageId: "messageId",
  workerId: "workerId",
  jobId: "jobId",
  workspace: "workspace",
  workspaceId: "workspace",
  companyId: "workspace",
};

function scopeOf(args: CallArgs, { unscoped = [], agentUse }: Partial<ContractRow> = {}): OperationScope {
  const scope: Record<string, unknown> = agentUse ? { agentUse } : {};
  for (const [arg, name] of Object.entries(scopeNames))
    if (args[arg] !== undefined && !unscoped.includes(arg)) scope[name] = args[arg];
  return scope;
}
