import { expect, it } from "vitest";
import { defaultPolicies } from "../../contract/defaultPolicies.js";
import { LEAST_STALE_AFTER_MS, policyFaults } from "./overrides.js";

const faults = (lease: Partial<typeof defaultPolicies.lease>): string[] =>
  policyFaults({ ...defaultPolicies, lease: { ...defaultPolicies.lease, ...lease } });

it("a worker counts as lost only after its longest wait between two polls, and the refusal says why", () => {
  expect(LEAST_STALE_AFTER_MS).toBe(75_000);
  expect(faults({ staleAfterMs: 15_000 })).toEqual([
    "lease.staleAfterMs is 15000, but must be at least 75000: an idle worker may ask only every 72000 ms, a busy one is heard with its lease (60000 ms), and who counts as lost is not woken",
  ]);
  expect(faults({ staleAfterMs: 75_000 })).toEqual([]);
  expect(faults({ leaseMs: 300_000, staleAfterMs: 299_999 })[0]).toContain("must be at least 300000");
  expect(faults({ staleAfterMs: Number.NaN })).toHaveLength(2);
  expect(faults({})).toEqual([]);
});

it("what counts something is a whole number, and no message is forgotten before its idempotency key", () => {
  const { queue, retry, snapshots, fleet } = defaultPolicies;
  expect(
    policyFaults({
      ...defaultPolicies,
      queue: { ...queue, deadLetterRetentionMs: 1_000 },
      snapshots: { ...snapshots, keep: 1.5 },
      retry: { ...retry, backoffFactor: 1.5, jitterRatio: 0.25 },
      fleet: { ...fleet, dailyMachineHours: 0.5 },
    }),
  ).toEqual([
    "queue.deadLetterRetentionMs is 1000, but must be between 259200000 and 316224000000",
    "snapshots.keep is 1.5, but must be a whole number",
  ]);
});
