/**
 * A contract row is the one place where a function's arguments and result are written down. The component binds
 * a handler to it, the client derives the exposed function from it, and the tests walk it.
 *
 * A deployment evaluates the whole contract on every call and looks at no validator then (it has stored them at the push),
 * and building them all takes seven times as long as loading `convex/server`. So they are built when first looked at.
 *
 * What a field means stands in the docstring of its row: comments inside of an expression stay in the bundle (16 kB of it).
 */
import { v, type PropertyValidators, type Validator } from "convex/values";

export interface ContractRow {
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
  get args(): Args {
    return this.value.args;
  }
  get returns(): Returns {
    return this.value.returns;
  }
}

/** Keeps the literal types of a row while checking its shape. */
export const defineRow = <
  Args extends PropertyValidators,
  Returns extends Validator<unknown, "required", string>,
>(
  build: () => { readonly args: Args; readonly returns: Returns },
): { readonly args: Args; readonly returns: Returns } => new LazyRow(build);

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
