/** The fleet under random schedules; `README.md` says how to run one alone. Thousands: `npm run soak`. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TROUBLES } from "./plan.js";
import { runFleetSchedule } from "./schedule.js";
import { loadFleet } from "./search.js";
import { runMany } from "./many.js";

const { FLEET_SCHEDULE, FLEET_WITHOUT } = z
  .object({ FLEET_SCHEDULE: z.coerce.number().int().optional(), FLEET_WITHOUT: z.string().default("") })
  .parse(process.env);
const SCHEDULES = 100;

describe.runIf(FLEET_SCHEDULE !== undefined)("one random schedule of the fleet", () => {
  it("keeps every invariant", { timeout: 600_000 }, async () => {
    const without = TROUBLES.filter((trouble) => FLEET_WITHOUT.split(",").includes(trouble));
    const { tally, commits } = await runFleetSchedule(await loadFleet(), FLEET_SCHEDULE ?? 0, without);
    console.log(JSON.stringify({ ...tally, commits }));
  });
});

describe.skipIf(FLEET_SCHEDULE !== undefined)("100 random schedules of the fleet", () => {
  it("keep every invariant, and every kind of trouble comes up", { timeout: 900_000 }, async () => {
    const { counts, finding } = await runMany(await loadFleet(), 0, SCHEDULES);
    expect(finding).toBeNull();
    // Schedules in which nothing goes wrong prove nothing; a message hardly ever fails five times.
    counts.delete("redrives");
    for (const [name, count] of counts) expect(count, name).toBeGreaterThan(0);
  });
});
