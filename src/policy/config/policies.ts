/** Effective policies: the stored overrides over the defaults. */
import { defaultPolicies } from "../../contract/defaultPolicies.js";
import type { Policies, PolicyOverrides } from "../../contract/policies.js";

/** Merges stored overrides over the defaults; the defaults live in `contract/defaultPolicies.ts` alone. */
export function resolvePolicies(overrides: PolicyOverrides | undefined): Policies {
  return {
    queue: { ...defaultPolicies.queue, ...overrides?.queue },
    retry: { ...defaultPolicies.retry, ...overrides?.retry },
    lease: { ...defaultPolicies.lease, ...overrides?.lease },
    scaling: { ...defaultPolicies.scaling, ...overrides?.scaling },
    fleet: { ...defaultPolicies.fleet, ...overrides?.fleet },
    hydration: { ...defaultPolicies.hydration, ...overrides?.hydration },
    secrets: { ...defaultPolicies.secrets, ...overrides?.secrets },
    audit: { ...defaultPolicies.audit, ...overrides?.audit },
    snapshots: { ...defaultPolicies.snapshots, ...overrides?.snapshots },
    gateway: { ...defaultPolicies.gateway, ...overrides?.gateway },
    skills: { ...defaultPolicies.skills, ...overrides?.skills },
    attachments: { ...defaultPolicies.attachments, ...overrides?.attachments },
    telegram: { ...defaultPolicies.telegram, ...overrides?.telegram },
  };
}
