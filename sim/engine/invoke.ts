import { jsonToConvex, type JSONValue, type ValidatorJSON, type Value } from "convex/values";
import type { Catalog } from "./catalog.js";
import { CallRefused, InvalidArguments, thrownBy } from "./errors.js";
import { inFrame, type Frame } from "./frames.js";
import type { FunctionType, Target } from "./functions.js";
import { valueLimits } from "./limits.js";
import { explain } from "./validators.js";
import { checkedSize, hasHalfSurrogate } from "./values.js";

/**
 * Calls the function's handler, after its arguments and before its result were held against its validators.
 * @throws what the function throws.
 */
export async function invoke(
  catalog: Catalog,
  frame: Frame,
  target: Target,
  argsJson: string,
): Promise<string> {
  if (hasHalfSurrogate(argsJson)) throw new InvalidArguments();
  const { argumentBytes, returnBytes } = valueLimits;
  check(catalog, target, argsJson, target.args, argumentBytes, "Argument");
  try {
    const resultJson = await inFrame(frame, () => target.invoke(argsJson));
    check(catalog, target, resultJson, target.returns, returnBytes, "Return");
    return resultJson;
  } catch (error) {
    throw thrownBy(error);
  }
}

function check(
  catalog: Catalog,
  { componentPath, udfPath }: Target,
  json: string,
  validator: ValidatorJSON | null,
  maxBytes: number,
  what: "Argument" | "Return",
): void {
  const value: Value = jsonToConvex(JSON.parse(json) as JSONValue);
  checkedSize(value, valueLimits.valueDepth, maxBytes, `${what} value of ${udfPath}`);
  const refusal = validator && catalog.mismatch(componentPath, value, validator);
  if (refusal)
    throw new Error(`${what === "Argument" ? what : "Returns"}ValidationError: ${explain(refusal)}`);
}

/** @throws CallRefused when the function is of another type. */
export function assertType(target: Target, expected: FunctionType): void {
  if (target.type !== expected)
    throw new CallRefused(
      `Trying to execute ${target.udfPath} as ${capital(expected)}, but it is defined as ${capital(target.type)}.`,
    );
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
