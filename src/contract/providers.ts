/**
 * The kinds of providers and what `providerConfig` may be. Of a provider's folder only its
 * `config.ts` is known here: what talks to a cloud is loaded by the fleet's actions alone (`core/providers/registry.ts`).
 */
import { v, type ObjectType, type PropertyValidators, type Validator } from "convex/values";
import { fly } from "../core/providers/fly/config.js";
import { memory } from "../core/providers/memory/config.js";
import type { ErrorCode } from "./errors.js";
import { lazy } from "./row.js";

/** One line per provider. */
export const providerKinds = [fly, memory] as const;

/** What 1.0.11 accepted, in the one shape that it had, and served as little: refused when used. */
const refused = (["runpod", "ecs"] as const).map((kind) => ({ kind, fields: fly.fields }));

/** What is known of a kind without its cloud. Part of every call's code, so it is little. */
export interface ProviderKind {
  kind: string;
  /** The fields of `providerConfig` besides `kind`. Without those that are not optional no machine can be made. */
  fields: PropertyValidators;
  /** The cloud's credential: its secret, and how it is said that it is missing; null: there is no cloud. */
  token: { secretRef: string; code: ErrorCode; missing: string } | null;
}

type Registered = (typeof providerKinds)[number];
type ConfigOf<Kind> = Kind extends { kind: infer Name; fields: infer Fields extends PropertyValidators }
  ? ObjectType<Fields> & { kind: Name }
  : never;
export type ProviderConfig = ConfigOf<Registered | (typeof refused)[number]>;
export type ServedKind = Registered["kind"];

/**
 * Only hosts and admins may set it; the queue itself never reads it.
 * - `kind`: which folder of `core/providers` the other fields are for. `memory` keeps its machines in the process: for tests of a host app
 *   only. `runpod` and `ecs` are refused when used.
 */
export const vProviderConfig = lazy(() => {
  const shapes = new Map<PropertyValidators, string[]>();
  for (const { kind, fields } of [...providerKinds, ...refused])
    shapes.set(fields, [...(shapes.get(fields) ?? []), kind]);
  // An object by itself says what is wrong with it; a union only that nothing fits.
  const [first, ...others] = [...shapes].map(([fields, kinds]) =>
    v.object({ kind: v.union(...kinds.map((kind) => v.literal(kind))), ...fields }),
  );
  return (others.length > 0 ? v.union(first!, ...others) : first) as unknown as Validator<
    ProviderConfig,
    "required",
    string
  >;
});
