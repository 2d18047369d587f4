/** The fleet under random schedules. One alone: `FLEET_SCHEDULE=61 npx vitest run test/fleetSchedules`; thousands: `npm run soak`. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { FLEET_MODULES, loadComponent } from "../schedules/component.js";
import { TROUBLES } from "./plan.js";
import { runFleetSchedule } from "./schedule.js";

const { FLEET_SCHEDULE, FLEET_WITHOUT, FLEET_FROM, FLEET_COUNT } = z
  .object({
    FLEET_SCHEDULE: z.coerce.number().int().optional(),
    FLEET_WITHOUT: z.string().default(""),
    FLEET_FROM: z.coerce.number().int().default(0),
    FLEET_COUNT: z.coerce.number().int().default(100),
  })
  .parse(process.env);
const without = TROUBLES.filter((trouble) => FLEET_WITHOUT.split(",").includes(trouble));

describe.runIf(FLEET_SCHEDULE !== undefined)("one random schedule", () => {
  it("keeps every invariant", { timeout: 600_000 }, async () => {
    const outcome = await runFleetSchedule(await loadComponent([], FLEET_MODULES), FLEET_SCHEDULE ?? 0, without);
    console.log(JSON.stringify(outcome));
  });
});

describe.skipIf(FLEET_SCHEDULE !== undefined)("random schedules", () => {
  it("keep every invariant", { timeout: 600_000 }, async () => {
    const component = await loadComponent([], FLEET_MODULES);
    const failures: string[] = [];
    for (let seed = FLEET_FROM; seed < FLEET_FROM + FLEET_COUNT; seed += 1) {
      const at = performance.now();
      try {
        const { tally } = await runFleetSchedule(component, seed, without);
        console.log(seed, Math.round(performance.now() - at), JSON.stringify(tally));
      } catch (error) {
        const first = String(error).split("\n")[0];
        console.log(seed, Math.round(performance.now() - at), first, (error as Error).cause ?? "");
        failures.push(first ?? "");
      }
    }
    expect(failures).toEqual([]);
  });
});
