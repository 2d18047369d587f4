import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/policies.js";
import { isDoubtful } from "./doubt.js";
import { lifecycleCommand } from "./lifecycle.js";
import type { FleetView, MachineView, Seen } from "./types.js";

const NOW = 1_000_000_000;
const { fleet, scaling, lease } = defaultPolicies;
const view: FleetView = {
  now: NOW,
  image: "img:1",
  fleet,
  scaling,
  lease,
  machines: [],
  waiting: [],
  freeElsewhere: [],
  orphans: 0,
  unsettled: 0,
  usedTodayMs: 0,
  launchesPausedUntil: 0,
};
const healthy: MachineView = {
  worker: "w",
  appName: "workers",
  machineId: "m",
  step: "running",
  status: "active",
  workspace: null,
  stateful: true,
  heedsRequests: true,
  bound: null,
  busy: false,
  seenAt: NOW - 1_000,
  lastWorkAt: NOW - 1_000,
  notedUseAt: 0,
  image: "img:1",
  createdAt: NOW - 60_000,
  stepDeadlineAt: 0,
  drainDeadlineAt: null,
  drainReason: null,
  leavingSince: null,
  seen: "running",
  missed: 0,
};
const SEEN: readonly Seen[] = [
  "booting",
  "running",
  "stopping",
  "stopped",
  "failed",
  "gone",
  "unknown",
  "missing",
  "unlisted",
];
const owned = { conversationId: "c", workspace: "default", boundAt: 0, hasWork: true, owned: true };

describe("whatever the facts, a machine", () => {
  /** Every step with every status of its worker and everything that the provider may say; all deadlines are over. */
  const late = fc.record({
    step: fc.constantFrom("launching", "booting", "running", "retiring" as const),
    status: fc.constantFrom("active", "draining", "stopping", "stopped" as const),
    seen: fc.constantFrom(...SEEN),
    missed: fc.integer({ min: 0, max: 9 }),
    busy: fc.boolean(),
    bound: fc.constantFrom(null, owned),
    machineId: fc.constantFrom(null, "m"),
  });

  it("is moved on once its deadline is over and its worker is silent", () => {
    fc.assert(
      fc.property(late, (fields) => {
        const machine = { ...healthy, ...fields, seenAt: 0, createdAt: 0, drainDeadlineAt: NOW };
        expect(lifecycleCommand(machine, view)).not.toBeNull();
      }),
    );
  });

  it("is never stopped as lost while its worker calls and the provider merely does not show or know it", () => {
    fc.assert(
      fc.property(late, fc.constantFrom("missing", "unlisted", "unknown" as const), (fields, seen) => {
        const machine = { ...healthy, ...fields, seen, drainDeadlineAt: NOW + 1, seenAt: NOW - 30_000 };
        const command = lifecycleCommand(machine, view);
        if (command?.kind === "stop") expect(command.reason).toBe("drained");
      }),
    );
  });

  it("that never rests is drained an hour after its age is over, before its credential ends", () => {
    const at = (ageMs: number) =>
      lifecycleCommand({ ...healthy, busy: true, createdAt: NOW - fleet.maxMachineAgeMs - ageMs }, view);
    expect(at(3_599_999)).toBeNull();
    expect(at(3_600_000)).toEqual({ kind: "drain", worker: "w", reason: "max_age" });
  });
});

describe("the provider is asked for the machine itself", () => {
  const silent = { seenAt: NOW - lease.staleAfterMs };
  it.each<[string, Partial<MachineView>, Seen | null, boolean]>([
    ["not listed, silent", silent, null, true],
    ["not listed, heard", {}, null, false],
    ["not listed, never heard, booting", { step: "booting", seenAt: 0 }, null, true],
    ["listed as stopped, heard", {}, "stopped", true],
    ["listed as stopped, silent", silent, "stopped", false],
    ["listed as running, silent", silent, "running", false],
    ["not listed, being launched", { step: "launching", seenAt: 0 }, null, false],
    ["not listed, on its way out", { ...silent, status: "stopping" }, null, false],
    ["not listed, without an id", { ...silent, machineId: null }, null, false],
  ])("when it is %s", (_name, fields, listed, asked) => {
    expect(isDoubtful({ ...healthy, ...fields }, listed, view)).toBe(asked);
  });
});
