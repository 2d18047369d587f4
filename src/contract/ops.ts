/** What operators ask: why a message waits, what every machine does, what is wrong, what is left over. */
import { v, type Infer, type ObjectType } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";
import { vWorkerStatus } from "./workers.js";

const vText = lazy(() => orNull.string);
/** Epoch ms, or null: unknown, or not yet. */
const vTime = lazy(() => orNull.number);

/**
 * The rule that decides what happens to a message now. Each has one text and, where an operator can act, one fix.
 * - `delayed`: Its due time has not come.
 * - `behind_earlier`: A message before it in the same conversation has not ended; `behind` explains that one.
 * - `backoff`: An attempt failed; the conversation waits.
 * - `service_down`: A service that its answer needs (the model, the chat platform) is down or busy; the conversation waits.
 * - `attachments`: Its files are being fetched, or further parts of its album may come.
 * - `lane_unserved`: No worker lists its lane for its workspace, or the worker that holds its conversation does not.
 * - `missing_secret`: the token of the provider or `convex.url`.
 * - `provider_error`: The provider refused or did not answer.
 * - `fleet_error`: A pass of the fleet failed for another reason; the text has it.
 * - `launches_paused`: Launches rest after one that failed.
 * - `launching`: Its machine is ordered but not yet made.
 * - `owner_silent`: The worker that holds its conversation gives no sign of life, and no other worker serves its lane, or the
 *   fleet has still to look at its machine.
 * - `owner_polling`: The worker that holds its conversation is up and takes the message when it polls.
 * - `worker_polling`: Some free worker takes it when it polls.
 * - `in_line`: Workers serve its lane, all are busy.
 * - `next_pass`: The fleet has not looked at it yet.
 */
export const vReason = lazy(() =>
  oneOf(
    "answered",
    "in_flight",
    "dead_letter",
    "delayed",
    "behind_earlier",
    "backoff",
    "service_down",
    "attachments",
    "lane_unserved",
    "no_provider_config",
    "provider_config_incomplete",
    "provider_unsupported",
    "missing_secret",
    "provider_error",
    "fleet_error",
    "worker_cap",
    "launch_unsettled",
    "workspace_cap",
    "daily_budget",
    "launch_step",
    "launches_paused",
    "launching",
    "booting",
    "owner_draining",
    "owner_saving",
    "owner_silent",
    "owner_polling",
    "worker_polling",
    "in_line",
    "next_pass",
  ),
);
export type Reason = Infer<typeof vReason>;

/**
 * - `text`: One or two sentences for people.
 * - `fix`: What an operator can do about it; null: nothing is needed.
 * - `nextLookAt`: When something looks at it again by itself; null: it has ended, or only a change brings it on.
 */
const verdict = lazy(() => ({
  reason: vReason,
  text: v.string(),
  fix: vText,
  nextLookAt: vTime,
}));
export type Verdict = ObjectType<typeof verdict>;

/**
 * - `attempts`: Attempts that ended without success.
 * - `workerId`: The worker that holds the message or its conversation, and its machine.
 * - `behind`: The message it waits behind, explained.
 */
const vExplanation = lazy(() =>
  v.object({
    ...verdict,
    state: oneOf("answered", "in_flight", "waiting", "dead_letter"),
    messageId: v.string(),
    conversationId: v.string(),
    agentKey: v.string(),
    workspace: v.string(),
    lane: v.string(),
    dueAt: v.number(),
    endedAt: vTime,
    attempts: v.number(),
    maxAttempts: v.number(),
    lastError: vText,
    workerId: vText,
    machineId: vText,
    leaseExpiresAt: vTime,
    behind: v.union(v.null(), v.object({ messageId: v.string(), ...verdict })),
  }),
);

/**
 * Why a message has not been answered: the exact rule, and when something looks at it again. Reads a bounded number of
 * documents and decides nothing by the clock: times are returned. Throws `invalid_id`, `message_not_found`.
 */
export const explainMessage = query("operators", { for: "admin" })(() => ({
  args: { messageId: v.string() },
  returns: vExplanation,
}));

const vFleetProblem = lazy(() => v.object({ code: v.string(), message: v.string(), at: v.number() }));

/**
 * - `since`: When it came into its present state.
 * - `machineHours`: Machine hours so far, as of the overview's `asOf`.
 * - `madeFor`: The conversation it was made for.
 * - `conversationId`: The conversation it holds now.
 */
const vMachineReport = lazy(() =>
  v.object({
    workerId: v.string(),
    step: oneOf("launching", "booting", "running", "retiring", "stopped"),
    workerStatus: vWorkerStatus,
    since: v.number(),
    createdAt: v.number(),
    appName: v.string(),
    machineId: vText,
    volumeId: vText,
    region: vText,
    image: v.string(),
    machineHours: v.number(),
    madeFor: v.string(),
    conversationId: vText,
    busy: v.boolean(),
    waitsFor: v.string(),
    deadlineAt: vTime,
    problem: v.union(vFleetProblem, v.null()),
  }),
);

/**
 * Every living machine and the fleet's limits. `asOf`: the last pass, epoch ms; hours are counted up to then.
 * - returns `capped`: More machines live than are shown.
 * - returns `machineHoursToday`: Of the UTC day of `asOf`.
 * - returns `blocked`: Conversations that got no machine in the last pass, at most 50.
 * - returns `quarantined`: Volumes kept because they hold memory that is in no snapshot, at most 100.
 */
export const fleetOverview = query("operators", { for: "admin" })(() => ({
  args: {},
  returns: v.object({
    asOf: vTime,
    nextPassAt: vTime,
    lastListedAt: vTime,
    lastVolumesListedAt: vTime,
    machines: v.array(vMachineReport),
    capped: v.boolean(),
    limits: v.object({
      maxWorkers: v.number(),
      maxWorkersPerWorkspace: v.number(),
      spawnStep: v.number(),
      dailyMachineHours: v.number(),
    }),
    machineHoursToday: v.number(),
    launchesPausedUntil: vTime,
    problem: v.union(vFleetProblem, v.null()),
    blocked: v.array(v.object({ conversationId: v.string(), reason: v.string() })),
    quarantined: v.array(
      v.object({
        volumeId: v.string(),
        volumeName: v.string(),
        appName: v.string(),
        region: v.string(),
        conversationId: v.string(),
        lastUseAt: v.number(),
        deleteAfter: v.number(),
        takenBy: vText,
      }),
    ),
    orphans: v.number(),
  }),
}));

/**
 * - `severity`: `error`: messages wait or money is lost until somebody acts; `warning`: will become so; `info`: good to know.
 */
const vFinding = lazy(() =>
  v.object({
    severity: oneOf("error", "warning", "info"),
    code: v.string(),
    text: v.string(),
    fix: vText,
  }),
);
export type Finding = Infer<typeof vFinding>;

/** What is wrong and what to do about it, errors first. Empty findings: all is well. */
export const fleetHealth = query("operators", { for: "admin" })(() => ({
  args: {},
  returns: v.object({ healthy: v.boolean(), findings: v.array(vFinding) }),
}));

/**
 * - `confirmed`: Two listings far enough apart have shown it without an owner.
 * - `collectAfter`: From when on a listing that shows it again has it collected.
 */
const vOrphanView = lazy(() =>
  v.object({
    orphanId: v.string(),
    kind: oneOf("machine", "volume"),
    providerId: v.string(),
    name: v.string(),
    firstSeenAt: v.number(),
    lastSeenAt: v.number(),
    listings: v.number(),
    confirmed: v.boolean(),
    collectAfter: v.number(),
    why: v.string(),
    problem: v.union(vFleetProblem, v.null()),
  }),
);
export type OrphanView = Infer<typeof vOrphanView>;

/** Machines and volumes of this deployment without an owner, oldest first, at most 200, and when each would go. */
export const orphanReport = query("operators", { for: "admin" })(() => ({
  args: {},
  returns: v.object({
    lastListedAt: vTime,
    lastVolumesListedAt: vTime,
    orphans: v.array(vOrphanView),
    capped: v.boolean(),
  }),
}));

/**
 * Starts the collection of confirmed orphans now, at most 50, and has the provider listed afresh. The collector looks at
 * each resource again right before it acts. `dryRun`: says what it would do and does nothing. `skipped`: not yet confirmed.
 */
export const collectOrphans = mutation("operators", { for: "admin" })(() => ({
  args: { dryRun: opt.boolean },
  returns: v.object({
    dryRun: v.boolean(),
    collecting: v.array(vOrphanView),
    skipped: v.array(vOrphanView),
  }),
}));
