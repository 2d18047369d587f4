/**
 * Every tunable of the system, typed, in one place, its default in `defaultPolicies.ts`. Operators change them at run time with
 * `setPolicies`; every code path reads the stored row merged over these defaults (`resolvePolicies`).
 */
import { v, type Infer } from "convex/values";
import { defineRow, lazy } from "./row.js";

export { defaultPolicies } from "./defaultPolicies.js";

export const vQueuePolicy = lazy(() =>
  v.object({
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
  }),
);
export const vRetryPolicy = lazy(() =>
  v.object({
    /** Attempts before a message becomes a dead letter; a message may carry its own. */
    maxAttempts: v.number(),
    baseDelayMs: v.number(),
    backoffFactor: v.number(),
    maxDelayMs: v.number(),
    /** Up to this share of the delay is added at random, 0..1. */
    jitterRatio: v.number(),
  }),
);
export const vLeasePolicy = lazy(() =>
  v.object({
    /** How long a claim is exclusive without a heartbeat. */
    leaseMs: v.number(),
    /** How often a worker should renew; well below a third of `leaseMs`. */
    heartbeatIntervalMs: v.number(),
    /** Leases are reaped on this grid: an expiry is acted upon at most this much later. */
    reapGridMs: v.number(),
    /** A worker that gave no sign of life for this long counts as lost. */
    staleAfterMs: v.number(),
  }),
);
export const vScalingPolicy = lazy(() =>
  v.object({
    maxWorkers: v.number(),
    queuePerWorkerTarget: v.number(),
    spawnStep: v.number(),
    idleTimeoutMs: v.number(),
    reconcileIntervalMs: v.number(),
  }),
);
export const vFleetPolicy = lazy(() =>
  v.object({
    /** Lanes that launched machines serve; work of other lanes waits for workers that somebody else runs. */
    lanes: v.array(v.string()),
    /** The image's engine keeps memory on disk: one conversation, one data volume per machine. */
    stateful: v.boolean(),
    /** Most machines that work for one workspace at a time. */
    maxWorkersPerWorkspace: v.number(),
    /** Machine-hours that may be used per UTC day; beyond it nothing is launched. */
    dailyMachineHours: v.number(),
    /** A machine older than this is replaced when it is idle. */
    maxMachineAgeMs: v.number(),
    /** From launch to the worker's first call; then the machine is given up. */
    bootDeadlineMs: v.number(),
    /** A carried-out step of a launch or retirement that says nothing for this long is taken up again. */
    stepDeadlineMs: v.number(),
    /** From the order to drain to the order to stop, saved or not. */
    drainDeadlineMs: v.number(),
    /** Between SIGTERM and SIGKILL; must be longer than an upload of the data directory. Fly allows 300 000. */
    stopTimeoutMs: v.number(),
    /** While others wait: an idle bound worker is drained after this rest, a busy one after holding on for that long. */
    yieldIdleAfterMs: v.number(),
    yieldBusyAfterMs: v.number(),
    /** Most machines that are replaced at a time because their image is not the configured one. */
    rolloutBudget: v.number(),
    /** Most machines whose retirement starts in one pass. */
    maxRetirementsPerPass: v.number(),
    /** A volume with memory that was not saved is kept this long. */
    volumeQuarantineMs: v.number(),
    /** A resource without an owner is collected when two listings this far apart have shown it. */
    orphanGraceMs: v.number(),
  }),
);
export const vHydrationPolicy = lazy(() =>
  v.object({
    /** Newest turns given to a worker as context. */
    historyTurns: v.number(),
  }),
);
export const vSkillsPolicy = lazy(() =>
  v.object({
    /**
     * What a manifest's `sha256` is of: the entry script (1.0.11 and its image), the bundle (newer published images), or
     * nothing, which every published image takes as no check; each file's own hash is always there.
     */
    manifestHash: v.union(v.literal("source"), v.literal("bundle"), v.literal("none")),
  }),
);
export const vGatewayPolicy = lazy(() =>
  v.object({
    /** Refused calls per minute and token (or, without a known token, per kind of refusal); beyond it: 429. */
    refusalsPerMinute: v.number(),
  }),
);
export const vSnapshotsPolicy = lazy(() =>
  v.object({
    /** Ready snapshots kept of each conversation, newest first; older ones lose their file. */
    keep: v.number(),
    /** A stateful worker saves after this many answered messages, and at its end. */
    everyTurns: v.number(),
    /** How long an upload may stay unfinished, and how long the row of a failed or expired one is kept. */
    uploadExpiryMs: v.number(),
    /** Largest archive, in bytes. */
    maxBytes: v.number(),
  }),
);
export const vSecretsPolicy = lazy(() =>
  v.object({
    /** How long the value of a superseded version is kept before it is wiped. */
    supersededGraceMs: v.number(),
    /** How long it stays on record that a wiped version existed. */
    historyRetentionMs: v.number(),
  }),
);
export const vAuditPolicy = lazy(() =>
  v.object({
    /** How long entries of the audit log are kept. */
    retentionMs: v.number(),
  }),
);
export const vAttachmentsPolicy = lazy(() =>
  v.object({
    /** Largest file of a message that is fetched, in bytes; Telegram gives bots at most 20 MB. */
    maxBytes: v.number(),
    /** How long fetched files, and files of replies, are kept. */
    retentionMs: v.number(),
    /** How long a message, and what comes after it in its conversation, waits for its files; then it goes without them. */
    waitMs: v.number(),
  }),
);
export const vTelegramPolicy = lazy(() =>
  v.object({
    /** In groups: messages that mention the bot, reply to it or are a command for it, or all that it gets to see. */
    groupMessages: v.union(v.literal("addressed"), v.literal("all")),
  }),
);
export const vPolicies = lazy(() =>
  v.object({
    queue: vQueuePolicy,
    retry: vRetryPolicy,
    lease: vLeasePolicy,
    scaling: vScalingPolicy,
    fleet: vFleetPolicy,
    hydration: vHydrationPolicy,
    secrets: vSecretsPolicy,
    audit: vAuditPolicy,
    snapshots: vSnapshotsPolicy,
    gateway: vGatewayPolicy,
    skills: vSkillsPolicy,
    attachments: vAttachmentsPolicy,
    telegram: vTelegramPolicy,
  }),
);
/** What `setPolicies` accepts and what is stored: any subset. */
export const vPolicyOverrides = lazy(() =>
  v.object({
    queue: v.optional(vQueuePolicy.partial()),
    retry: v.optional(vRetryPolicy.partial()),
    lease: v.optional(vLeasePolicy.partial()),
    scaling: v.optional(vScalingPolicy.partial()),
    fleet: v.optional(vFleetPolicy.partial()),
    hydration: v.optional(vHydrationPolicy.partial()),
    secrets: v.optional(vSecretsPolicy.partial()),
    audit: v.optional(vAuditPolicy.partial()),
    snapshots: v.optional(vSnapshotsPolicy.partial()),
    gateway: v.optional(vGatewayPolicy.partial()),
    skills: v.optional(vSkillsPolicy.partial()),
    attachments: v.optional(vAttachmentsPolicy.partial()),
    telegram: v.optional(vTelegramPolicy.partial()),
  }),
);
export type Policies = Infer<typeof vPolicies>;
export type PolicyOverrides = Infer<typeof vPolicyOverrides>;

/** The effective policies and what an operator stored. */
export const policies = defineRow(() => ({ args: {}, returns: vPolicies }));
/** Merges the given fields over the stored ones; refuses values that make no sense (`invalid_policy`, all faults at once). */
export const setPolicies = defineRow(() => ({ args: { policies: vPolicyOverrides }, returns: vPolicies }));
