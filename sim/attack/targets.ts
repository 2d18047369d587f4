import type { GenericValidator, PropertyValidators, VLiteral, VObject, VUnion } from "convex/values";
import { surface } from "../../src/client/surface/index.js";
import { workerCalls, type WorkerCall } from "../../src/contract/gateway.js";
import type { Target } from "./types.js";

const calls: readonly WorkerCall[] = workerCalls;
/** The key under which `exposeApi` has a function for workers. */
const apiKeys = new Map(
  Object.entries(surface).flatMap(([key, row]) =>
    row.access === "worker" ? Object.values(row.steps).map(({ fn }) => [fn as string, key] as const) : [],
  ),
);

/** Every worker function behind every door that has it, from the product's own table. */
export function workerTargets(): Target[] {
  return calls.flatMap((call) => {
    const targets: Target[] = [];
    const { operation, imageKey } = call;
    if (operation !== null)
      targets.push({ door: "gateway", call, name: operation }, { door: "workspace", call, name: operation });
    if (imageKey !== null) targets.push({ door: "image", call, name: imageKey });
    const apiKey = apiKeys.get(call.fn);
    if (apiKey !== undefined) targets.push({ door: "api", call, name: apiKey });
    return targets;
  });
}

/** Values for arguments, by name; what is missing is made up by its type where it is required. */
export type Values = Record<string, unknown>;

/** Arguments for a call: those of `values` that the function takes, and something of the right type for the rest. */
export function argumentsFor(
  call: { row: { args: PropertyValidators } },
  values: Values,
): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const [name, validator] of Object.entries(call.row.args)) {
    if (name === "workerToken") continue;
    if (values[name] !== undefined) args[name] = values[name];
    else if (validator.isOptional === "required") args[name] = madeUp(validator);
  }
  return args;
}

function madeUp(validator: GenericValidator): unknown {
  switch (validator.kind) {
    case "float64":
      return 1;
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return Object.fromEntries(
        Object.entries((validator as VObject<unknown, Record<string, GenericValidator>>).fields)
          .filter(([, field]) => field.isOptional === "required")
          .map(([name, field]) => [name, madeUp(field)]),
      );
    case "record":
      return {};
    case "literal":
      return (validator as VLiteral<unknown>).value;
    case "union": {
      const [first] = (validator as VUnion<unknown, GenericValidator[]>).members;
      return first && madeUp(first);
    }
    case "null":
      return null;
    default:
      return "x";
  }
}

export const takes = (call: WorkerCall, name: string): boolean => name in call.row.args;
