/** Each rule of the schedules has a fault that breaks it: planted in the source, found by a schedule that is known. */
import { describe, expect, it } from "vitest";
import { MUTANTS } from "./mutants/index.js";
import { search } from "./search.js";

/** Schedules tried beyond the one that is known, should chance have changed: with each of five kinds of life. */
const MOST = 11;

describe("the schedules find a planted fault", () => {
  for (const mutant of MUTANTS)
    it(mutant.name, { timeout: 600_000 }, async () => {
      const found = await search(mutant, mutant.from, MOST);
      expect(found?.message).toMatch(mutant.rule);
    });
});
