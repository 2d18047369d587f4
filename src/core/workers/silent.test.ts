/** A conversation never belongs to nobody alive, and whoever was away for a while may come back to what it held. */
import { describe, expect, it } from "vitest";
import { snapshotActions } from "../../../test/component/snapshots.js";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();
const { serve, prepare, mint, workerOf } = snapshotActions(world);
const MINUTE = 60_000;
const DAY = 86_400_000;

const claim = (workerId: string, more: { stateful?: boolean; workerToken?: string } = {}) =>
  world.t.mutation(world.lib.claim, { workerId, stateful: true, ...more });
/** The cron comes every minute while nobody calls. */
async function silence(ms: number, stepMs = MINUTE): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    await world.pass(stepMs, stepMs);
    await world.upkeep();
  }
}
const conversationOf = (conversationId: string) =>
  world.t.run((ctx) =>
    ctx.db
      .query("conversations")
      .withIndex("by_conversationId", (q) => q.eq("conversationId", conversationId))
      .unique(),
  );

describe("a worker that is silent", () => {
  it("frees its conversation, also when it was always given work and never polled idly", async () => {
    await serve("w1", "c");
    await world.send("c", "second");
    expect(await world.claim("w2")).toBeNull();
    await silence(3 * MINUTE);
    expect(textOf(await world.claim("w2"))).toBe("second");
  });

  it("may save after an outage of minutes or days, is offered nothing else before, and goes on with its own", async () => {
    await serve("w1", "c1");
    for (const outage of [4 * MINUTE, 2 * DAY]) {
      await silence(outage, outage / 4);
      await world.send("c2", "somebody else's");
      await prepare("w1", "c1", { workerToken: await mint({ workerId: "w1" }) });
      expect(await claim("w1")).toBeNull();
      expect(await conversationOf("c1")).toMatchObject({ owner: "w1", generation: 1, pool: "worker/w1" });
      await world.send("c1", "for me");
      expect(await world.claim("w9", { conversationId: "c1" })).toBeNull();
      const job = await claim("w1");
      expect(textOf(job)).toBe("for me");
      if (job) await world.complete("w1", job);
      const other = await world.mustClaim("w9");
      await world.complete("w9", other);
    }
  });

  it("that comes back after others went on is asked to give up what it holds, and takes it no more", async () => {
    await serve("w1", "c1");
    await silence(3 * MINUTE);
    await serve("w2", "c1");
    await world.send("c1", "next");
    expect(await claim("w1")).toBeNull();
    expect(await world.t.query(world.lib.getWorkerControlState, { workerId: "w1" })).toEqual({
      shouldStop: false,
      release: true,
    });
    await prepare("w1", "c1", { workerToken: await mint({ workerId: "w1" }) });
    expect(textOf(await claim("w2"))).toBe("next");
  });

  it("is forgotten in the end; one that holds nothing, at once", async () => {
    await serve("w1", "c1");
    await claim("idle");
    await silence(3 * MINUTE);
    expect(await workerOf("idle")).toBeNull();
    expect(await workerOf("w1")).toMatchObject({
      status: "active",
      silentSince: expect.any(Number) as number,
    });
    expect((await world.t.query(world.lib.workerStats, {})).workers).toEqual([]);
    await silence(8 * DAY, 6 * 3_600_000);
    for (let minute = 0; minute < 10; minute += 1) await silence(MINUTE);
    expect(await workerOf("w1")).toBeNull();
    expect(await world.t.run((ctx) => ctx.db.query("beats").collect())).toEqual([]);
  });

  it("takes no place of its token meanwhile, and has one again when it is back", async () => {
    const { token: workerToken } = await world.t.mutation(world.lib.createAgentWorkerToken, {
      maxWorkers: 1,
    });
    await world.send("c1", "hello");
    const job = await claim("w1", { workerToken });
    await world.t.mutation(world.lib.complete, {
      ...world.lease("w1", job ?? { messageId: "", leaseId: "" }),
      workerToken,
    });
    await silence(3 * MINUTE);
    await claim("w2", { workerToken });
    await expect(claim("w1", { workerToken })).rejects.toThrow("worker_limit_reached");
    await silence(3 * MINUTE);
    expect(await claim("w1", { workerToken })).toBeNull();
    expect(await workerOf("w1")).not.toHaveProperty("silentSince");
    await expect(claim("w3", { workerToken })).rejects.toThrow("worker_limit_reached");
  });
});

describe("a worker that gives signs of life", () => {
  it("keeps its right to save for ever while it polls, whatever sweeps forget", async () => {
    const workerToken = await mint({});
    await world.send("c1", "hello");
    const job = await claim("w1", { workerToken });
    if (!job) throw new Error("nothing to claim");
    await world.t.mutation(world.lib.complete, { ...world.lease("w1", job), workerToken });
    for (let hour = 0; hour < 60; hour += 1) {
      await claim("w1", { workerToken });
      // A minute more: each minute of ten has its own sweeps.
      await world.pass(3_660_000, 3_660_000);
      await claim("w1", { workerToken });
      await world.upkeep();
    }
    expect(await world.t.run((ctx) => ctx.db.query("leases").collect())).toEqual([]);
    await prepare("w1", "c1", { workerToken, leaseId: job.leaseId });
    await expect(prepare("w1", "c1", { workerToken })).rejects.toThrow("snapshot_refused");
    const stranger = await mint({});
    await expect(prepare("w1", "c1", { workerToken: stranger, leaseId: job.leaseId })).rejects.toThrow(
      "snapshot_refused",
    );
  });

  it("is alive in the middle of an answer of forty minutes", async () => {
    await world.send("c1", "think hard");
    const job = await claim("w1");
    if (!job) throw new Error("nothing to claim");
    await world.send("c1", "next");
    for (let s = 0; s < 2_400; s += 30) {
      await world.pass(30_000, 10_000);
      expect(await world.t.mutation(world.lib.heartbeat, world.lease("w1", job))).toBe(true);
      if (s % 60 === 0) await world.upkeep();
    }
    expect(await workerOf("w1")).toMatchObject({ binding: { conversationId: "c1" } });
    expect(await workerOf("w1")).not.toHaveProperty("silentSince");
    expect(await world.complete("w1", job)).toBe(true);
    expect(textOf(await claim("w1"))).toBe("next");
  });
});
