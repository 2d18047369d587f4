import { describe, expect, it, vi } from "vitest";
import { bind, daily, queued, unbind } from "../../../test/component/people.js";
import { START, useWorld } from "../../../test/component/world.js";
import { internal } from "../../component/_generated/api.js";
import { dispatchUpTo } from "./dispatchDue.js";
import { sweepLateJobs, sweepPushes } from "./sweep.js";

const world = useWorld();
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NINE = START + 9 * HOUR_MS;

const dispatchDue = (limit?: number) => world.t.mutation(world.lib.dispatchDuePushJobs, { limit });
const dispatches = (jobId: string, limit?: number) =>
  world.t.query(world.lib.listPushDispatchesByJob, { jobId, limit });
const wakes = () => world.t.run((ctx) => ctx.db.query("messagePushWakes").collect());
/** The clock moves on, but no timer goes off: the system stood still. */
const standStillUntil = (at: number) => {
  vi.clearAllTimers();
  vi.setSystemTime(at);
};
const runKeys = async () => (await queued(world)).map((message) => message.payload.metadata?.runKey);

describe("at its own minute", () => {
  it("a job runs at its slot, once a day, with nobody calling the dispatcher", async () => {
    await bind(world, "u1");
    const jobId = await daily(world, "u1", { time: "09:05" });
    await world.pass(9 * HOUR_MS, HOUR_MS);
    expect(await queued(world)).toEqual([]);
    await world.pass(5 * MINUTE_MS, MINUTE_MS);
    const [message] = await queued(world);
    expect(message?._creationTime).toBeLessThan(NINE + 6 * MINUTE_MS);
    await world.pass(3 * DAY_MS, HOUR_MS);
    const slot = (day: number) => NINE + 5 * MINUTE_MS + day * DAY_MS;
    expect(await runKeys()).toEqual([0, 1, 2, 3].map((day) => `scheduled:${jobId}:${slot(day)}`));
    const newest = await dispatches(jobId, 2);
    expect(newest.map((row) => [row.scheduledFor, row.status, row.error])).toEqual([
      [slot(3), "enqueued", null],
      [slot(2), "enqueued", null],
    ]);
  });

  it("a slot a month ahead needs no early run", async () => {
    await bind(world, "u1");
    await world.t.mutation(world.lib.createPushJobCustom, {
      ...{ companyId: "acme", consumerUserId: "u1", title: "T", text: "x", timezone: "UTC" },
      periodicity: "monthly",
      schedule: { kind: "monthly", dayOfMonth: "last", time: "23:59" },
    });
    await world.pass(30 * DAY_MS, 6 * HOUR_MS);
    expect(await queued(world)).toEqual([]);
    await world.pass(DAY_MS, 6 * HOUR_MS);
    expect(await queued(world)).toHaveLength(1);
  });

  it("jobs of one slot share a timer, and manual jobs have none and are not scanned", async () => {
    await bind(world, "u1");
    for (let n = 0; n < 300; n += 1) {
      await world.t.mutation(world.lib.createPushJobCustom, {
        ...{ companyId: "acme", consumerUserId: "u1", title: "T", text: "x", timezone: "UTC" },
        periodicity: "manual",
        schedule: { kind: "manual" },
      });
    }
    await daily(world, "u1");
    await daily(world, "u1");
    expect(await wakes()).toMatchObject([{ at: NINE }]);
    standStillUntil(NINE + HOUR_MS);
    expect(await dispatchDue()).toEqual({ scanned: 2, enqueued: 2, skipped: 0, failed: 0 });
  });
});

describe("dispatch", () => {
  it("collapses missed slots into one run, or skips them, as the job says", async () => {
    await bind(world, "u1");
    const once = await daily(world, "u1");
    const skip = await daily(world, "u1", { missedRunPolicy: "skip" });
    standStillUntil(NINE + 3 * DAY_MS + 20 * MINUTE_MS);
    expect(await dispatchDue()).toEqual({ scanned: 2, enqueued: 1, skipped: 1, failed: 0 });
    expect(await runKeys()).toEqual([`scheduled:${once}:${NINE}`]);
    expect(await dispatches(skip)).toMatchObject([{ status: "skipped", error: "The slot was missed" }]);
    const rows = await world.t.query(world.lib.listPushJobsForUser, { consumerUserId: "u1" });
    expect(rows.map((row) => row.nextRunAt)).toEqual([NINE + 4 * DAY_MS, NINE + 4 * DAY_MS]);
    // A little late is not missed.
    standStillUntil(NINE + 4 * DAY_MS + 10 * MINUTE_MS);
    expect(await dispatchDue()).toMatchObject({ enqueued: 2 });
    expect(await dispatchDue()).toMatchObject({ scanned: 0 });
  });

  it("records why a run failed, and goes on with the others", async () => {
    await world.agent("gone");
    for (const user of ["u1", "u2", "u3"]) await bind(world, user, user === "u2" ? { agentKey: "gone" } : {});
    const ids = [];
    for (const user of ["u1", "u2", "u3"]) ids.push(await daily(world, user));
    await world.agent("gone", { enabled: false });
    await unbind(world, "u3");
    const orphan = await daily(world, "nobody");
    await world.pass(9 * HOUR_MS + 1_000, HOUR_MS / 4);
    expect((await dispatches(ids[1]!))[0]).toMatchObject({
      status: "failed",
      error: "Agent profile 'gone' not found or disabled",
    });
    expect((await dispatches(orphan))[0]).toMatchObject({
      status: "failed",
      error: "No active agent binding for user",
    });
    expect(await queued(world)).toHaveLength(2);
  });

  it("reaches agents of the company's workspace, and of `default` only while there is no other", async () => {
    await bind(world, "u1");
    const jobId = await daily(world, "u1");
    await world.pass(9 * HOUR_MS, HOUR_MS);
    expect((await dispatches(jobId))[0]?.status).toBe("enqueued");
    await world.agent("a", { workspace: "acme" });
    await world.agent("b", { workspace: "rival" });
    await bind(world, "u2", { agentKey: "a", workspace: "acme" });
    await bind(world, "u3", { agentKey: "b", workspace: "rival" });
    const [own, rivals] = [await daily(world, "u2"), await daily(world, "u3")];
    await world.pass(DAY_MS, HOUR_MS);
    expect((await dispatches(jobId))[0]).toMatchObject({ status: "failed" });
    expect((await dispatches(own))[0]?.status).toBe("enqueued");
    expect((await dispatches(rivals))[0]).toMatchObject({
      status: "failed",
      error: "No active agent binding for user",
    });
  });

  it("clamps the limit and goes on by itself beyond one batch", async () => {
    for (let n = 0; n < 120; n += 1) {
      await bind(world, `u${n}`);
      await daily(world, `u${n}`);
    }
    standStillUntil(NINE + HOUR_MS);
    expect(await dispatchDue(0)).toMatchObject({ scanned: 1, enqueued: 1 });
    expect(await dispatchDue()).toMatchObject({ scanned: 100, enqueued: 100 });
    await world.pass(1_000);
    expect(new Set(await runKeys()).size).toBe(120);
    expect(await queued(world)).toHaveLength(120);
  });
});

describe("interrupted", () => {
  it(
    "anywhere, 500 due jobs are enqueued once each, with counts in proportion",
    { timeout: 120_000 },
    async () => {
      for (let n = 0; n < 10; n += 1) await bind(world, `u${n}`);
      await world.t.run(async (ctx) => {
        for (let n = 0; n < 500; n += 1) {
          // Few users with many jobs: the engine under test looks through all rows at each read.
          const consumerUserId = `u${n % 10}`;
          await ctx.db.insert("messagePushJobs", {
            ...{
              companyId: "acme",
              consumerUserId,
              title: "T",
              text: "x",
              periodicity: "daily",
              timezone: "UTC",
            },
            ...{ schedule: { kind: "daily", time: "09:00" }, enabled: true, missedRunPolicy: "run_once" },
            ...{ nextRunAt: NINE, createdAt: START, updatedAt: START },
          });
        }
      });
      standStillUntil(NINE);
      const perJob: number[] = [];
      for (let round = 0; round < 4; round += 1) {
        // The first attempt of each batch dies at its very end, a second dispatcher comes between, and the slot's own
        // chain runs too.
        await expect(
          world.t.run(async (ctx) => {
            await dispatchUpTo(ctx, 50, NINE);
            throw new Error("killed");
          }),
        ).rejects.toThrow("killed");
        const used = await world.t.run(async (ctx) => {
          const { scanned } = await dispatchUpTo(ctx, 50, NINE);
          const { databaseQueries } = await ctx.meta.getTransactionMetrics();
          return databaseQueries.used / scanned;
        });
        perJob.push(used);
        await world.t.mutation(internal.pushing.wakeSlot, { at: NINE });
        // The chain's own continuation is lost.
        standStillUntil(NINE);
      }
      expect(await dispatchDue()).toMatchObject({ scanned: 0 });
      const keys = await runKeys();
      expect(keys).toHaveLength(500);
      expect(new Set(keys).size).toBe(500);
      // 100 in a transaction stay below a half of the 4 096 ranges it may read; no run costs more because others ran.
      expect(Math.max(...perJob)).toBeLessThan(20);
      expect(Math.max(...perJob) / Math.min(...perJob)).toBeLessThan(1.1);
    },
  );

  it("is mended by the sweep, which finds nothing to do otherwise and forgets after 90 days", async () => {
    const sweep = async () =>
      (await world.t.run((ctx) => sweepLateJobs(ctx))) + (await world.t.run((ctx) => sweepPushes(ctx)));
    await bind(world, "u1");
    const jobId = await daily(world, "u1");
    expect(await sweep()).toBe(0);
    standStillUntil(NINE + 15 * MINUTE_MS);
    expect(await sweep()).toBe(2);
    expect(await runKeys()).toEqual([`scheduled:${jobId}:${NINE}`]);
    expect(await sweep()).toBe(0);
    await world.t.mutation(world.lib.deletePushJob, { jobId });
    standStillUntil(NINE + 91 * DAY_MS);
    expect(await sweep()).toBeGreaterThan(0);
    expect(await dispatches(jobId)).toEqual([]);
    await world.t.run(async (ctx) => {
      for (const row of await ctx.db.query("messageQueue").collect()) await ctx.db.delete(row._id);
      for (const row of await ctx.db.query("conversations").collect()) await ctx.db.delete(row._id);
    });
  });
});
