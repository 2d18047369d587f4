/** The queue under random schedules. One alone: `SCHEDULE=61 npx vitest run test/schedules`; thousands: `npm run soak`. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadComponent } from "./component.js";
import { RETURNS_FROM } from "./plan.js";
import { runSchedule } from "./schedule.js";
import { Sum } from "./sum.js";

const { SCHEDULE } = z.object({ SCHEDULE: z.coerce.number().int().optional() }).parse(process.env);
const SCHEDULES = 200;
const RETURNS = 20;
/** Counts of schedules of their own. */
const OF_RETURNS = ["returns", "twinsRefused", "changes"];

describe.runIf(SCHEDULE !== undefined)("one random schedule", () => {
  it("keeps every invariant", async () => {
    const { tally, looks } = await runSchedule(await loadComponent(), SCHEDULE ?? 0);
    console.log(JSON.stringify({ ...tally, ...looks }));
  });
});

describe.skipIf(SCHEDULE !== undefined)("200 random schedules", () => {
  it("keep every invariant after every commit, and no wake-up is lost", { timeout: 600_000 }, async () => {
    const component = await loadComponent();
    const [all, unstalled] = [new Sum(), new Sum()];
    for (let seed = 0; seed < SCHEDULES; seed += 1) {
      const outcome = await runSchedule(component, seed);
      all.add(outcome);
      if (outcome.kind !== "stalls") unstalled.add(outcome);
    }
    // Schedules in which nothing goes wrong prove nothing.
    for (const [name, count] of all.counts)
      if (!OF_RETURNS.includes(name)) expect(count, name).toBeGreaterThan(0);
    expect([...unstalled.errors], "no call is retried to the end while nothing hangs").toEqual([]);
  });
});

describe.skipIf(SCHEDULE !== undefined)("20 random schedules of workers that go away and come back", () => {
  it(
    "keep every invariant: no conversation belongs to nobody alive, no message to two processes",
    { timeout: 600_000 },
    async () => {
      const component = await loadComponent();
      const sum = new Sum();
      for (let seed = RETURNS_FROM; seed < RETURNS_FROM + RETURNS; seed += 1)
        sum.add(await runSchedule(component, seed));
      for (const name of ["returns", "changes", "twinsRefused", "expiries", "repeats", "zombies"])
        expect(sum.counts.get(name), name).toBeGreaterThan(0);
    },
  );
});
