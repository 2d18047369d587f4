import { expect, it } from "vitest";
import { measureWorker } from "./measure.js";

// The stated bounds (2 s, 150 MB) are checked by `npm run measure:worker`; beside a whole test run the time is only a guard.
it("a worker asks for its first message soon and stays small", async () => {
  const { firstClaimMs, residentMb } = await measureWorker(500, new AbortController().signal);
  expect(firstClaimMs).toBeLessThan(10_000);
  expect(residentMb).toBeGreaterThan(20);
  expect(residentMb).toBeLessThan(180);
}, 60_000);
