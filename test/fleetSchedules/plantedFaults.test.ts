/** The fleet's schedules find what they are for; a file of its own, so that it runs beside the schedules. */
import { describe, expect, it } from "vitest";
import { FLEET_MUTANTS } from "./mutants.js";
import { loadFleet, searchFleet } from "./search.js";

/** Schedules tried for a fault beyond the one that is known to find it, should that have changed. */
const MOST = 150;

describe.skipIf(process.env.FLEET_SCHEDULE !== undefined)(
  "the schedules of the fleet find a planted fault",
  () => {
    for (const { name, from, rule, replacements } of FLEET_MUTANTS)
      it(name, { timeout: 900_000 }, async () => {
        const found = await searchFleet(await loadFleet(replacements), from, MOST);
        expect(found?.message).toMatch(rule);
      });
  },
);
