import { describe, expect, it } from "vitest";
import { machineWait, type MachineFactsForView } from "./machine.js";

const serving: MachineFactsForView = {
  step: "running",
  workerStatus: "active",
  createdAt: 1,
  launchedAt: 2,
  bootedAt: 3,
  stepDeadlineAt: 100,
  busy: false,
  conversationId: "c1",
  conversationHasWork: false,
};
const drain = { reason: "idle", at: 4, deadlineAt: 200 };
const stop = { reason: "drained", at: 5 };

describe("what a machine waits for", () => {
  it.each<[Partial<MachineFactsForView>, number, string, number | null]>([
    [{ step: "launching" }, 1, "the provider to make its volume and machine", 100],
    [{ step: "launching", problem: { message: "no room" } }, 1, "(last try: no room)", 100],
    [{ step: "booting" }, 2, "the first call of its worker", 100],
    [{}, 3, "further messages of its conversation", null],
    [{ conversationId: null }, 3, "work", null],
    [{ conversationHasWork: true }, 3, "take the next message", null],
    [{ busy: true }, 3, "the answer to the message it works on", null],
    [{ workerStatus: "draining", drain }, 4, "(drained because: idle)", 200],
    [{ step: "retiring", stop }, 5, "the order to stop (stopped because: drained)", 100],
    [{ step: "retiring", stop: { ...stop, askedAt: 6 } }, 5, "the provider to confirm", 100],
    [{ step: "stopped", stop }, 5, "it is gone", null],
  ])("%j", (change, since, waitsFor, deadlineAt) => {
    const told = machineWait({ ...serving, ...change });
    expect(told).toMatchObject({ since, deadlineAt });
    expect(told.waitsFor).toContain(waitsFor);
  });
});
