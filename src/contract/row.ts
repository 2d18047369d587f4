/**
 * A contract row is the one place where a function's arguments and result are written down. The component binds
 * a handler to it, the client derives the exposed function from it, and the tests walk it.
 *
 * A deployment evaluates the whole contract on every call and looks at no validator then (it has stored them at the push),
 * and building them all takes seven times as long as loading `convex/server`. So they are built when first looked at.
 */
import type { PropertyValidators, Validator } from "convex/values";

export interface ContractRow {
  readonly args: PropertyValidators;
  // A result may be any validator; `any` here never reaches a caller, who sees the inferred type.
  readonly returns: Validator<unknown, "required", string>;
}

/** Keeps the literal types of a row while checking its shape. */
export const defineRow = <
  Args extends PropertyValidators,
  Returns extends Validator<unknown, "required", string>,
>(
  build: () => { readonly args: Args; readonly returns: Returns },
): { readonly args: Args; readonly returns: Returns } => lazy(build);

/** Stands for the object that `build` returns; that is called once, when anything is first read of it. */
export function lazy<T extends object>(build: () => T): T {
  let built: T | undefined;
  const real = (): T => (built ??= build());
  return new Proxy({} as T, {
    get: (_, key) => Reflect.get(real(), key) as unknown,
    has: (_, key) => Reflect.has(real(), key),
    ownKeys: () => Reflect.ownKeys(real()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(real(), key),
  });
}
