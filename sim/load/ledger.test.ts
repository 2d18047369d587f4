import { expect, it } from "vitest";
import { planTraffic } from "../demo/traffic.js";
import { Ledger, percentile } from "./ledger.js";

const [a1, b1, a2] = planTraffic(3, 2).first;
if (!a1 || !b1 || !a2) throw new Error("three messages were planned");

/** Everything enqueued at 0. */
function ledger(): Ledger {
  const made = new Ledger([a1!, b1!, a2!]);
  for (const message of [a1!, b1!, a2!]) made.enqueued(message, 0);
  return made;
}

it("a load in order, each answered once, is whole", () => {
  const made = ledger();
  for (const [place, message] of [a1, b1, a2].entries()) {
    made.claimed(message, 10 * (place + 1));
    made.ends(message);
    made.answered(message, 100);
  }
  expect(made.outcome()).toEqual({ answered: 3, lost: 0, duplicated: 0, outOfOrder: 0 });
  expect(made.isComplete).toBe(true);
  expect(made.waits()).toEqual([10, 20, 30]);
});

it("the next of a conversation may be claimed once the end of the one before is on its way, and not earlier", () => {
  const early = ledger();
  early.claimed(a1, 1);
  early.claimed(a2, 2);
  expect(early.outcome().outOfOrder).toBe(1);
  const right = ledger();
  right.claimed(a1, 1);
  right.ends(a1);
  right.claimed(a2, 2);
  expect(right.outcome().outOfOrder).toBe(0);
});

it("counts what was lost, answered twice, and answered although nobody asked", () => {
  const made = ledger();
  made.answered(a1, 1);
  made.answered(a1, 2);
  made.answered({ conversation: 9, sequence: 1 }, 3);
  expect(made.outcome()).toEqual({ answered: 1, lost: 2, duplicated: 2, outOfOrder: 0 });
  expect(made.isComplete).toBe(false);
});

it("an attempt that was lost and repeated waits until its first claim only", () => {
  const made = ledger();
  made.claimed(a1, 5);
  made.claimed(a1, 50);
  expect(made.waits()).toEqual([5]);
  expect(percentile([], 0.5)).toBeNull();
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
  expect(percentile([1, 2, 3, 4], 0.99)).toBe(4);
});
