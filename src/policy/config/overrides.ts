/** Overrides that are to be stored: laid over those that are, and what makes them senseless. */
import { isLane, MAX_LANES } from "../queue/lane.js";
import { POLL_AT_MOST_MS } from "../worker/pollHint.js";
import type { Policies } from "../../contract/policies.js";

/**
 * Below it a worker that only waits counts as lost between two of its polls, and is not woken: the longest wait, the fifth by which
 * workers spread it, and three seconds for the call itself.
 */
export const LEAST_STALE_AFTER_MS = POLL_AT_MOST_MS * 1.2 + 3_000;

type Bound = readonly [path: string, value: number, min: number, max: number];
const DAY_MS = 86_400_000;
/** All others count something: rows, bytes, milliseconds. Of a half nothing can be taken. */
const FRACTIONS: ReadonlySet<string> = new Set([
  "retry.backoffFactor",
  "retry.jitterRatio",
  "fleet.dailyMachineHours",
]);

const scalingBounds = (scaling: Policies["scaling"]): Bound[] => [
  ["scaling.maxWorkers", scaling.maxWorkers, 0, 10_000],
  ["scaling.queuePerWorkerTarget", scaling.queuePerWorkerTarget, 1, 10_000],
  ["scaling.spawnStep", scaling.spawnStep, 1, 1_000],
  ["scaling.idleTimeoutMs", scaling.idleTimeoutMs, 1_000, 30 * DAY_MS],
  ["scaling.reconcileIntervalMs", scaling.reconcileIntervalMs, 1_000, DAY_MS],
];

const boundFaults = (bounds: readonly Bound[]): string[] => [
  ...bounds
    .filter(([, value, min, max]) => !(value >= min && value <= max))
    .map(([path, value, min, max]) => `${path} is ${value}, but must be between ${min} and ${max}`),
  ...bounds
    .filter(([path, value]) => Number.isFinite(value) && !Number.isInteger(value) && !FRACTIONS.has(path))
    .map(([path, value]) => `${path} is ${value}, but must be a whole number`),
];

/** As `policyFaults`, for what one pass is given. */
export const scalingFaults = (scaling: Policies["scaling"]): string[] => boundFaults(scalingBounds(scaling));

/** Every fault of a policy set as one sentence each; empty when it is sound. */
export function policyFaults({
  queue,
  retry,
  lease,
  scaling,
  fleet,
  hydration,
  secrets,
  audit,
  snapshots,
  gateway,
  attachments,
}: Policies): string[] {
  const bounds: Bound[] = [
    ["queue.defaultPriority", queue.defaultPriority, 0, queue.maxPriority],
    ["queue.maxPriority", queue.maxPriority, 1, 100],
    ["queue.maxTextBytes", queue.maxTextBytes, 1, 512 * 1024],
    ["queue.maxMetadataBytes", queue.maxMetadataBytes, 0, 64 * 1024],
    ["queue.idempotencyKeyMs", queue.idempotencyKeyMs, 0, 366 * DAY_MS],
    ["queue.doneRetentionMs", queue.doneRetentionMs, queue.idempotencyKeyMs, 3660 * DAY_MS],
    ["queue.deadLetterRetentionMs", queue.deadLetterRetentionMs, queue.idempotencyKeyMs, 3660 * DAY_MS],
    ["queue.turnRetentionMs", queue.turnRetentionMs, DAY_MS, 3660 * DAY_MS],
    ["retry.maxAttempts", retry.maxAttempts, 1, 100],
    ["retry.baseDelayMs", retry.baseDelayMs, 0, DAY_MS],
    ["retry.backoffFactor", retry.backoffFactor, 1, 10],
    ["retry.maxDelayMs", retry.maxDelayMs, retry.baseDelayMs, 7 * DAY_MS],
    ["retry.jitterRatio", retry.jitterRatio, 0, 1],
    ["retry.lateAttemptsAfterMs", retry.lateAttemptsAfterMs, 0, DAY_MS],
    ["retry.serviceMaxAgeMs", retry.serviceMaxAgeMs, 0, 30 * DAY_MS],
    ["lease.leaseMs", lease.leaseMs, 1_000, DAY_MS],
    ["lease.heartbeatIntervalMs", lease.heartbeatIntervalMs, 100, Math.floor(lease.leaseMs / 2)],
    ["lease.reapGridMs", lease.reapGridMs, 250, DAY_MS],
    ["lease.staleAfterMs", lease.staleAfterMs, 0, 7 * DAY_MS],
    ["lease.forgetAfterMs", lease.forgetAfterMs, 0, 366 * DAY_MS],
    ...scalingBounds(scaling),
    ["fleet.lanes (how many)", fleet.lanes.length, 1, MAX_LANES],
    ["fleet.maxWorkersPerWorkspace", fleet.maxWorkersPerWorkspace, 1, 10_000],
    ["fleet.dailyMachineHours", fleet.dailyMachineHours, 0, 1_000_000],
    ["fleet.maxMachineAgeMs", fleet.maxMachineAgeMs, 60_000, 366 * DAY_MS],
    ["fleet.bootDeadlineMs", fleet.bootDeadlineMs, 5_000, DAY_MS],
    ["fleet.stepDeadlineMs", fleet.stepDeadlineMs, 5_000, DAY_MS],
    ["fleet.drainDeadlineMs", fleet.drainDeadlineMs, 1_000, DAY_MS],
    ["fleet.stopTimeoutMs", fleet.stopTimeoutMs, 1_000, 300_000],
    ["fleet.yieldIdleAfterMs", fleet.yieldIdleAfterMs, 0, DAY_MS],
    ["fleet.yieldBusyAfterMs", fleet.yieldBusyAfterMs, 0, DAY_MS],
    ["fleet.rolloutBudget", fleet.rolloutBudget, 0, 1_000],
    ["fleet.maxRetirementsPerPass", fleet.maxRetirementsPerPass, 1, 100],
    ["fleet.volumeQuarantineMs", fleet.volumeQuarantineMs, 60_000, 366 * DAY_MS],
    ["fleet.orphanGraceMs", fleet.orphanGraceMs, 1_000, DAY_MS],
    ["snapshots.keep", snapshots.keep, 1, 20],
    ["snapshots.everyTurns", snapshots.everyTurns, 1, 10_000],
    ["snapshots.uploadExpiryMs", snapshots.uploadExpiryMs, 3_600_000, 366 * DAY_MS],
    ["snapshots.maxBytes", snapshots.maxBytes, 1, 8 * 1024 * 1024 * 1024],
    ["hydration.historyTurns", hydration.historyTurns, 0, 500],
    ["secrets.supersededGraceMs", secrets.supersededGraceMs, 0, 366 * DAY_MS],
    ["secrets.historyRetentionMs", secrets.historyRetentionMs, 0, 3660 * DAY_MS],
    ["audit.retentionMs", audit.retentionMs, DAY_MS, 3660 * DAY_MS],
    ["attachments.maxBytes", attachments.maxBytes, 0, 20 * 1024 * 1024],
    ["attachments.retentionMs", attachments.retentionMs, 60_000, 366 * DAY_MS],
    ["attachments.waitMs", attachments.waitMs, 0, 600_000],
    ["gateway.refusalsPerMinute", gateway.refusalsPerMinute, 1, 1_000_000],
  ];
  const least = Math.max(LEAST_STALE_AFTER_MS, lease.leaseMs);
  const stale =
    lease.staleAfterMs >= least
      ? []
      : [
          `lease.staleAfterMs is ${lease.staleAfterMs}, but must be at least ${least}: an idle worker may ask only every ` +
            `${POLL_AT_MOST_MS * 1.2} ms, a busy one is heard with its lease (${lease.leaseMs} ms), and who counts as lost is not woken`,
        ];
  const illegal = fleet.lanes.filter((lane) => !isLane(lane));
  return [
    ...boundFaults(bounds),
    ...stale,
    ...illegal.map((lane) => `fleet.lanes holds '${lane}', which is not a legal lane name`),
  ];
}
