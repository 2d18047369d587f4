/** Thousands of random schedules of the fleet, and each planted fault is found. */
import { expect, it } from "vitest";
import { runMany } from "../fleetSchedules/many.js";
import { FLEET_MUTANTS } from "../fleetSchedules/mutants.js";
import { RARE_FLEET_MUTANTS } from "../fleetSchedules/rareMutants.js";
import { loadFleet, searchFleet } from "../fleetSchedules/search.js";

const SCHEDULES = 2_000;
const MOST = 300;

it("2 000 random schedules of the fleet keep every invariant", async () => {
  const { counts, finding } = await runMany(await loadFleet(), 0, SCHEDULES);
  console.log(JSON.stringify(Object.fromEntries(counts)));
  expect(finding).toBeNull();
});

it("every fault planted in the fleet is found", async () => {
  const missed: string[] = [];
  for (const { name, from, replacements, rule } of [...FLEET_MUTANTS, ...RARE_FLEET_MUTANTS]) {
    const found = await searchFleet(await loadFleet(replacements), from, MOST);
    if (found) console.log(`${name}: found by seed ${found.seed}`);
    if (!found || !rule.test(found.message)) missed.push(`${name}: ${found?.message.split("\n")[0] ?? "-"}`);
  }
  expect(missed).toEqual([]);
});
