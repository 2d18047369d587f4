/** 5 000 due jobs, and a broadcast to 5 000 people, with interruptions at every batch: everybody once. */
import { afterEach, expect, it, vi } from "vitest";
import { internal } from "../../src/component/_generated/api.js";
import { deliverBatch } from "../../src/core/pushing/broadcastRun.js";
import { dispatchUpTo } from "../../src/core/pushing/dispatchDue.js";
import { createWorld, START, type World } from "../component/world.js";

const TARGETS = Number(process.env.SOAK_TARGETS ?? 5_000);
const NINE = START + 9 * 3_600_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/**
 * Takes what is queued out of the database, as workers and retention would, and notes the run keys; fails at the first
 * one that was seen before. The records of the runs stay.
 */
async function takeOut(world: World, seen: Set<string>): Promise<void> {
  const keys = await world.t.run(async (ctx) => {
    const taken: string[] = [];
    for (const message of await ctx.db.query("messageQueue").collect()) {
      taken.push(message.payload.metadata?.runKey ?? "none");
      await ctx.db.delete(message._id);
    }
    for (const conversation of await ctx.db.query("conversations").collect())
      await ctx.db.delete(conversation._id);
    return taken;
  });
  for (const key of keys) {
    expect(seen.has(key), key).toBe(false);
    seen.add(key);
  }
}

const bindMany = (world: World, count: number) =>
  inChunks(count, (from, to) =>
    world.t.run(async (ctx) => {
      for (let n = from; n < to; n += 1) {
        await ctx.db.insert("identityBindings", {
          ...{ consumerUserId: `u${n}`, agentKey: "default", workspace: "default", source: "api" },
          ...{
            status: "active",
            channel: "telegram",
            chatId: `chat-${n}`,
            userId: `tg-${n}`,
            boundAt: START,
          },
        });
      }
    }),
  );

async function inChunks(count: number, work: (from: number, to: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 500) await work(from, Math.min(count, from + 500));
}

it(`enqueues ${TARGETS} due jobs once each`, async () => {
  const world = createWorld();
  await world.agent();
  await bindMany(world, 20);
  await inChunks(TARGETS, (from, to) =>
    world.t.run(async (ctx) => {
      for (let n = from; n < to; n += 1) {
        await ctx.db.insert("messagePushJobs", {
          ...{ companyId: "acme", consumerUserId: `u${n % 20}`, title: "T", text: "x" },
          ...{ periodicity: "daily", schedule: { kind: "daily", time: "09:00" }, timezone: "UTC" },
          ...{
            enabled: true,
            missedRunPolicy: "run_once",
            nextRunAt: NINE,
            createdAt: START,
            updatedAt: START,
          },
        });
      }
    }),
  );
  vi.setSystemTime(NINE);
  const seen = new Set<string>();
  const costs: number[] = [];
  while (seen.size < TARGETS) {
    const before = seen.size;
    await expect(
      world.t.run(async (ctx) => {
        await dispatchUpTo(ctx, 20, NINE);
        throw new Error("killed");
      }),
    ).rejects.toThrow("killed");
    const cost = await world.t.run(async (ctx) => {
      const { scanned } = await dispatchUpTo(ctx, 20, NINE);
      return (await ctx.meta.getTransactionMetrics()).databaseQueries.used / Math.max(1, scanned);
    });
    costs.push(cost);
    await world.t.mutation(internal.pushing.wakeSlot, { at: NINE });
    await takeOut(world, seen);
    expect(seen.size).toBeGreaterThan(before);
  }
  await world.t.mutation(world.lib.dispatchDuePushJobs, { limit: 1_000 });
  await takeOut(world, seen);
  expect(seen.size).toBe(TARGETS);
  // Linear: the last job costs what the first one did.
  expect(Math.max(...costs.slice(0, -1)) / Math.min(...costs.slice(0, -1))).toBeLessThan(1.2);
});

it(`broadcasts to ${TARGETS} people once each`, async () => {
  const world = createWorld();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  await world.agent();
  await bindMany(world, TARGETS);
  const { broadcastId } = await world.t.mutation(world.lib.sendBroadcastToAllActiveAgents, {
    ...{ companyId: "acme", title: "News", text: "We moved.", requestedBy: "boss" },
  });
  const id = await world.t.run(async (ctx) => ctx.db.normalizeId("messagePushBroadcasts", broadcastId)!);
  const seen = new Set<string>();
  for (let round = 0; ; round += 1) {
    const broadcast = await world.t.query(world.lib.getBroadcast, { broadcastId });
    await takeOut(world, seen);
    if (broadcast?.status === "done") break;
    if (round % 10 === 0) {
      await expect(
        world.t.run(async (ctx) => {
          await deliverBatch(ctx, id);
          throw new Error("killed");
        }),
      ).rejects.toThrow("killed");
      // A batch whose progress was lost, and one of a second run beside the workflow's.
      const cursor = broadcast!.enqueued > 200 ? (await world.t.run((ctx) => ctx.db.get(id)))!.cursor : null;
      await world.t.run((ctx) => deliverBatch(ctx, id));
      if (cursor !== null) await world.t.run((ctx) => ctx.db.patch(id, { cursor, status: "running" }));
    }
    await world.pass(500);
  }
  expect(await world.t.query(world.lib.getBroadcast, { broadcastId })).toMatchObject({
    ...{ status: "done", totalTargets: TARGETS, enqueued: TARGETS, failed: 0 },
  });
  expect(seen.size).toBe(TARGETS);
});
