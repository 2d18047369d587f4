/**
 * A contract row is the one place where a function's arguments and result are written down. The component binds
 * a handler to it, the client derives the exposed function from it, and the tests walk it.
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
>(row: {
  args: Args;
  returns: Returns;
}): { readonly args: Args; readonly returns: Returns } => row;
