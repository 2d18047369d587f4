/** Rows of which upkeep may have to do something, as the component would have written them. */
import { vi } from "vitest";
import type { MutationCtx } from "../../src/component/_generated/server.js";

export const MINUTE = 60_000;

export const conversation = (
  ctx: MutationCtx,
  fields: { state: "idle" | "held" | "backoff"; wakeAt?: number },
) =>
  ctx.db.insert("conversations", {
    conversationId: "c",
    workspace: "default",
    agentKey: "default",
    lane: "default",
    pool: "default",
    priority: 50,
    band: 2,
    start: 0,
    rank: -50,
    urgency: -50,
    readyAt: 0,
    attempts: 1,
    maxAttempts: 5,
    backoffMs: 1_000,
    turnCount: 0,
    ...fields,
  });

export async function message(
  ctx: MutationCtx,
  fields: {
    status: "queued" | "delayed" | "done" | "dead_letter";
    dueAt?: number;
    endedAt?: number;
    state?: "idle" | "held";
  },
) {
  const { state: of = "idle", ...rest } = fields;
  return await ctx.db.insert("messageQueue", {
    conversation: await conversation(ctx, { state: of }),
    conversationId: "c",
    workspace: "default",
    agentKey: "default",
    lane: "default",
    payload: { provider: "app", providerUserId: "u", messageText: "hello" },
    priority: 50,
    dueAt: Number.MAX_SAFE_INTEGER,
    ...rest,
  });
}

/** A turn is as old as its row. */
export async function turn(ctx: MutationCtx, madeAt: number) {
  const now = Date.now();
  vi.setSystemTime(madeAt);
  await ctx.db.insert("turns", {
    conversation: await conversation(ctx, { state: "idle" }),
    role: "user",
    content: "hello",
    at: madeAt,
  });
  vi.setSystemTime(now);
}

export async function lease(ctx: MutationCtx, of: "live" | "ended" | "expired", expiresAt: number) {
  const messageId = await message(ctx, { status: "queued", state: "held" });
  const row = await ctx.db.get(messageId);
  if (!row) throw new Error("it was just made");
  const id = await ctx.db.insert("leases", {
    conversation: row.conversation,
    message: messageId,
    worker: "w",
    state: of,
    expiresAt,
    leaseMs: MINUTE,
    seenAt: expiresAt - MINUTE,
  });
  await ctx.db.patch(row.conversation, { head: messageId, lease: id, holder: "w" });
}

export async function backoff(ctx: MutationCtx, wakeAt: number) {
  const head = await message(ctx, { status: "queued" });
  const row = await ctx.db.get(head);
  if (row) await ctx.db.patch(row.conversation, { state: "backoff", wakeAt, head });
}

export const attachment = async (
  ctx: MutationCtx,
  status: "pending" | "ready" | "failed" | "expired",
  dueAt: number,
) =>
  ctx.db.insert("attachments", {
    message: await message(ctx, { status: "queued", state: "held" }),
    side: "message",
    place: 0,
    kind: "photo",
    status,
    tries: 1,
    dueAt,
  });

export const snapshot = (
  ctx: MutationCtx,
  status: "ready" | "uploading" | "failed" | "expired",
  expiresAt: number,
) =>
  ctx.db.insert("dataSnapshots", {
    workspaceId: "default",
    agentKey: "default",
    workerId: "w",
    reason: "manual",
    formatVersion: 1,
    generation: 0,
    turnCount: 0,
    status,
    createdAt: 0,
    expiresAt,
  });

export const secret = (ctx: MutationCtx, fields: { supersededAt: number; wipedAt?: number }) =>
  ctx.db.insert("secrets", {
    secretRef: "a",
    version: 1,
    encryptedValue: new ArrayBuffer(0),
    wrappedKey: new ArrayBuffer(0),
    keyId: "k",
    algorithm: "af1",
    active: false,
    ...fields,
  });

export const probe = (
  ctx: MutationCtx,
  fields: { status: "waiting" | "done"; requestedAt: number; expiresAt: number },
) => ctx.db.insert("probes", { workerId: "w", kind: "host", timeoutMs: 1_000, ...fields });

export const pairing = (ctx: MutationCtx, status: "pending" | "used" | "expired", expiresAt: number) =>
  ctx.db.insert("pairingCodes", {
    codeHash: "h",
    channel: "telegram",
    consumerUserId: "u",
    agentKey: "default",
    status,
    createdAt: 0,
    expiresAt,
  });

export const broadcast = (
  ctx: MutationCtx,
  fields: { status: "running" | "done"; progressAt: number; requestedAt: number },
) =>
  ctx.db.insert("messagePushBroadcasts", {
    companyId: "acme",
    title: "t",
    text: "x",
    target: "all_active_agents",
    requestedBy: "boss",
    totalTargets: 0,
    enqueuedCount: 0,
    failedCount: 0,
    cursor: { workspaces: [] },
    ...fields,
  });

export const job = (ctx: MutationCtx, nextRunAt: number | undefined) =>
  ctx.db.insert("messagePushJobs", {
    companyId: "acme",
    consumerUserId: "u",
    title: "t",
    text: "x",
    periodicity: "daily",
    timezone: "Europe/Rome",
    schedule: { kind: "daily", time: "09:00" },
    enabled: true,
    missedRunPolicy: "skip",
    nextRunAt,
    createdAt: 0,
    updatedAt: 0,
  });

export async function machine(ctx: MutationCtx, stoppedAt: number) {
  const workerRow = await ctx.db.insert("workers", {
    workerId: "w",
    provider: "fly",
    status: "stopped",
    lanes: ["default"],
    registeredAt: 0,
    stoppedAt,
  });
  await ctx.db.insert("machines", {
    worker: "w",
    workerRow,
    live: false,
    step: "stopped",
    provider: "fly",
    appName: "workers",
    image: "i",
    madeFor: "c",
    volumeName: "v",
    tokenIds: [],
    createdAt: 0,
    stoppedAt,
    attempt: 1,
    failures: 0,
    stepDeadlineAt: 0,
  });
}

export async function chain(ctx: MutationCtx, at: number) {
  for (const seq of [1, 2, 3])
    await ctx.db.insert("auditLog", { at, kind: "k", actor: "host", subject: "s", seq, hash: `h${seq}` });
  await ctx.db.insert("auditChain", { head: { seq: 3, hash: "h3" }, anchor: { seq: 0, hash: "h0" } });
}

export const meter = (ctx: MutationCtx, fields: { month: string; dueAt?: number }) =>
  ctx.db.insert("workerHours", { worker: "w", tokenId: "t", aliveMs: 0, countedUntil: 0, ...fields });

export const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
