/** Retention against the arrival of a busy instance: 200 000 messages past their time, small and large, on the local engine. */
import { expect, it } from "vitest";
import { loadComponent } from "../schedules/component.js";
import { runRetention } from "../upkeep/retentionRun.js";

/** One million messages a day. */
const PER_SECOND = 1_000_000 / 86_400;

it("200 000 messages, one in 4 000 of 400 kB, their leases and turns are gone ten times sooner than as many arrive", async () => {
  const outcome = await runRetention(await loadComponent(), { messages: 200_000, largeEvery: 4_000 });
  console.log(JSON.stringify(outcome));
  expect(outcome.left).toEqual({ messageQueue: 0, leases: 0, turns: 0 });
  expect(outcome.perSecond).toBeGreaterThan(10 * PER_SECOND);
  expect(outcome.errors).toBe(0);
});
