/** The default of every tunable, apart from the validators: what only reads policies need not load those. */
import type { Policies } from "./policies.js";

const DAY_MS = 86_400_000;

export const defaultPolicies: Policies = {
  queue: {
    defaultPriority: 50,
    maxPriority: 100,
    maxTextBytes: 256 * 1024,
    maxMetadataBytes: 32 * 1024,
    idempotencyKeyMs: 3 * DAY_MS,
    doneRetentionMs: 7 * DAY_MS,
    deadLetterRetentionMs: 30 * DAY_MS,
  },
  retry: {
    maxAttempts: 5,
    baseDelayMs: 1_000,
    backoffFactor: 2,
    maxDelayMs: 120_000,
    jitterRatio: 0.1,
    lateAttemptsAfterMs: 75_000,
    serviceMaxAgeMs: 6 * 3_600_000,
  },
  lease: { leaseMs: 60_000, heartbeatIntervalMs: 15_000, reapGridMs: 10_000, staleAfterMs: 90_000 },
  scaling: {
    maxWorkers: 1,
    queuePerWorkerTarget: 5,
    spawnStep: 1,
    idleTimeoutMs: 1_800_000,
    reconcileIntervalMs: 15_000,
  },
  fleet: {
    lanes: ["default"],
    stateful: true,
    maxWorkersPerWorkspace: 10_000,
    dailyMachineHours: 240,
    maxMachineAgeMs: 3 * DAY_MS,
    bootDeadlineMs: 300_000,
    stepDeadlineMs: 120_000,
    drainDeadlineMs: 600_000,
    stopTimeoutMs: 300_000,
    yieldIdleAfterMs: 10_000,
    yieldBusyAfterMs: 60_000,
    rolloutBudget: 1,
    maxRetirementsPerPass: 10,
    volumeQuarantineMs: 7 * DAY_MS,
    orphanGraceMs: 120_000,
  },
  hydration: { historyTurns: 64 },
  secrets: { supersededGraceMs: 7 * DAY_MS, historyRetentionMs: 400 * DAY_MS },
  audit: { retentionMs: 400 * DAY_MS },
  snapshots: { keep: 2, everyTurns: 20, uploadExpiryMs: 7 * DAY_MS, maxBytes: 512 * 1024 * 1024 },
  gateway: { refusalsPerMinute: 120 },
  skills: { manifestHash: "source" },
  attachments: { maxBytes: 20 * 1024 * 1024, retentionMs: 7 * DAY_MS, waitMs: 60_000 },
  telegram: { groupMessages: "addressed" },
};
