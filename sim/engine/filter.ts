import { compareValues, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { valueAt } from "./documents.js";
import type { Fields } from "./values.js";

/** An expression of `q` in `.filter(q => …)`, as the functions' library serializes it. */
export type Expression = { readonly [operator: string]: JSONValue | Expression | Expression[] };

/** What `.filter` makes of a document; keeps those for which this is exactly true. */
export function evaluate(expression: Expression, document: Fields): Value | undefined {
  const [operator = "", operand] = Object.entries(expression)[0] ?? [];
  const both = () => (operand as Expression[]).map((one) => evaluate(one, document));
  const order = () => {
    const [left, right] = both();
    return compareValues(left, right);
  };
  switch (operator) {
    case "$literal":
      return literal(operand as JSONValue);
    case "$field":
      return valueAt(document, (operand as string).split("."));
    case "$eq":
      return order() === 0;
    case "$neq":
      return order() !== 0;
    case "$lt":
      return order() < 0;
    case "$lte":
      return order() <= 0;
    case "$gt":
      return order() > 0;
    case "$gte":
      return order() >= 0;
    case "$and":
      return (operand as Expression[]).every((one) => evaluate(one, document) === true);
    case "$or":
      return (operand as Expression[]).some((one) => evaluate(one, document) === true);
    case "$not":
      return evaluate(operand as Expression, document) !== true;
    case "$neg":
      return arithmetic(operator, [evaluate(operand as Expression, document), 0]);
    case "$add":
    case "$sub":
    case "$mul":
    case "$div":
    case "$mod":
      return arithmetic(operator, both());
    default:
      throw new Error(`Unknown filter operator ${operator}`);
  }
}

/** A literal value; `undefined` has a form of its own. */
export function literal(json: JSONValue): Value | undefined {
  const isUndefined =
    typeof json === "object" && json !== null && !Array.isArray(json) && "$undefined" in json;
  return isUndefined ? undefined : jsonToConvex(json);
}

function arithmetic(operator: string, [left, right]: (Value | undefined)[]): Value {
  if (typeof left === "bigint" && typeof right === "bigint") return calculate(operator, left, right);
  if (typeof left === "bigint" && operator === "$neg") return -left;
  if (typeof left !== "number" || typeof right !== "number")
    throw new Error(`${operator} in a filter needs two numbers of one kind`);
  return operator === "$neg" ? -left : calculate(operator, left, right);
}

function calculate<T extends number | bigint>(operator: string, left: T, right: T): T {
  // The types of both are one, which TypeScript's operators cannot see.
  const [a, b] = [left as number, right as number];
  const results: Record<string, () => number> = {
    $add: () => a + b,
    $sub: () => a - b,
    $mul: () => a * b,
    $div: () => a / b,
    $mod: () => a % b,
  };
  return results[operator]!() as T;
}
