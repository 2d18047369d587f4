import { describe, expect, it } from "vitest";
import { internal } from "../../component/_generated/api.js";
import { CONFIG, useFleet, type FleetWorld } from "../../../test/fleet/fleetWorld.js";

const fleet = useFleet();
const overview = (f: FleetWorld) => f.world.t.query(f.world.lib.fleetOverview, {});
const health = async (f: FleetWorld) => (await f.world.t.query(f.world.lib.fleetHealth, {})).findings;
const codes = async (f: FleetWorld) => (await health(f)).map(({ code }) => code);
const report = (f: FleetWorld) => f.world.t.query(f.world.lib.orphanReport, {});
const HOUR_MS = 3_600_000;

describe("the fleet's overview", () => {
  it("follows a machine from its order to its end", async () => {
    const f = fleet();
    await f.configure({ scaling: { idleTimeoutMs: 60_000 } });
    expect(await overview(f)).toMatchObject({ machines: [], asOf: null, machineHoursToday: 0 });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    expect((await overview(f)).machines).toMatchObject([
      {
        step: "booting",
        workerStatus: "active",
        madeFor: "c1",
        conversationId: "c1",
        region: "iad",
        image: CONFIG.image,
        machineId: f.fly.machines()[0]?.id,
        waitsFor: "the first call of its worker",
      },
    ]);
    const job = await f.claim(f.workerOf(0));
    await f.pass(20_000);
    expect((await overview(f)).machines).toMatchObject([
      { step: "running", busy: true, waitsFor: "the answer to the message it works on", deadlineAt: null },
    ]);
    if (job) await f.world.complete(f.workerOf(0), job);
    await f.pass(70_000);
    const draining = await overview(f);
    expect(draining.machines).toMatchObject([
      { workerStatus: "draining", waitsFor: "its worker to save and leave (drained because: idle)" },
    ]);
    expect(draining.machines[0]?.deadlineAt).toBeGreaterThan(Date.now());
    const spent = ((draining.asOf ?? 0) - (draining.machines[0]?.createdAt ?? 0)) / HOUR_MS;
    expect(draining.machines[0]?.machineHours).toBeCloseTo(spent, 3);
    expect(draining.machineHoursToday).toBeCloseTo(spent, 3);
    await f.saveAndExit(0);
    await f.pass(30_000);
    const end = await overview(f);
    expect(end.machines).toEqual([]);
    expect(end.machineHoursToday).toBeGreaterThan(draining.machineHoursToday);
  });

  it("names conversations without a machine and volumes with unsaved memory", async () => {
    const f = fleet();
    await f.configure({ scaling: { maxWorkers: 1 } });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    await f.world.send("c2", "hello");
    await f.pass(20_000);
    expect(await overview(f)).toMatchObject({
      blocked: [{ conversationId: "c2", reason: "worker_cap" }],
      limits: { maxWorkers: 1 },
    });
    expect(await codes(f)).toContain("blocked_worker_cap");
    await f.answer(f.workerOf(0));
    f.launcher.started[0]?.exit({ exitCode: 137 });
    await f.pass(90_000);
    expect((await overview(f)).quarantined).toMatchObject([
      { conversationId: "c1", appName: CONFIG.appName },
    ]);
    expect(await codes(f)).toEqual(expect.arrayContaining(["machine_machine_lost", "volumes_quarantined"]));
  });
});

describe("the fleet's health", () => {
  it("names what is missing, in readiness too, until it is there", async () => {
    const f = fleet();
    const { t, lib } = f.world;
    expect(await codes(f)).toContain("provider_config_absent");
    await t.mutation(lib.setProviderRuntimeConfig, { providerConfig: { ...CONFIG, region: " " } });
    expect(await health(f)).toMatchObject([
      { severity: "error", code: "provider_config_missing" },
      {
        severity: "error",
        code: "fly_token_missing",
        text: "Missing Fly API token. Import an active 'fly.apiToken' secret or pass flyApiToken explicitly.",
      },
      { severity: "error", code: "convex_url_missing" },
      { severity: "info" },
    ]);
    const readiness = await t.query(lib.getProviderOperationalReadiness, {});
    expect(readiness.issues).toEqual(
      expect.arrayContaining(["provider_config_missing", "fly_token_missing", "convex_url_missing"]),
    );
    expect(readiness.details?.[2]?.message).toBe(
      "Missing Convex URL. Import an active 'convex.url' secret or pass convexUrl explicitly.",
    );
    await f.configure({});
    expect(await t.query(lib.getProviderOperationalReadiness, {})).toMatchObject({
      issues: ["missing_message_runtime_config"],
    });
    expect(await t.query(lib.fleetHealth, {})).toMatchObject({ healthy: false });
    expect(await codes(f)).toEqual(["master_key_generated"]);
  });

  it("names a provider that is not supported", async () => {
    const f = fleet();
    await f.configure({});
    const providerConfig = { ...CONFIG, kind: "ecs" as const };
    await f.world.t.mutation(f.world.lib.setProviderRuntimeConfig, { providerConfig });
    const id = await f.world.send("c1", "hello");
    await f.pass(3_000);
    expect(await health(f)).toContainEqual(
      expect.objectContaining({ code: "provider_unsupported", text: "Unsupported provider 'ecs'" }),
    );
    expect(await f.world.t.query(f.world.lib.explainMessage, { messageId: id })).toMatchObject({
      reason: "provider_unsupported",
    });
  });

  it("names an image that dies at boot, and says so to the message that waits for it", async () => {
    const f = fleet();
    await f.configure({});
    f.fly.setCloudFaults([{ kind: "dieAtBoot" }]);
    const id = await f.world.send("c1", "hello");
    await f.pass(60_000);
    expect(await health(f)).toContainEqual(
      expect.objectContaining({ severity: "warning", code: "machine_died_at_boot" }),
    );
    let told = await f.world.t.query(f.world.lib.explainMessage, { messageId: id });
    for (let n = 0; n < 40 && told.reason !== "booting"; n += 1) {
      await f.pass(1_000);
      told = await f.world.t.query(f.world.lib.explainMessage, { messageId: id });
    }
    expect(told.text).toContain("ended without serving");
    expect(told.fix).toContain("log");
  });

  it("names lanes that nobody serves", async () => {
    const f = fleet();
    await f.configure({});
    await f.world.send("c1", "hello", { tag: "gpu" });
    expect(await health(f)).toContainEqual(
      expect.objectContaining({ severity: "error", code: "lane_unserved" }),
    );
  });
});

describe("orphans", () => {
  /** A machine of ours whose row is gone, and its volume. */
  async function orphaned(f: FleetWorld): Promise<void> {
    await f.configure({ scaling: { reconcileIntervalMs: 600_000 }, fleet: { orphanGraceMs: 30_000 } });
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    await f.world.t.run(async (ctx) => {
      for (const row of await ctx.db.query("machines").collect())
        await ctx.db.patch(row._id, { live: false, step: "stopped", stoppedAt: Date.now() });
      for (const row of await ctx.db.query("conversations").collect())
        await ctx.db.patch(row._id, { state: "idle" });
    });
  }

  it("are reported after one listing and collected after a second one confirmed them", async () => {
    const f = fleet();
    await orphaned(f);
    expect((await report(f)).orphans).toEqual([]);
    const { t, lib } = f.world;
    expect(await t.mutation(lib.collectOrphans, {})).toEqual({ dryRun: false, collecting: [], skipped: [] });
    await f.pass(3_000);
    const first = await report(f);
    expect(first.orphans.map(({ kind }) => kind).sort()).toEqual(["machine", "volume"]);
    expect(first.orphans[0]).toMatchObject({ listings: 1, confirmed: false });
    expect(first.orphans[0]?.collectAfter).toBe((first.orphans[0]?.firstSeenAt ?? 0) + 30_000);
    const asked = await t.mutation(lib.collectOrphans, {});
    expect(asked.collecting).toEqual([]);
    expect(asked.skipped).toHaveLength(2);
    await f.pass(2_000);
    expect(f.fly.counts()).toMatchObject({ machinesNow: 1, volumesNow: 1 });
    expect(await codes(f)).toContain("orphans_found");

    await f.pass(35_000);
    await t.mutation(lib.collectOrphans, {});
    await f.pass(10_000);
    expect(f.fly.counts().machinesNow).toBe(0);
    await t.mutation(lib.collectOrphans, {});
    await f.pass(10_000);
    expect(f.fly.counts().volumesNow).toBe(0);
    await t.mutation(lib.collectOrphans, {});
    await f.pass(5_000);
    expect((await report(f)).orphans).toEqual([]);
  });

  it("are left alone by a dry run", async () => {
    const f = fleet();
    await orphaned(f);
    const { t, lib } = f.world;
    const before = f.fly.counts().providerCalls;
    expect(await t.mutation(lib.collectOrphans, { dryRun: true })).toMatchObject({ dryRun: true });
    await f.pass(5_000);
    expect(f.fly.counts().providerCalls).toBe(before);
  });

  it("that were confirmed are collected on order, with no further listing", async () => {
    const f = fleet();
    await orphaned(f);
    const machineId = f.fly.machines()[0]?.id ?? "";
    const orphan = await f.world.t.run((ctx) =>
      ctx.db.insert("orphans", {
        kind: "machine",
        providerId: machineId,
        name: f.workerOf(0),
        firstSeenAt: Date.now() - 40_000,
        lastSeenAt: Date.now(),
        listings: 2,
      }),
    );
    const { t, lib } = f.world;
    expect(await t.mutation(lib.collectOrphans, { dryRun: true })).toMatchObject({
      collecting: [{ orphanId: orphan, confirmed: true }],
    });
    await f.pass(1_000);
    expect(f.fly.counts().machinesNow).toBe(1);
    await t.mutation(lib.collectOrphans, {});
    await f.pass(5_000);
    expect(f.fly.counts().machinesNow).toBe(0);
    expect(await t.query(internal.fleet.orphanTarget, { orphan })).toBeNull();
  });
});
