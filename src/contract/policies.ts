/**
 * Every tunable of the system, typed, in one place, its default in `defaultPolicies.ts`. Operators change them at run time with
 * `setPolicies`; every code path reads the stored row merged over these defaults (`resolvePolicies`).
 */
import { v, type Infer } from "convex/values";
import { lazy, mutation, oneOf, query } from "./row.js";

export { defaultPolicies } from "./defaultPolicies.js";

/**
 * - `defaultPriority`: Priority of a message that names none; 0..maxPriority.
 * - `maxPriority`: Highest priority; larger ones are clamped to it.
 * - `maxTextBytes`: Largest message text, in UTF-8 bytes.
 * - `maxMetadataBytes`: Largest metadata record, in UTF-8 bytes of keys and values together, provider and message id of its origin included.
 * - `idempotencyKeyMs`: How long an idempotency key is remembered at least.
 * - `doneRetentionMs`: How long finished messages are kept; never less than `idempotencyKeyMs`.
 * - `deadLetterRetentionMs`: How long dead letters are kept before they are purged; never less than `idempotencyKeyMs`.
 * - `turnRetentionMs`: How long the turns of conversations are kept: what workers get as context and apps show as history.
 */
const vQueuePolicy = lazy(() =>
  v.object({
    defaultPriority: v.number(),
    maxPriority: v.number(),
    maxTextBytes: v.number(),
    maxMetadataBytes: v.number(),
    idempotencyKeyMs: v.number(),
    doneRetentionMs: v.number(),
    deadLetterRetentionMs: v.number(),
    turnRetentionMs: v.number(),
  }),
);
/**
 * - `maxAttempts`: Attempts before a message becomes a dead letter; a message may carry its own.
 * - `jitterRatio`: Up to this share of the delay is added at random, 0..1.
 * - `lateAttemptsAfterMs`: After three failed attempts the next one comes no sooner than this after the first failure: what
 *   fails at once, over and over, may only be seeing a restart.
 * - `serviceMaxAgeMs`: How long failures that blame a service, and so cost no attempt, are repeated.
 */
const vRetryPolicy = lazy(() =>
  v.object({
    maxAttempts: v.number(),
    baseDelayMs: v.number(),
    backoffFactor: v.number(),
    maxDelayMs: v.number(),
    jitterRatio: v.number(),
    lateAttemptsAfterMs: v.number(),
    serviceMaxAgeMs: v.number(),
  }),
);
/**
 * - `leaseMs`: How long a claim is exclusive without a heartbeat.
 * - `heartbeatIntervalMs`: How often a worker should renew; well below a third of `leaseMs`.
 * - `reapGridMs`: Leases are reaped on this grid: an expiry is acted upon at most this much later.
 * - `staleAfterMs`: A worker that gave no sign of life for this long counts as lost: others may take its conversation. At least
 *   75 000, and `leaseMs`.
 * - `forgetAfterMs`: A lost worker that held a conversation may come back, save it and go on with it for this long.
 */
export const vLeasePolicy = lazy(() =>
  v.object({
    leaseMs: v.number(),
    heartbeatIntervalMs: v.number(),
    reapGridMs: v.number(),
    staleAfterMs: v.number(),
    forgetAfterMs: v.number(),
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
/**
 * - `lanes`: Lanes that launched machines serve; work of other lanes waits for workers that somebody else runs.
 * - `stateful`: The image's engine keeps memory on disk: one conversation, one data volume per machine.
 * - `maxWorkersPerWorkspace`: Most machines that work for one workspace at a time.
 * - `dailyMachineHours`: Machine-hours that may be used per UTC day, counted as they run; beyond it nothing is launched and all are drained.
 * - `maxMachineAgeMs`: A machine older than this is replaced when it is idle, an hour later in any case.
 * - `bootDeadlineMs`: From launch to the worker's first call; then the machine is given up.
 * - `stepDeadlineMs`: A carried-out step of a launch or retirement that says nothing for this long is taken up again.
 * - `drainDeadlineMs`: From the order to drain to the order to stop, saved or not.
 * - `stopTimeoutMs`: Between SIGTERM and SIGKILL; must be longer than an upload of the data directory, and any worker that has begun
 *   one counts as alive for so long. At most 300 000, and at most what the provider allows.
 * - `yieldIdleAfterMs`, `yieldBusyAfterMs`: While others wait and no place is free: a bound worker gives way after resting for so
 *   long, a busy one after holding on for so long.
 * - `rolloutBudget`: Most machines that are replaced at a time because their image is not the configured one.
 * - `maxRetirementsPerPass`: Most machines whose retirement starts in one pass.
 * - `volumeQuarantineMs`: A volume with memory that was not saved is kept this long.
 * - `orphanGraceMs`: A resource without an owner is collected when two listings this far apart have shown it.
 */
export const vFleetPolicy = lazy(() =>
  v.object({
    lanes: v.array(v.string()),
    stateful: v.boolean(),
    maxWorkersPerWorkspace: v.number(),
    dailyMachineHours: v.number(),
    maxMachineAgeMs: v.number(),
    bootDeadlineMs: v.number(),
    stepDeadlineMs: v.number(),
    drainDeadlineMs: v.number(),
    stopTimeoutMs: v.number(),
    yieldIdleAfterMs: v.number(),
    yieldBusyAfterMs: v.number(),
    rolloutBudget: v.number(),
    maxRetirementsPerPass: v.number(),
    volumeQuarantineMs: v.number(),
    orphanGraceMs: v.number(),
  }),
);
/**
 * - `historyTurns`: Newest turns given to a worker as context.
 */
const vHydrationPolicy = lazy(() =>
  v.object({
    historyTurns: v.number(),
  }),
);
/**
 * - `manifestHash`: What a manifest's `sha256` is of: the entry script (1.0.11 and its image), the bundle (newer published
 *   images), or nothing, which every published image takes as no check; each file's own hash is always there.
 */
const vSkillsPolicy = lazy(() =>
  v.object({
    manifestHash: oneOf("source", "bundle", "none"),
  }),
);
/**
 * - `refusalsPerMinute`: Refused calls per minute and token (or, without a known token, per kind of refusal); beyond it: 429.
 */
const vGatewayPolicy = lazy(() =>
  v.object({
    refusalsPerMinute: v.number(),
  }),
);
/**
 * - `keep`: Ready snapshots kept of each conversation, newest first; older ones lose their file.
 * - `everyTurns`: A stateful worker saves after this many answered messages, and at its end.
 * - `uploadExpiryMs`: How long an upload may stay unfinished, and how long the row of a failed or expired one is kept.
 * - `maxBytes`: Largest archive, in bytes.
 */
const vSnapshotsPolicy = lazy(() =>
  v.object({
    keep: v.number(),
    everyTurns: v.number(),
    uploadExpiryMs: v.number(),
    maxBytes: v.number(),
  }),
);
/**
 * - `supersededGraceMs`: How long the value of a superseded version is kept before it is wiped.
 * - `historyRetentionMs`: How long it stays on record that a wiped version existed.
 */
const vSecretsPolicy = lazy(() =>
  v.object({
    supersededGraceMs: v.number(),
    historyRetentionMs: v.number(),
  }),
);
/**
 * - `retentionMs`: How long entries of the audit log are kept.
 */
const vAuditPolicy = lazy(() =>
  v.object({
    retentionMs: v.number(),
  }),
);
/**
 * - `maxBytes`: Largest file of a message that is fetched, in bytes; Telegram gives bots at most 20 MB.
 * - `retentionMs`: How long fetched files, and files of replies, are kept.
 * - `waitMs`: How long a message, and what comes after it in its conversation, waits for its files; then it goes without
 *   them.
 */
const vAttachmentsPolicy = lazy(() =>
  v.object({
    maxBytes: v.number(),
    retentionMs: v.number(),
    waitMs: v.number(),
  }),
);
/**
 * - `groupMessages`: In groups: messages that mention the bot, reply to it or are a command for it, or all that it gets to
 *   see.
 */
const vTelegramPolicy = lazy(() =>
  v.object({
    groupMessages: oneOf("addressed", "all"),
  }),
);
const vPolicies = lazy(() =>
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
export const policies = query("operators", { for: "read" })(() => ({
  args: {},
  returns: vPolicies,
}));
/** Merges the given fields over the stored ones; refuses values that make no sense (`invalid_policy`, all faults at once). */
export const setPolicies = mutation("operators", { for: "admin" })(() => ({
  args: { policies: vPolicyOverrides },
  returns: vPolicies,
}));
