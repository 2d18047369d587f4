/**
 * A contract row is the one place where a public function is written down: what it is called with and answers, who may call it
 * through an app, how a worker calls it; its JSDoc is its documentation. The component's registrations, the exposed keys, the
 * gateway's table, the worker's types and the reference are made of it (`npm run codegen`).
 *
 * A deployment evaluates the whole contract on every call and looks at no validator then (it has stored them at the push),
 * and building them all takes seven times as long as loading `convex/server`. So they are built when first looked at.
 *
 * What a field means stands in the docstring of its row: comments inside of an expression stay in the bundle (16 kB of it).
 */
import { v, type PropertyValidators, type Validator } from "convex/values";

export type FunctionKind = "query" | "mutation" | "action";

/**
 * Who an exposed function is for.
 * - `read`, `write`: signed-in users of the host, as far as its `auth` lets them.
 * - `admin`: refused unless `auth` grants admin for this call.
 * - `worker`: carries a worker token, which the component verifies.
 * - `system`: idempotent upkeep without parameters that could do harm; cron jobs call it without an identity.
 */
export type AccessClass = "read" | "write" | "admin" | "worker" | "system";

/** What a row may say besides. A part of `lib`, whose size is limited: plain data, and no more than is needed. */
interface Further {
  /** Its key in `exposeApi`; absent: the function's own name. */
  readonly as?: string;
  /** Its name on the worker gateway; absent: it is not there. */
  readonly operation?: string;
  /** The published 1.0.11 image calls it, by the exposed key. */
  readonly image?: true;
  /** The row whose result is what a worker gets of it, where that is a part of the answer. */
  readonly resultOf?: ContractRow;
  /**
   * Arguments that choose what the operator's machines run or cost: accepted from everyone, dropped unless `auth` granted admin
   * for this call.
   */
  readonly adminOnly?: readonly string[];
  /** Arguments that the exposed function does not have: only the host itself may give them. */
  readonly hostOnly?: readonly string[];
  /** Arguments that `exposeApi` takes from the host's options when the call does not bring them; always admin only. */
  readonly fill?: readonly "providerConfig"[];
  /** Fields of the result that only an administrator sees. */
  readonly adminOnlyFields?: readonly string[];
  /** Arguments that name what a call is about, of which `auth` is nevertheless not told. */
  readonly unscoped?: readonly string[];
  /** The call changes the agent for everybody (its bot): it takes somebody whose agent it is, not only one who uses it. */
  readonly agentUse?: "manage";
}

export interface RowFacts extends Further {
  readonly kind: FunctionKind;
  /** The module of `src/component` that registers its body; `lib` for what every message needs. */
  readonly module: string;
  /** `package`: no app exposes it, this package alone calls it. */
  readonly access: AccessClass | "package";
}

export interface ContractRow extends RowFacts {
  readonly args: PropertyValidators;
  // A result may be any validator; `any` here never reaches a caller, who sees the inferred type.
  readonly returns: Validator<unknown, "required", string>;
}

/** Something that is made by its first reader. */
class Lazy<T extends object> {
  private built: T | undefined;
  constructor(private readonly build: () => T) {}
  get value(): T {
    return (this.built ??= this.build());
  }
}

class LazyRow<
  Args extends PropertyValidators,
  Returns extends Validator<unknown, "required", string>,
> extends Lazy<{ readonly args: Args; readonly returns: Returns }> {
  constructor(
    readonly kind: FunctionKind,
    readonly module: string,
    readonly access: RowFacts["access"],
    build: () => { readonly args: Args; readonly returns: Returns },
  ) {
    super(build);
  }
  get args(): Args {
    return this.value.args;
  }
  get returns(): Returns {
    return this.value.returns;
  }
}

/**
 * `query("operators", "read", {…})(() => ({ args, returns }))`: the module that registers its body, who may call it, what else
 * there is to say. Keeps the literal types of a row while checking its shape.
 */
const rowOf =
  <const Kind extends FunctionKind>(kind: Kind) =>
  <const Module extends string, const Access extends RowFacts["access"], const Said extends Further = object>(
    module: Module,
    access: Access,
    further?: Said,
  ) =>
  <Args extends PropertyValidators, Returns extends Validator<unknown, "required", string>>(
    build: () => { readonly args: Args; readonly returns: Returns },
  ) => {
    const row = new LazyRow(kind, module, access, build);
    return (further ? Object.assign(row, further) : row) as unknown as {
      readonly kind: Kind;
      readonly module: Module;
      readonly access: Access;
      readonly args: Args;
      readonly returns: Returns;
    } & Said;
  };
export const query = rowOf("query");
export const mutation = rowOf("mutation");
export const action = rowOf("action");

/** Tells the rows of a contract file from what else it exports. */
export const isRow = (exported: unknown): exported is ContractRow => exported instanceof LazyRow;

const standIn: ProxyHandler<Lazy<object>> = {
  get: (lazy, key) => Reflect.get(lazy.value, key) as unknown,
  has: (lazy, key) => Reflect.has(lazy.value, key),
  ownKeys: (lazy) => Reflect.ownKeys(lazy.value),
  getOwnPropertyDescriptor: (lazy, key) => Reflect.getOwnPropertyDescriptor(lazy.value, key),
};

/** Stands for the object that `build` returns; that is called once, when anything is first read of it. */
export const lazy = <T extends object>(build: () => T): T =>
  new Proxy<Lazy<object>>(new Lazy<object>(build), standIn) as unknown as T;

/** What a view lacks is null, so that every field is always there. */
export const orNull = lazy(() => ({
  string: v.union(v.string(), v.null()),
  number: v.union(v.number(), v.null()),
}));
/** Simple values that may be left out. */
export const opt = lazy(() => ({
  string: v.optional(v.string()),
  number: v.optional(v.number()),
  boolean: v.optional(v.boolean()),
}));

/** One of several words. */
export const oneOf = <const Words extends readonly string[]>(...words: Words) =>
  v.union(...words.map((word: Words[number]) => v.literal(word)));
