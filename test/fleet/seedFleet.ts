/** A fleet at work, written straight into the tables: bound, busy machines and a backlog of ready conversations. */
import type { MutationCtx } from "../../src/component/_generated/server.js";
import { bandOf } from "../../src/policy/queue/place.js";
import { CONFIG } from "./fleetWorld.js";

const conversation = (name: string, now: number) => ({
  conversationId: name,
  workspace: "default",
  agentKey: "default",
  lane: "default",
  priority: 50,
  band: bandOf(50),
  start: 1_000,
  rank: 950,
  urgency: -50,
  readyAt: now,
  attempts: 0,
  maxAttempts: 5,
  backoffMs: 1_000,
  turnCount: 0,
});

export async function seedWorkers(ctx: MutationCtx, from: number, to: number, now: number): Promise<void> {
  for (let n = from; n < to; n += 1) {
    const worker = `afw-${n}`;
    const owned = await ctx.db.insert("conversations", {
      ...conversation(`busy${n}`, now),
      state: "held",
      pool: `worker/${worker}`,
      owner: worker,
      generation: 1,
    });
    const message = await ctx.db.insert("messageQueue", {
      conversation: owned,
      conversationId: `busy${n}`,
      workspace: "default",
      agentKey: "default",
      lane: "default",
      payload: { provider: "app", providerUserId: "u", messageText: "x" },
      status: "queued",
      priority: 50,
      dueAt: now,
    });
    const workerRow = await ctx.db.insert("workers", {
      workerId: worker,
      provider: "fly",
      status: "active",
      lanes: ["default"],
      registeredAt: now,
      stateful: true,
      binding: {
        conversation: owned,
        conversationId: `busy${n}`,
        agentKey: "default",
        workspace: "default",
        generation: 1,
        boundAt: now,
      },
    });
    const lease = await ctx.db.insert("leases", {
      conversation: owned,
      message,
      worker,
      state: "live",
      expiresAt: now + 60_000,
      leaseMs: 60_000,
      seenAt: now,
    });
    await ctx.db.patch(owned, { lease, head: message, holder: worker });
    await ctx.db.insert("machines", {
      worker,
      workerRow,
      live: true,
      step: "running",
      provider: "fly",
      appName: CONFIG.appName,
      image: CONFIG.image,
      madeFor: `busy${n}`,
      volumeName: `data_${n}`,
      tokenIds: [],
      createdAt: now,
      launchedAt: now,
      attempt: 1,
      failures: 0,
      stepDeadlineAt: 0,
    });
  }
}

export async function seedReady(ctx: MutationCtx, from: number, to: number, now: number): Promise<void> {
  for (let n = from; n < to; n += 1)
    await ctx.db.insert("conversations", {
      ...conversation(`ready${n}`, now),
      state: "ready",
      pool: "default",
    });
}

/** Machines that are gone, with the rows that are kept of them. */
export async function seedEnded(ctx: MutationCtx, count: number, now: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const worker = `afw-gone-${n}`;
    const workerRow = await ctx.db.insert("workers", {
      workerId: worker,
      provider: "fly",
      status: "stopped",
      lanes: ["default"],
      registeredAt: now,
      stoppedAt: now,
    });
    await ctx.db.insert("machines", {
      worker,
      workerRow,
      live: false,
      step: "stopped",
      provider: "fly",
      appName: CONFIG.appName,
      image: CONFIG.image,
      madeFor: "somebody",
      volumeName: `gone_${n}`,
      tokenIds: [],
      createdAt: now,
      stoppedAt: now,
      attempt: 1,
      failures: 0,
      stepDeadlineAt: 0,
    });
  }
}
