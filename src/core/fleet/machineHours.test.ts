import { describe, expect, it, vi } from "vitest";
import { START, useWorld } from "../../../test/component/world.js";
import { internal } from "../../component/_generated/api.js";
import { meterEnded, usedOn } from "./machineHours.js";

const world = useWorld();
const HOUR = 3_600_000;
const DAY = "2030-01-01";

const rows = () => world.t.run((ctx) => ctx.db.query("machineHours").collect());
const hours = (day: string) => world.t.run(async (ctx) => (await usedOn(ctx, day, [], Date.now())) / HOUR);
const sweep = () => world.t.mutation(internal.upkeep.sweep, { name: "machineHours" });

describe("the meter", () => {
  it("shows the same sums before, between and after the sweeps that add them up", async () => {
    vi.setSystemTime(START + 20 * HOUR);
    const end = (launchedAt: number) => world.t.run((ctx) => meterEnded(ctx, launchedAt, Date.now()));
    await end(START + 10 * HOUR);
    await end(START + 18 * HOUR);
    // From the day before: 3 hours there, 20 on this day.
    await end(START - 3 * HOUR);
    expect([await hours(DAY), await hours("2029-12-31")]).toEqual([32, 3]);
    // What has just ended is left alone.
    expect(await sweep()).toBe(0);
    vi.setSystemTime(START + 20 * HOUR + 120_000);
    expect(await sweep()).toBe(4);
    expect(await rows()).toHaveLength(2);
    await end(START + 20 * HOUR);
    expect(await hours(DAY)).toBeCloseTo(32 + 1 / 30, 6);
    vi.setSystemTime(START + 21 * HOUR);
    expect(await sweep()).toBe(1);
    expect(await rows()).toHaveLength(2);
    expect(await hours(DAY)).toBeCloseTo(32 + 1 / 30, 6);
    expect(await hours("2029-12-31")).toBe(3);
  });
});
