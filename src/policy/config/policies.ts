/** Effective policies: the stored overrides over the defaults, and what makes an override senseless. */
import { defaultPolicies, type Policies, type PolicyOverrides } from "../../contract/policies.js";

/** Merges stored overrides over the defaults; the defaults live in `contract/policies.ts` alone. */
export function resolvePolicies(overrides: PolicyOverrides | undefined): Policies {
  return {
    queue: { ...defaultPolicies.queue, ...overrides?.queue },
    retry: { ...defaultPolicies.retry, ...overrides?.retry },
    lease: { ...defaultPolicies.lease, ...overrides?.lease },
    scaling: { ...defaultPolicies.scaling, ...overrides?.scaling },
    hydration: { ...defaultPolicies.hydration, ...overrides?.hydration },
  };
}

/** Lays `next` over what is stored already, group by group. */
export function mergeOverrides(stored: PolicyOverrides | undefined, next: PolicyOverrides): PolicyOverrides {
  return {
    queue: { ...stored?.queue, ...next.queue },
    retry: { ...stored?.retry, ...next.retry },
    lease: { ...stored?.lease, ...next.lease },
    scaling: { ...stored?.scaling, ...next.scaling },
    hydration: { ...stored?.hydration, ...next.hydration },
  };
}

type Bound = readonly [path: string, value: number, min: number, max: number];
const DAY_MS = 86_400_000;

/** Every fault of a policy set as one sentence each; empty when it is sound. */
export function policyFaults({ queue, retry, lease, scaling, hydration }: Policies): string[] {
  const bounds: Bound[] = [
    ["queue.defaultPriority", queue.defaultPriority, 0, queue.maxPriority],
    ["queue.maxPriority", queue.maxPriority, 1, 100],
    ["queue.maxTextBytes", queue.maxTextBytes, 1, 512 * 1024],
    ["queue.maxMetadataBytes", queue.maxMetadataBytes, 0, 64 * 1024],
    ["queue.idempotencyKeyMs", queue.idempotencyKeyMs, 0, 366 * DAY_MS],
    ["queue.doneRetentionMs", queue.doneRetentionMs, queue.idempotencyKeyMs, 3660 * DAY_MS],
    ["queue.deadLetterRetentionMs", queue.deadLetterRetentionMs, 0, 3660 * DAY_MS],
    ["retry.maxAttempts", retry.maxAttempts, 1, 100],
    ["retry.baseDelayMs", retry.baseDelayMs, 0, DAY_MS],
    ["retry.backoffFactor", retry.backoffFactor, 1, 10],
    ["retry.maxDelayMs", retry.maxDelayMs, retry.baseDelayMs, 7 * DAY_MS],
    ["retry.jitterRatio", retry.jitterRatio, 0, 1],
    ["lease.leaseMs", lease.leaseMs, 1_000, DAY_MS],
    ["lease.heartbeatIntervalMs", lease.heartbeatIntervalMs, 100, Math.floor(lease.leaseMs / 2)],
    ["lease.reapGridMs", lease.reapGridMs, 250, DAY_MS],
    ["lease.staleAfterMs", lease.staleAfterMs, lease.leaseMs, 7 * DAY_MS],
    ["scaling.maxWorkers", scaling.maxWorkers, 0, 10_000],
    ["scaling.queuePerWorkerTarget", scaling.queuePerWorkerTarget, 1, 10_000],
    ["scaling.spawnStep", scaling.spawnStep, 1, 1_000],
    ["scaling.idleTimeoutMs", scaling.idleTimeoutMs, 1_000, 30 * DAY_MS],
    ["scaling.reconcileIntervalMs", scaling.reconcileIntervalMs, 1_000, DAY_MS],
    ["hydration.historyTurns", hydration.historyTurns, 0, 500],
  ];
  return bounds
    .filter(([, value, min, max]) => !(value >= min && value <= max))
    .map(([path, value, min, max]) => `${path} is ${value}, but must be between ${min} and ${max}`);
}
