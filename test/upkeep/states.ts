/** For each index range that upkeep looks at, a row that lies in it at `now`, as the component would have written it. */
import type { MutationCtx } from "../../src/component/_generated/server.js";
import type { SweepName } from "../../src/core/upkeep/looks.js";
import {
  MINUTE,
  conversation,
  message,
  turn,
  lease,
  backoff,
  attachment,
  snapshot,
  secret,
  probe,
  pairing,
  broadcast,
  job,
  machine,
  chain,
  meter,
  monthOf,
  dayOf,
} from "./rows.js";

const DAY = 86_400_000;
const YEARS = 800 * DAY;

export interface State {
  sweep: SweepName;
  what: string;
  make: (ctx: MutationCtx, now: number) => Promise<unknown>;
}
const state = (sweep: SweepName, what: string, make: State["make"]): State => ({ sweep, what, make });

export const STATES: State[] = [
  state("queueNet", "a lease that nobody expired", (ctx, now) => lease(ctx, "live", now - MINUTE)),
  state("queueNet", "a backoff that nobody ended", (ctx, now) => backoff(ctx, now - MINUTE)),
  state("queueNet", "a delayed message that nobody admitted", (ctx, now) =>
    message(ctx, { status: "delayed", dueAt: now - MINUTE }),
  ),
  state("queueNet", "a queued message of an idle conversation", (ctx, now) =>
    message(ctx, { status: "queued", dueAt: now - MINUTE }),
  ),
  state("silentWorkers", "a worker that is silent", (ctx, now) =>
    ctx.db.insert("beats", { worker: "w", aliveUntil: now - 1 }),
  ),
  state("forgottenWorkers", "a worker that did not come back for what it held", (ctx, now) =>
    ctx.db.insert("workers", {
      workerId: "w",
      provider: "external",
      status: "active",
      lanes: ["default"],
      registeredAt: now - 9 * DAY,
      silentSince: now - 8 * DAY,
    }),
  ),
  state("lateJobs", "a push whose timer was lost", (ctx, now) => job(ctx, now - 5 * MINUTE)),
  state("fetches", "a fetch that was lost", (ctx, now) => attachment(ctx, "pending", now - MINUTE)),
  state("probes", "a probe that nobody answered", (ctx, now) =>
    probe(ctx, { status: "waiting", requestedAt: now, expiresAt: now - 1 }),
  ),
  state("probes", "an old probe", (ctx, now) =>
    probe(ctx, { status: "done", requestedAt: now - 8 * DAY, expiresAt: now + DAY }),
  ),
  state("sealAudit", "counts of a window that is over", (ctx, now) =>
    ctx.db.insert("auditTallies", {
      windowEnd: now - MINUTE,
      kind: "secret.read",
      actor: "worker:w",
      subject: "s",
      shard: 0,
      count: 1,
    }),
  ),
  state("messages", "an old message", (ctx, now) => message(ctx, { status: "done", endedAt: now - YEARS })),
  state("messages", "an old dead letter", (ctx, now) =>
    message(ctx, { status: "dead_letter", endedAt: now - YEARS }),
  ),
  state("leases", "an old lease that ended", (ctx, now) => lease(ctx, "ended", now - 2 * DAY)),
  state("leases", "an old lease that expired", (ctx, now) => lease(ctx, "expired", now - 2 * DAY)),
  state("turns", "an old turn", (ctx, now) => turn(ctx, now - YEARS)),
  state("auditRetention", "an old line of the log", (ctx, now) => chain(ctx, now - YEARS)),
  state("secrets", "a superseded version", (ctx, now) => secret(ctx, { supersededAt: now - YEARS })),
  state("secrets", "an old wiped version", (ctx, now) =>
    secret(ctx, { supersededAt: now - YEARS, wipedAt: now - YEARS }),
  ),
  ...(["ready", "uploading", "failed", "expired"] as const).map((status) =>
    state("snapshots", `a snapshot past its time, ${status}`, (ctx, now) => snapshot(ctx, status, now - 1)),
  ),
  ...(["ready", "failed", "expired"] as const).map((status) =>
    state("attachments", `a file past its time, ${status}`, (ctx, now) => attachment(ctx, status, now - 1)),
  ),
  state("pairing", "a code that nobody used", (ctx, now) => pairing(ctx, "pending", now - 1)),
  state("pairing", "an old used code", (ctx, now) => pairing(ctx, "used", now - 31 * DAY)),
  state("pairing", "an old expired code", (ctx, now) => pairing(ctx, "expired", now - 31 * DAY)),
  state("pairing", "wrong codes of long ago", (ctx, now) =>
    ctx.db.insert("pairingAttempts", { sender: "s", windowStartedAt: now - DAY, failures: 1 }),
  ),
  state("pairing", "a question that nobody answered", async (ctx, now) => {
    const code = await pairing(ctx, "pending", now + DAY);
    await ctx.db.insert("pairingQuestions", {
      sender: "s",
      chatId: "1",
      nonce: "0123456789abcdef",
      pairing: code,
      expiresAt: now - DAY,
    });
  }),
  state("pushes", "a slot that the net worked off", (ctx, now) =>
    ctx.db.insert("messagePushWakes", { at: now - DAY }),
  ),
  state("pushes", "a broadcast that stands still", (ctx, now) =>
    broadcast(ctx, { status: "running", progressAt: now - DAY, requestedAt: now - DAY }),
  ),
  state("pushes", "an old run", async (ctx, now) =>
    ctx.db.insert("messagePushDispatches", {
      jobId: await job(ctx, undefined),
      consumerUserId: "u",
      runKey: "r",
      scheduledFor: 0,
      status: "enqueued",
      createdAt: now - 91 * DAY,
    }),
  ),
  state("pushes", "an old target of a broadcast", async (ctx, now) =>
    ctx.db.insert("messagePushBroadcastDispatches", {
      broadcastId: await broadcast(ctx, { status: "done", progressAt: now, requestedAt: now }),
      consumerUserId: "u",
      agentKey: "default",
      runKey: "r",
      status: "enqueued",
      createdAt: now - 91 * DAY,
    }),
  ),
  state("pushes", "an old broadcast", (ctx, now) =>
    broadcast(ctx, { status: "done", progressAt: now, requestedAt: now - 91 * DAY }),
  ),
  state("parkedUpdates", "an old parked update", (ctx, now) =>
    ctx.db.insert("parkedUpdates", {
      channel: "telegram",
      accountId: "b",
      eventId: "1",
      parkedAt: now - 31 * DAY,
      agentKey: "default",
      code: "c",
      message: "m",
      rawUpdateJson: "{}",
    }),
  ),
  state("albums", "an album of long ago", async (ctx, now) =>
    ctx.db.insert("albums", {
      channel: "telegram",
      accountId: "b",
      chatId: "c",
      albumId: "a",
      message: await message(ctx, { status: "queued", state: "held" }),
      openUntil: now - 2 * DAY,
      captions: [],
      files: [],
    }),
  ),
  state("refusals", "a window of refusals that is over", (ctx, now) =>
    ctx.db.insert("refusalWindows", { key: "k", windowStart: now - 2 * MINUTE, count: 1 }),
  ),
  state("wakes", "a worker that nobody rang for long", (ctx, now) =>
    ctx.db.insert("wakes", { worker: "w", seq: 1, at: now - 8 * DAY }),
  ),
  state("meters", "a meter that is due", (ctx, now) => meter(ctx, { month: monthOf(now), dueAt: now - 1 })),
  state("meters", "an old meter", (ctx, now) => meter(ctx, { month: monthOf(now - YEARS) })),
  state("reports", "an old report of a worker", (ctx, now) =>
    ctx.db.insert("workerReports", {
      worker: "w",
      version: "1",
      host: "h",
      engine: "echo",
      mode: "agent",
      saidAt: 0,
      keepUntil: now - 1,
    }),
  ),
  state("machineHours", "hours that no sum has", (ctx, now) =>
    ctx.db.insert("machineHours", { day: dayOf(now), usedMs: 1, addedAt: now - 2 * MINUTE }),
  ),
  state("machines", "a machine that ended long ago", (ctx, now) => machine(ctx, now - 31 * DAY)),
  state("machines", "hours of long ago", (ctx, now) =>
    ctx.db.insert("machineHours", { day: dayOf(now - YEARS), usedMs: 1 }),
  ),
  state("volumes", "unsaved memory past its time", async (ctx, now) =>
    ctx.db.insert("quarantinedVolumes", {
      volumeId: "v",
      volumeName: "v",
      appName: "workers",
      region: "iad",
      worker: "w",
      conversation: await conversation(ctx, { state: "idle" }),
      conversationId: "c",
      generation: 1,
      lastUseAt: 0,
      deleteAfter: now - 1,
      failures: 0,
    }),
  ),
];
