/** A component with a queue of a given size, seeded row by row: enqueueing thousands of messages would take minutes. */
import { convexTest, type TestConvex } from "convex-test";
import type { Id } from "../src/component/_generated/dataModel.js";
import type { MutationCtx } from "../src/component/_generated/server.js";
import schema from "../src/component/schema.js";
import { reapPoint } from "../src/core/line/alarms.js";
import { defaultPolicies } from "../src/contract/policies.js";
import { placeInLine } from "../src/policy/queue/place.js";

export interface Size {
  /** Queued messages: half behind one held conversation, half in ready conversations of their own. */
  depth: number;
  /** All of `depth` behind the held conversation. */
  blocked?: boolean;
  /** Workers that hold a lease. */
  workers: number;
  /** Stored turns of each conversation that the operations touch. */
  history: number;
}

/** A message in flight, as its worker knows it. */
interface HeldJob {
  workerId: string;
  messageId: string;
  leaseId: string;
}

export interface BenchWorld {
  t: TestConvex<typeof schema>;
  /** Messages in flight: without and with another message of the conversation waiting, and with one attempt left. */
  jobs: Record<"last" | "withNext" | "lastAttempt" | "recorded", HeldJob>;
}

export type ModuleMap = Record<string, () => Promise<unknown>>;

/** Lanes of the bench: two with work, and one that never has any. */
export const LANES = { first: "default", second: "second", empty: "empty" };
const TENANTS = 5;
/** Rows per seeding transaction, below what one may write. */
const BATCH = 1_000;
const HOUR_MS = 3_600_000;

/** Builds the world; `modules` are the component's (`import.meta.glob` or the file system). */
export async function createBenchWorld(modules: ModuleMap, size: Size): Promise<BenchWorld> {
  const t = convexTest({ schema, modules, transactionLimits: true });
  await t.run(async (ctx) => {
    await ctx.db.insert("runtimeConfig", { key: "runtime", updatedAt: Date.now() });
    await ctx.db.insert("agentProfiles", {
      agentKey: "default",
      version: "1",
      secretsRef: [],
      enabled: true,
      workspace: "tenant0",
    });
    await idleWorker(ctx, "claimer", [LANES.first]);
    await idleWorker(ctx, "two lanes", [LANES.first, LANES.second]);
    await idleWorker(ctx, "poller", [LANES.empty]);
    for (const name of ["idle", "idle in an empty lane"]) {
      await seedConversation(ctx, { name, state: "idle", lane: LANES.first, place: 0 });
    }
    for (const [name, lane] of [
      ["ready", LANES.first],
      ["ready in the second lane", LANES.second],
    ] as const) {
      const conversation = await seedConversation(ctx, { name, state: "ready", lane, place: 0 });
      await headOf(ctx, conversation);
    }
  });
  const jobs = {
    last: await t.run((ctx) => seedHeld(ctx, "last")),
    withNext: await t.run((ctx) => seedHeld(ctx, "with next", { next: true })),
    lastAttempt: await t.run((ctx) => seedHeld(ctx, "last attempt", { next: true, attempts: 4 })),
    recorded: await t.run((ctx) => seedHeld(ctx, "recorded", { next: true, reply: true })),
  };
  const others = Math.max(0, size.workers - Object.keys(jobs).length);
  await seedBatches(t, others, (ctx, index) => seedHeld(ctx, `busy ${index}`));
  await seedDepth(t, size.depth, size.blocked ? size.depth : Math.ceil(size.depth / 2));
  await seedHistory(t, jobs, size.history);
  return { t, jobs };
}

/** Which wake-ups are pending: the reaper's for the coming minutes, a pass, or none. */
export async function setAlarms({ t }: BenchWorld, pending: { reap: boolean; pass: boolean }): Promise<void> {
  await t.run(async (ctx) => {
    for (const alarm of await ctx.db.query("alarms").collect()) await ctx.db.delete(alarm._id);
    for (const line of await ctx.db.query("lines").collect()) await ctx.db.delete(line._id);
    // Something waits in the lanes with work, so the scheduler has looked and said so; it knows of no claimers.
    const saturated = Array.from({ length: TENANTS }, (_, tenant) => `tenant${tenant}`);
    await ctx.db.insert("lines", {
      until: Date.now() + 4_000,
      claimers: [],
      lanes: [LANES.first, LANES.second].map((lane) => ({ lane, virtual: 1_000, saturated })),
    });
    if (pending.pass) await ctx.db.insert("alarms", { kind: "look", at: Date.now() + 300 });
    const { leaseMs, reapGridMs } = defaultPolicies.lease;
    const next = reapPoint(Date.now() + leaseMs, reapGridMs);
    for (let point = 0; pending.reap && point < 6; point += 1)
      await ctx.db.insert("alarms", { kind: "reap", at: next + point * reapGridMs });
  });
}

interface Row {
  id: Id<"conversations">;
  name: string;
  workspace: string;
  lane: string;
}

async function seedConversation(
  ctx: MutationCtx,
  fields: { name: string; state: "idle" | "ready" | "held"; lane: string; place: number; attempts?: number },
): Promise<Row> {
  const priority = defaultPolicies.queue.defaultPriority;
  const workspace = `tenant${fields.place % TENANTS}`;
  const start = 1_000 + Math.floor(fields.place / TENANTS);
  const id = await ctx.db.insert("conversations", {
    conversationId: fields.name,
    workspace,
    agentKey: "default",
    state: fields.state,
    lane: fields.lane,
    pool: fields.lane,
    priority,
    ...placeInLine(priority, start, 0),
    readyAt: Date.now(),
    attempts: fields.attempts ?? 0,
    maxAttempts: 5,
    backoffMs: 1_000,
    turnCount: 0,
  });
  return { id, name: fields.name, workspace, lane: fields.lane };
}

/** A queued message of a typical size, not yet the head. */
async function seedMessage(ctx: MutationCtx, owner: Row, text = "hello"): Promise<Id<"messageQueue">> {
  return await ctx.db.insert("messageQueue", {
    conversation: owner.id,
    conversationId: owner.name,
    workspace: owner.workspace,
    agentKey: "default",
    lane: owner.lane,
    payload: { provider: "app", providerUserId: "user", messageText: text.padEnd(200, ".") },
    status: "queued",
    priority: defaultPolicies.queue.defaultPriority,
    seq: ctx.db.vars.commitTs,
    dueAt: Date.now(),
    key: `${owner.name} ${text}`,
  });
}

async function headOf(ctx: MutationCtx, owner: Row): Promise<Id<"messageQueue">> {
  const head = await seedMessage(ctx, owner);
  await ctx.db.patch(owner.id, { head });
  return head;
}

async function seedHeld(
  ctx: MutationCtx,
  name: string,
  options: { next?: boolean; attempts?: number; reply?: boolean } = {},
): Promise<HeldJob> {
  const workerId = `worker of ${name}`;
  const owner = await seedConversation(ctx, {
    name,
    state: "held",
    lane: LANES.first,
    place: 0,
    attempts: options.attempts,
  });
  const message = await headOf(ctx, owner);
  if (options.reply) {
    await ctx.db.patch(message, {
      turnsAt: Date.now(),
      reply: { text: "answer".padEnd(500, "."), parts: 1, nextPart: 0, sending: true, ambiguousParts: [] },
    });
  }
  if (options.next) await seedMessage(ctx, owner, "the next one");
  const { leaseMs } = defaultPolicies.lease;
  const lease = await ctx.db.insert("leases", {
    conversation: owner.id,
    message,
    worker: workerId,
    state: "live",
    expiresAt: Date.now() + HOUR_MS,
    leaseMs,
    seenAt: Date.now(),
  });
  await ctx.db.patch(owner.id, { lease, holder: workerId });
  await idleWorker(ctx, workerId, [LANES.first]);
  return { workerId, messageId: message, leaseId: `${owner.id}.${lease}` };
}

async function idleWorker(ctx: MutationCtx, workerId: string, lanes: string[]): Promise<void> {
  const registeredAt = Date.now();
  await ctx.db.insert("workers", { workerId, provider: "external", status: "active", lanes, registeredAt });
  await ctx.db.insert("beats", { worker: workerId, aliveUntil: registeredAt + HOUR_MS });
}

async function seedDepth(t: BenchWorld["t"], depth: number, behindHeld: number): Promise<void> {
  if (depth === 0) return;
  const blocked = await t.run(async (ctx) => {
    await seedHeld(ctx, "blocked");
    const row = await ctx.db
      .query("conversations")
      .withIndex("by_conversationId", (q) => q.eq("conversationId", "blocked"))
      .unique();
    if (!row) throw new Error("the blocked conversation was not seeded");
    return { id: row._id, name: "blocked", workspace: row.workspace, lane: row.lane };
  });
  await seedBatches(t, behindHeld, (ctx, index) => seedMessage(ctx, blocked, `blocked ${index}`));
  await seedBatches(t, depth - behindHeld, async (ctx, index) => {
    const name = `waiting ${index}`;
    await headOf(
      ctx,
      await seedConversation(ctx, { name, state: "ready", lane: LANES.first, place: index + 5 }),
    );
  });
}

async function seedHistory(t: BenchWorld["t"], jobs: BenchWorld["jobs"], turns: number): Promise<void> {
  for (const job of Object.values(jobs)) {
    const conversation = await t.run((ctx) => {
      const id = ctx.db.normalizeId("conversations", job.leaseId.split(".")[0] ?? "");
      return Promise.resolve(id);
    });
    if (!conversation) throw new Error("the bench holds a malformed lease");
    await seedBatches(t, turns, (ctx, index) =>
      ctx.db.insert("turns", {
        conversation,
        role: index % 2 === 0 ? "user" : "assistant",
        content: `turn ${index}`.padEnd(200, "."),
        at: index,
      }),
    );
    await t.run((ctx) => ctx.db.patch(conversation, { turnCount: turns }));
  }
}

async function seedBatches(
  t: BenchWorld["t"],
  count: number,
  seed: (ctx: MutationCtx, index: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    await t.run(async (ctx) => {
      for (let index = from; index < Math.min(count, from + BATCH); index += 1) await seed(ctx, index);
    });
  }
}
