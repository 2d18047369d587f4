/** Effective policies: the stored overrides over the defaults. */
import { defaultPolicies } from "../../contract/defaultPolicies.js";
import type { Policies, PolicyOverrides } from "../../contract/policies.js";

/** Lays one set of policies over another, field by field; the groups are those of the defaults. */
export const layOver = (below: PolicyOverrides | undefined, above: PolicyOverrides | undefined) =>
  Object.fromEntries(
    (Object.keys(defaultPolicies) as (keyof Policies)[]).map((group) => [
      group,
      { ...below?.[group], ...above?.[group] },
    ]),
  ) as PolicyOverrides;

/** The stored overrides over the defaults, which live in `contract/defaultPolicies.ts` alone. */
export const resolvePolicies = (overrides: PolicyOverrides | undefined): Policies =>
  layOver(defaultPolicies, overrides) as Policies;
