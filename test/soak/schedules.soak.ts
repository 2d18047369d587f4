/** Every IANA zone, every transition of five years, every kind of slot, every half hour and the last minute of each hour. */
import { expect, it } from "vitest";
import { nextRun } from "../../src/policy/pushing/schedule.js";
import { compareZone } from "../schedules/oracle.js";

const TIMES = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0")).flatMap((hour) => [
  `${hour}:00`,
  `${hour}:30`,
  `${hour}:59`,
]);

it("agrees with the oracle in every zone", () => {
  let compared = 0;
  const differing: string[] = [];
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    const result = compareZone(zone, { from: 2026, to: 2031 }, TIMES, nextRun);
    compared += result.compared;
    differing.push(...result.differing);
  }
  console.log(`${compared} runs compared`);
  expect(differing).toEqual([]);
  expect(compared).toBeGreaterThan(1_000_000);
});
