/** What is called a ceiling is one, and no number of others hides who waits. */
import { describe, expect, it } from "vitest";
import { internal } from "../../src/component/_generated/api.js";
import { useFleet, type FleetWorld } from "./fleetWorld.js";

const fleet = useFleet();
const HOUR = 3_600_000;
const usedHours = (f: FleetWorld) =>
  f.fly
    .machines()
    .reduce((sum, { createdAt, destroyedAt }) => sum + ((destroyedAt ?? Date.now()) - createdAt), 0) / HOUR;

describe("the day's machine hours", () => {
  it("end in drains, those at rest first, and nothing is launched before the next day", async () => {
    const f = fleet();
    f.patienceMs = 15;
    await f.configure({
      scaling: { maxWorkers: 2, spawnStep: 2, idleTimeoutMs: HOUR },
      fleet: { dailyMachineHours: 0.2 },
    });
    await f.world.send("c1", "hello");
    await f.world.send("c2", "hello");
    await f.live(() => Promise.resolve(f.running().length === 2), 60_000);
    await f.live(() => Promise.resolve(f.fly.counts().machinesNow === 0), HOUR, 5_000);
    expect((await f.machines()).map(({ drain }) => drain?.reason)).toEqual(["budget", "budget"]);
    expect(usedHours(f)).toBeGreaterThan(0.2);
    expect(usedHours(f)).toBeLessThan(0.25);
    const messageId = await f.world.send("c1", "again");
    await f.pass(120_000, 5_000);
    const explained = await f.world.t.query(f.world.lib.explainMessage, { messageId });
    expect(explained.reason).toBe("daily_budget");
    const { findings } = await f.world.t.query(f.world.lib.fleetHealth, {});
    expect(findings.find(({ code }) => code === "blocked_budget")?.text).toContain("1 conversation(s) wait");
    expect(f.fly.counts().machinesNow).toBe(0);
  });
});

describe("lanes that nobody serves", () => {
  it("hide neither the fleet's lane, whatever it is called, nor each other", async () => {
    const f = fleet();
    f.patienceMs = 15;
    await f.configure({ fleet: { lanes: ["zz"] } });
    for (let n = 0; n < 40; n += 1)
      await f.world.send(`c${n}`, "hello", { tag: `lane-${String(n).padStart(2, "0")}` });
    const seen = new Set<string>();
    for (let looks = 0; looks < 8; looks += 1) {
      await f.pass(5_000, 1_000);
      const lines = await f.world.t.run((ctx) => ctx.db.query("lines").collect());
      for (const { lanes } of lines) for (const { lane } of lanes) seen.add(lane);
    }
    expect(seen.size).toBe(40);
    const health = async () =>
      (await f.world.t.query(f.world.lib.fleetHealth, {})).findings.map(({ code }) => code);
    expect((await health()).filter((code) => code === "lane_unserved")).toHaveLength(32);
    expect(await health()).toContain("lanes_not_all_seen");
    await f.world.send("mine", "hello", { tag: "zz" });
    await f.live(() => Promise.resolve(f.running().length > 0), 60_000);
  });
});

describe("a workspace at its cap", () => {
  it("hides no other one behind it, in the same lane or in another lane of the fleet", async () => {
    const f = fleet();
    f.patienceMs = 15;
    const { world } = f;
    await world.agent("theirs", { workspace: "zulu" });
    await f.configure({
      scaling: { maxWorkers: 4, spawnStep: 1, idleTimeoutMs: HOUR },
      fleet: { lanes: ["default", "other"], maxWorkersPerWorkspace: 1 },
    });
    for (let n = 0; n < 12; n += 1) await world.send(`c${n}`, "hello");
    await f.pass(10_000, 1_000);
    expect(f.running()).toHaveLength(1);
    await world.send("z", "hello", { agentKey: "theirs" });
    // As it stands while the order of the lane is not up to date: at the very end.
    await world.t.run(async (ctx) => {
      const rows = await ctx.db.query("conversations").collect();
      for (const row of rows) if (row.conversationId === "z") await ctx.db.patch(row._id, { rank: 1_000 });
    });
    expect((await observed(world)).waiting.map(({ conversationId }) => conversationId)).toContain("z");
    await world.send("o", "hello", { agentKey: "theirs", tag: "other" });
    expect(
      (await observed(world)).waiting
        .slice(0, 2)
        .map(({ lane }) => lane)
        .sort(),
    ).toEqual(["default", "other"]);
    await f.pass(10_000, 1_000);
    expect(f.running()).toHaveLength(2);
  });
});

async function observed(world: FleetWorld["world"]) {
  const { view } = await world.t.query(internal.fleet.observe, {
    now: Date.now(),
    workspace: null,
    random: 0.5,
    listedAt: 0,
  });
  return view;
}
