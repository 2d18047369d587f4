/**
 * Every tunable of the system, typed, with its default, in one place. Operators change them at run time with
 * `setPolicies`; every code path reads the stored row merged over these defaults (`resolvePolicies`).
 */
import { v, type Infer } from "convex/values";
import { defineRow } from "./row.js";

export const vQueuePolicy = v.object({
  /** Priority of a message that names none; 0..maxPriority. */
  defaultPriority: v.number(),
  /** Highest priority; larger ones are clamped to it. */
  maxPriority: v.number(),
  /** Largest message text, in UTF-8 bytes. */
  maxTextBytes: v.number(),
  /** Largest metadata record, in UTF-8 bytes of keys and values together. */
  maxMetadataBytes: v.number(),
  /** How long an idempotency key is remembered at least. */
  idempotencyKeyMs: v.number(),
  /** How long finished messages are kept; never less than `idempotencyKeyMs`. */
  doneRetentionMs: v.number(),
  /** How long dead letters are kept before they are purged. */
  deadLetterRetentionMs: v.number(),
});
export const vRetryPolicy = v.object({
  /** Attempts before a message becomes a dead letter; a message may carry its own. */
  maxAttempts: v.number(),
  baseDelayMs: v.number(),
  backoffFactor: v.number(),
  maxDelayMs: v.number(),
  /** Up to this share of the delay is added at random, 0..1. */
  jitterRatio: v.number(),
});
export const vLeasePolicy = v.object({
  /** How long a claim is exclusive without a heartbeat. */
  leaseMs: v.number(),
  /** How often a worker should renew; well below a third of `leaseMs`. */
  heartbeatIntervalMs: v.number(),
  /** Leases are reaped on this grid: an expiry is acted upon at most this much later. */
  reapGridMs: v.number(),
  /** A worker that gave no sign of life for this long counts as lost. */
  staleAfterMs: v.number(),
});
export const vScalingPolicy = v.object({
  maxWorkers: v.number(),
  queuePerWorkerTarget: v.number(),
  spawnStep: v.number(),
  idleTimeoutMs: v.number(),
  reconcileIntervalMs: v.number(),
});
export const vHydrationPolicy = v.object({
  /** Newest turns given to a worker as context. */
  historyTurns: v.number(),
});
export const vPolicies = v.object({
  queue: vQueuePolicy,
  retry: vRetryPolicy,
  lease: vLeasePolicy,
  scaling: vScalingPolicy,
  hydration: vHydrationPolicy,
});
/** What `setPolicies` accepts and what is stored: any subset. */
export const vPolicyOverrides = v.object({
  queue: v.optional(vQueuePolicy.partial()),
  retry: v.optional(vRetryPolicy.partial()),
  lease: v.optional(vLeasePolicy.partial()),
  scaling: v.optional(vScalingPolicy.partial()),
  hydration: v.optional(vHydrationPolicy.partial()),
});
export type Policies = Infer<typeof vPolicies>;
export type PolicyOverrides = Infer<typeof vPolicyOverrides>;

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
  retry: { maxAttempts: 5, baseDelayMs: 1_000, backoffFactor: 2, maxDelayMs: 120_000, jitterRatio: 0.1 },
  lease: { leaseMs: 60_000, heartbeatIntervalMs: 15_000, reapGridMs: 10_000, staleAfterMs: 90_000 },
  scaling: {
    maxWorkers: 1,
    queuePerWorkerTarget: 5,
    spawnStep: 1,
    idleTimeoutMs: 1_800_000,
    reconcileIntervalMs: 15_000,
  },
  hydration: { historyTurns: 64 },
};

/** The effective policies and what an operator stored. */
export const policies = defineRow({ args: {}, returns: vPolicies });
/** Merges the given fields over the stored ones; refuses values that make no sense (`invalid_policy`, all faults at once). */
export const setPolicies = defineRow({ args: { policies: vPolicyOverrides }, returns: vPolicies });
