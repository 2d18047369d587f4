/** Ended messages past their time, with their leases and turns, worked off by the sweeps themselves on the local engine. */
import { v } from "convex/values";
import { Engine, type ModuleMap, type Pace } from "../../sim/engine/index.js";
import { realPace } from "../../sim/engine/pace.js";
import { internalMutation, internalQuery } from "../../src/component/_generated/server.js";

const DAY_MS = 86_400_000;
const TABLES = ["messageQueue", "leases", "turns"] as const;
const SWEEPS = ["messages", "leases", "turns"];
/** Messages per seeding transaction. */
const BATCH = 500;
const LARGE_CHARS = 400_000;
/** What the smallest class of deployments may write. */
const WRITES_PER_SECOND = 4 * 1024 * 1024;
const GIVE_UP_MS = 20 * 60_000;

const seed = {
  messages: internalMutation({
    args: { count: v.number(), large: v.number() },
    returns: v.null(),
    handler: async (ctx, { count, large }) => {
      const now = Date.now();
      const common = { conversationId: "c", workspace: "default", agentKey: "default", lane: "default" };
      const rank = { priority: 50, band: 2, start: 0, rank: 0, urgency: 0, readyAt: 0 };
      const conversation = await ctx.db.insert("conversations", {
        ...common,
        ...rank,
        state: "idle",
        pool: "default",
        attempts: 0,
        maxAttempts: 5,
        backoffMs: 0,
        turnCount: count,
      });
      for (let n = 0; n < count; n += 1) {
        const messageText = n < large ? "x".repeat(LARGE_CHARS) : "hello";
        const message = await ctx.db.insert("messageQueue", {
          ...common,
          conversation,
          payload: { provider: "app", providerUserId: "u", messageText },
          status: n % 50 === 0 ? "dead_letter" : "done",
          priority: 50,
          dueAt: now,
          endedAt: now,
        });
        const state = n % 50 === 0 ? "expired" : "ended";
        const lease = { conversation, message, worker: "w", expiresAt: now, leaseMs: 60_000, seenAt: now };
        await ctx.db.insert("leases", { ...lease, state });
        await ctx.db.insert("turns", { conversation, message, role: "user", content: messageText, at: now });
      }
      return null;
    },
  }),
  isLeft: internalQuery({
    args: {},
    returns: v.boolean(),
    handler: async (ctx) => {
      const first = await Promise.all(TABLES.map((table) => ctx.db.query(table).first()));
      return first.some((row) => row !== null);
    },
  }),
};

/** The machine's time, moved by `byMs`. */
interface Moved extends Pace {
  byMs: number;
}
function movedPace(): Moved {
  const pace: Moved = {
    ...realPace,
    byMs: 0,
    now: () => realPace.now() + pace.byMs,
    at: (timeMs, run) => realPace.at(timeMs - pace.byMs, run),
  };
  return pace;
}

/** `largeEvery`: one message of so many has 400 kB, and so has its turn. */
export async function runRetention(
  component: ModuleMap,
  { messages, largeEvery }: { messages: number; largeEvery: number },
) {
  const pace = movedPace();
  const engine = await Engine.start({
    components: [{ path: "", modules: { ...component, seed: () => Promise.resolve(seed) } }],
    pace,
    writeBytesPerSecond: WRITES_PER_SECOND,
  });
  const call = (udfPath: string, args = {}) => engine.call({ componentPath: "", udfPath }, args);
  pace.byMs = -500 * DAY_MS;
  let large = 0;
  for (let made = 0; made < messages; made += BATCH) {
    const due = Math.floor(made / largeEvery) + 1 - large;
    large += due;
    await call("seed:messages", { count: Math.min(BATCH, messages - made), large: due });
    // Seeding is not what is measured: it need not keep to the pace.
    pace.byMs += 1_000;
  }
  pace.byMs = 0;
  engine.resetStats();
  const startedAt = realPace.now();
  for (const name of SWEEPS) await call("upkeep:sweep", { name, until: startedAt + GIVE_UP_MS });
  while ((await call("seed:isLeft")) === true && realPace.now() < startedAt + GIVE_UP_MS)
    await new Promise((resolve) => setTimeout(resolve, 200));
  const tookMs = realPace.now() - startedAt;
  const sweeps = engine.stats().functions.find((entry) => entry.function.endsWith("upkeep:sweep"));
  const left = Object.fromEntries(TABLES.map((table) => [table, engine.documents("", table).length]));
  engine.close();
  const { attempts = 0, errors = 0 } = sweeps ?? {};
  const perSecond = Math.round(messages / (tookMs / 1_000));
  return { messages, large, tookMs, perSecond, left, batches: attempts, errors };
}
