import { expect, it } from "vitest";
import { loadComponent } from "../schedules/component.js";
import { runRetention } from "./retentionRun.js";

it("works off small and large messages, their leases and turns, by itself and within what may be written", async () => {
  const outcome = await runRetention(await loadComponent(), { messages: 2_000, largeEvery: 500 });
  expect(outcome).toMatchObject({ left: { messageQueue: 0, leases: 0, turns: 0 }, errors: 0, large: 4 });
  // Twice a million messages a day, on a busy machine.
  expect(outcome.perSecond).toBeGreaterThan(23);
}, 120_000);
