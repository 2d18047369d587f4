/** Each cause is named, and removing the named cause makes the message run. */
import { describe, expect, it } from "vitest";
import { internal } from "../../component/_generated/api.js";
import { CONFIG, useFleet, type FleetWorld } from "../../../test/fleet/fleetWorld.js";

const fleet = useFleet();
const explain = (f: FleetWorld, messageId: string) =>
  f.world.t.query(f.world.lib.explainMessage, { messageId });

/** Answers what the nth machine's worker gets. */
async function answered(f: FleetWorld, messageId: string, n = f.launcher.started.length - 1): Promise<void> {
  await f.answer(f.workerOf(n));
  expect(await explain(f, messageId)).toMatchObject({ state: "answered", reason: "answered" });
}

describe("a message that the fleet should serve", () => {
  it("waits for a configuration, then for its secrets, each with its own words, and runs when all is there", async () => {
    const f = fleet();
    const { t, lib } = f.world;
    const id = await f.world.send("c1", "hello");
    await f.pass(3_000);
    expect(await explain(f, id)).toMatchObject({
      state: "waiting",
      reason: "no_provider_config",
      conversationId: "c1",
    });

    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: { ...CONFIG, image: "" } });
    await f.pass(6_000);
    expect(await explain(f, id)).toMatchObject({
      reason: "provider_config_incomplete",
      text: "Missing providerConfig.image. Pass providerConfig explicitly when starting/reconciling workers.",
    });

    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    expect(await explain(f, id)).toMatchObject({
      reason: "missing_secret",
      text: "Missing Fly API token. Import an active 'fly.apiToken' secret or pass flyApiToken explicitly.",
    });

    await t.mutation(lib.importSecret, { secretRef: "fly.apiToken", plaintextValue: f.fly.token });
    expect(await explain(f, id)).toMatchObject({
      reason: "missing_secret",
      text: "Missing Convex URL. Import an active 'convex.url' secret or pass convexUrl explicitly.",
    });

    await f.configure({});
    await f.pass(70_000);
    expect(f.running()).toHaveLength(1);
    expect(await explain(f, id)).toMatchObject({ reason: "booting" });
    await answered(f, id);
  });

  it("boots, is worked on, and the next one waits behind it", async () => {
    const f = fleet();
    await f.configure({});
    const first = await f.world.send("c1", "first");
    const second = await f.world.send("c1", "second");
    await f.pass(3_000);
    const booting = await explain(f, first);
    expect(booting).toMatchObject({ reason: "booting", workerId: f.workerOf(0) });
    expect(booting.machineId).toBe(f.fly.machines()[0]?.id);
    expect(await explain(f, second)).toMatchObject({
      reason: "behind_earlier",
      behind: { messageId: first, reason: "booting" },
    });
    const job = await f.claim(f.workerOf(0));
    expect(await explain(f, first)).toMatchObject({
      state: "in_flight",
      workerId: f.workerOf(0),
      leaseExpiresAt: job?.leaseExpiresAt,
    });
    if (!job) throw new Error("nothing to claim");
    await f.world.fail(f.workerOf(0), job, "model is down");
    const backoff = await explain(f, first);
    expect(backoff).toMatchObject({ reason: "backoff", attempts: 1, lastError: "model is down" });
    expect(backoff.text).toContain("Attempt 1 of 5 failed: model is down");
    await f.pass((backoff.nextLookAt ?? 0) - Date.now() + 250);
    expect(await explain(f, first)).toMatchObject({ reason: "owner_polling" });
    await answered(f, first);
    await answered(f, second);
  });

  it("waits for a place under the cap; raising it helps", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 1 } });
    await f.world.send("c1", "first");
    await f.pass(3_000);
    const ids = [];
    for (let n = 2; n < 8; n += 1) ids.push(await f.world.send(`c${n}`, "me too"));
    await f.pass(20_000);
    for (const id of ids) expect(await explain(f, id)).toMatchObject({ reason: "worker_cap" });
    await f.world.t.mutation(f.world.lib.setPolicies, { policies: { scaling: { maxWorkers: 2 } } });
    await f.pass(20_000);
    const [next = ""] = ids;
    expect(await explain(f, next)).toMatchObject({ reason: "booting" });
    await answered(f, next, 1);
  });

  it("waits for a place of its workspace; raising its cap helps", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 9, spawnStep: 9 }, fleet: { maxWorkersPerWorkspace: 1 } });
    await f.world.send("c1", "first");
    const id = await f.world.send("c2", "second");
    await f.pass(3_000);
    expect(await explain(f, id)).toMatchObject({ reason: "workspace_cap" });
    await f.world.t.mutation(f.world.lib.setPolicies, { policies: { fleet: { maxWorkersPerWorkspace: 2 } } });
    await f.pass(20_000);
    await answered(f, id);
  });

  it("waits for the next pass when one may order no more", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 9, spawnStep: 1 } });
    await f.world.send("c1", "first");
    const id = await f.world.send("c2", "second");
    await f.pass(3_000);
    const told = await explain(f, id);
    expect(told).toMatchObject({ reason: "launch_step" });
    await f.pass((told.nextLookAt ?? 0) - Date.now() + 3_000);
    await answered(f, id);
  });

  it("waits for the next day, or a larger budget", async () => {
    const f = fleet();
    await f.configure({ fleet: { dailyMachineHours: 0 } });
    const id = await f.world.send("c1", "hello");
    await f.pass(3_000);
    const told = await explain(f, id);
    expect(told).toMatchObject({ reason: "daily_budget" });
    expect(told.text).toContain("2030-01-02T00:00:00.000Z");
    await f.world.t.mutation(f.world.lib.setPolicies, { policies: { fleet: { dailyMachineHours: 1 } } });
    await f.pass(20_000);
    await answered(f, id);
  });

  it("is told what the provider refused; a region that exists makes it run", async () => {
    const f = fleet();
    await f.configure({});
    const { t, lib } = f.world;
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: { ...CONFIG, region: "nowhere" } });
    const id = await f.world.send("c1", "hello");
    await f.pass(4_000);
    const told = await explain(f, id);
    expect(told.reason).toBe("launches_paused");
    expect(told.text).toContain("region nowhere not found");
    expect((await t.query(lib.fleetHealth, {})).findings).toContainEqual(
      expect.objectContaining({ severity: "error", code: "provider_failed" }),
    );
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    // Two passes are two seconds apart: one that came meanwhile puts this one off by as much.
    await f.pass((told.nextLookAt ?? 0) - Date.now() + 3_000);
    await answered(f, id);
  });

  it("waits for a lane that nobody serves, and runs when somebody does", async () => {
    const f = fleet();
    await f.configure({});
    const id = await f.world.send("c1", "hello", { tag: "gpu" });
    await f.pass(3_000);
    const told = await explain(f, id);
    expect(told).toMatchObject({ reason: "lane_unserved", lane: "gpu", nextLookAt: null });
    expect(told.text).toContain("No worker lists the lane 'gpu'");
    await f.world.t.mutation(f.world.lib.setPolicies, { policies: { fleet: { lanes: ["default", "gpu"] } } });
    await f.pass(20_000);
    await answered(f, id);
  });

  it("waits while the owner of its conversation drains, and runs after that", async () => {
    const f = fleet();
    await f.configure({ scaling: { idleTimeoutMs: 10_000 } });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    await f.answer(f.workerOf(0));
    await f.pass(30_000);
    const id = await f.world.send("c1", "again");
    const told = await explain(f, id);
    expect(told).toMatchObject({ reason: "owner_draining", workerId: f.workerOf(0) });
    expect(told.text).toContain("(reason: idle)");
    await f.saveAndExit(0);
    await f.pass(30_000);
    await answered(f, id);
  });
});

describe("a message that is not in line", () => {
  it("waits for its due time", async () => {
    const f = fleet();
    await f.configure({});
    const dueAt = Date.now() + 60_000;
    const id = await f.world.send("c1", "later", { scheduledFor: dueAt });
    expect(await explain(f, id)).toMatchObject({ reason: "delayed", nextLookAt: dueAt, dueAt });
    await f.pass(65_000);
    await answered(f, id);
  });

  it("waits for its files", async () => {
    const f = fleet();
    await f.configure({});
    const id = await f.world.send("c1", "look at this");
    const wakeAt = Date.now() + 30_000;
    await f.world.t.run(async (ctx) => {
      const message = await ctx.db.query("messageQueue").first();
      if (!message) return;
      await ctx.db.patch(message._id, { waiting: { until: wakeAt } });
      await ctx.db.patch(message.conversation, { state: "backoff", wakeAt });
      await ctx.scheduler.runAt(wakeAt, internal.queue.wakeConversation, {
        conversation: message.conversation,
      });
    });
    expect(await explain(f, id)).toMatchObject({ reason: "attachments", nextLookAt: wakeAt });
    await f.pass(60_000);
    await answered(f, id);
  });

  it("is dead, and runs after a redrive", async () => {
    const f = fleet();
    await f.configure({});
    const id = await f.world.send("c1", "hello", { maxAttempts: 1 });
    await f.pass(3_000);
    const job = await f.claim(f.workerOf(0));
    if (!job) throw new Error("nothing to claim");
    await f.world.fail(f.workerOf(0), job, "no such chat");
    expect(await explain(f, id)).toMatchObject({
      state: "dead_letter",
      reason: "dead_letter",
      lastError: "no such chat",
    });
    await f.world.t.mutation(f.world.lib.redriveDeadLetter, { messageId: id });
    await answered(f, id);
  });

  it("is unknown", async () => {
    const f = fleet();
    const id = await f.world.send("c1", "hello");
    await f.world.t.run(async (ctx) => {
      const key = ctx.db.normalizeId("messageQueue", id);
      if (key) await ctx.db.delete(key);
    });
    await expect(explain(f, id)).rejects.toThrow("There is no message");
  });
});

describe("workers that somebody else runs", () => {
  it("take it when one is free, and it waits for its turn when none is", async () => {
    const f = fleet();
    await f.world.send("c1", "first");
    const busy = await f.world.mustClaim("laptop");
    const id = await f.world.send("c2", "second");
    expect(await explain(f, id)).toMatchObject({ reason: "in_line" });
    await f.world.complete("laptop", busy);
    expect(await explain(f, id)).toMatchObject({ reason: "worker_polling" });
    await f.world.complete("laptop", await f.world.mustClaim("laptop"));
    expect(await explain(f, id)).toMatchObject({ reason: "answered" });
  });
});
