import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/policies.js";
import {
  came,
  failed,
  handedOut,
  looked,
  obey,
  ordered,
  retirementOrder,
  stepAfter,
  stepDeadline,
  wasTroubled,
  type Life,
  type Report,
  type Servant,
} from "./life.js";
import type { MachineStep, Seen, Steering } from "./types.js";

const STEPS: readonly MachineStep[] = ["launching", "booting", "running", "retiring", "stopped"];
const REPORTS: readonly Report[] = ["made", "called", "dismissed", "gone"];
const { fleet } = defaultPolicies;
const NOW = 1_000_000_000;
const clock = { now: NOW, fleet };
const life = (fields: Partial<Life> = {}): Life => ({ ...ordered(clock), ...fields });
const serving: Servant = { status: "active", bound: true, busy: false };
const failure = { code: "provider_failed", message: "no", retryable: true };

describe("a machine's step", () => {
  it.each<[MachineStep, Record<Report, MachineStep | null>]>([
    ["launching", { made: "booting", called: "running", dismissed: "retiring", gone: "stopped" }],
    ["booting", { made: null, called: "running", dismissed: "retiring", gone: "stopped" }],
    ["running", { made: null, called: null, dismissed: "retiring", gone: "stopped" }],
    ["retiring", { made: null, called: null, dismissed: null, gone: "stopped" }],
    ["stopped", { made: null, called: null, dismissed: null, gone: null }],
  ])("%s, after each report", (step, after) => {
    for (const report of REPORTS) expect(stepAfter(step, report), report).toBe(after[report]);
  });

  it("is the same in whatever order reports come, and however often", () => {
    const orders = REPORTS.flatMap((a) => REPORTS.flatMap((b) => REPORTS.map((c) => [a, b, c])));
    const end = (reports: readonly Report[]) =>
      reports.reduce<MachineStep>((step, report) => stepAfter(step, report) ?? step, "launching");
    for (const order of orders) {
      expect(end([...order].reverse())).toBe(end(order));
      expect(end([...order, ...order])).toBe(end(order));
    }
  });

  it("has a deadline wherever somebody else must act, by default policies within five minutes", () => {
    for (const step of STEPS) {
      const at = stepDeadline(step, { fleet, now: 1_000 });
      if (step === "running" || step === "stopped") expect(at).toBe(0);
      else expect(at - 1_000).toBeLessThanOrEqual(300_000);
    }
  });
});

describe("what comes forgets the trouble before it", () => {
  const troubled = life({ failures: 3, gaveUp: true, problem: { ...failure, at: 1 } });
  const forgotten = { failures: 0, gaveUp: undefined, problem: undefined, launchedAt: NOW };

  it("when the provider has the machine", () => {
    const stepDeadlineAt = NOW + fleet.bootDeadlineMs;
    expect(came(troubled, "made", clock)).toEqual({ ...forgotten, step: "booting", stepDeadlineAt });
    expect(came(life({ step: "running" }), "made", clock)).toBeNull();
  });

  it("when its worker has called, and the machine costs money since it was launched", () => {
    const change = came({ ...troubled, step: "booting", launchedAt: 5 }, "called", clock);
    expect(change).toEqual({
      ...forgotten,
      step: "running",
      stepDeadlineAt: 0,
      launchedAt: 5,
      bootedAt: NOW,
    });
    expect(came(life({ step: "retiring" }), "called", clock)).toBeNull();
  });
});

describe("a launch that failed", () => {
  const pauseMs = 10_000;

  it("is tried again when launches rest no more", () => {
    const { change, againInMs } = failed(life(), failure, { now: NOW, pauseMs });
    expect(againInMs).toBe(pauseMs);
    expect(change).toEqual({
      failures: 1,
      problem: { code: "provider_failed", message: "no", at: NOW },
      stepDeadlineAt: NOW + pauseMs,
    });
  });

  it.each([
    ["can never succeed", { ...failure, retryable: false }],
    ["found no room", { ...failure, kind: "capacity" }],
  ])("is given up at once when it %s, and says so by name", (_name, why) => {
    const { change, againInMs } = failed(life(), why, { now: NOW, pauseMs });
    expect({ change, againInMs }).toMatchObject({
      change: { failures: 1, gaveUp: true, stepDeadlineAt: NOW },
      againInMs: 0,
    });
  });

  it.each<[string, Partial<Life>]>([
    ["was given up", { gaveUp: true, failures: 1 }],
    ["was tried five times without a word", { attempt: 5 }],
    ["failed five times", { failures: 5 }],
  ])("ends its machine's life when it %s", (_name, fields) => {
    const order = obey(
      life({ ...fields, stepDeadlineAt: NOW }),
      serving,
      { kind: "resume", worker: "w" },
      clock,
    );
    expect(order).toStrictEqual({
      kind: "retire",
      dismissed: true,
      change: {
        step: "retiring",
        stop: { reason: "never_launched", at: NOW },
        failures: 0,
        gaveUp: undefined,
      },
    });
  });
});

describe("a retirement", () => {
  it("that somebody else began is no launch that was given up any more", () => {
    const order = obey(
      life({ gaveUp: true, failures: 1, stepDeadlineAt: NOW }),
      { ...serving, status: "stopping" },
      { kind: "resume", worker: "w" },
      clock,
    );
    const stop = { reason: "drained", at: NOW };
    expect(order).toStrictEqual({
      kind: "retire",
      dismissed: false,
      change: { step: "retiring", stop, gaveUp: undefined },
    });
  });

  it("that fails waits longer each time, at most five minutes, and is never given up", () => {
    const waits = [0, 1, 5, 6, 100].map((failures) =>
      failed(
        life({ step: "retiring", failures }),
        { ...failure, retryable: false },
        { now: NOW, pauseMs: 0 },
      ),
    );
    expect(waits.map(({ againInMs }) => againInMs)).toEqual([5_000, 10_000, 160_000, 300_000, 300_000]);
    for (const { change, againInMs } of waits) {
      expect(change.gaveUp).toBeUndefined();
      expect(change.stepDeadlineAt).toBe(NOW + againInMs + 60_000);
    }
  });

  it.each<[Seen, number | null, boolean, "stop" | "wait" | "destroy"]>([
    ["running", null, false, "stop"],
    ["booting", null, true, "stop"],
    ["running", NOW - 1_000, false, "wait"],
    ["stopping", NOW - fleet.stopTimeoutMs, false, "destroy"],
    ["stopping", NOW - 3_999, true, "wait"],
    ["stopping", NOW - 4_000, true, "destroy"],
    ["stopping", null, false, "destroy"],
    ["stopped", NOW, false, "destroy"],
    ["failed", null, false, "destroy"],
    ["unknown", null, false, "destroy"],
  ])("of a machine that is %s, told to stop at %s, saved %s: %s", (seen, askedAt, saved, order) => {
    const facts = { askedAt, saved, stopTimeoutMs: fleet.stopTimeoutMs };
    expect(retirementOrder(seen, facts, NOW)).toBe(order);
  });

  it("looks again after two seconds, and at once when it has learned of a volume", () => {
    const leaving = life({ step: "retiring", failures: 2, stop: { reason: "idle", at: 7 } });
    expect(looked(leaving, { askedToStop: true, learned: false }, clock)).toEqual({
      againInMs: 2_000,
      change: {
        stop: { reason: "idle", at: 7, askedAt: NOW },
        failures: 0,
        stepDeadlineAt: NOW + 2_000 + fleet.stepDeadlineMs,
      },
    });
    expect(looked(leaving, { askedToStop: false, learned: true }, clock)).toMatchObject({ againInMs: 0 });
  });

  it.each([
    [2, 0, false],
    [3, 0, true],
    [2, 1, true],
  ])("of attempt %i with %i failures may have left a volume behind: %s", (attempt, failures, left) => {
    expect(wasTroubled(life({ attempt, failures }))).toBe(left);
  });
});

describe("a drain", () => {
  const drain: Steering = { kind: "drain", reason: "idle", worker: "w" };

  it("lets a worker with memory or work save it", () => {
    const change = { drain: { reason: "idle", at: NOW, deadlineAt: NOW + fleet.drainDeadlineMs } };
    expect(obey(life({ step: "running" }), serving, drain, clock)).toEqual({ kind: "drain", change });
    const busy = { ...serving, bound: false, busy: true };
    expect(obey(life({ step: "running" }), busy, drain, clock)).toEqual({ kind: "drain", change });
  });

  it("takes a worker away at once that has neither", () => {
    const idle = { ...serving, bound: false };
    expect(obey(life({ step: "running" }), idle, drain, clock)).toMatchObject({
      kind: "retire",
      dismissed: true,
      change: { stop: { reason: "drained" }, drain: { reason: "idle" } },
    });
  });

  it.each(["draining", "stopping", "stopped"] as const)("is nothing to a worker that is %s", (status) => {
    expect(obey(life(), { ...serving, status }, drain, clock)).toEqual({ kind: "nothing" });
  });
});

describe("whatever a machine and its worker are, and whatever is commanded", () => {
  const anyLife = fc.record({
    step: fc.constantFrom(...STEPS.filter((step) => step !== "stopped")),
    attempt: fc.integer({ min: 1, max: 9 }),
    failures: fc.integer({ min: 0, max: 9 }),
    gaveUp: fc.constantFrom(undefined, true),
    stepDeadlineAt: fc.constantFrom(0, NOW, NOW + 1),
  });
  const anyServant = fc.option(
    fc.record({
      status: fc.constantFrom("active", "draining", "stopping", "stopped" as const),
      bound: fc.boolean(),
      busy: fc.boolean(),
    }),
  );
  const anyCommand = fc.constantFrom<Steering>(
    { kind: "resume", worker: "w" },
    { kind: "booted", worker: "w" },
    { kind: "release", conversationId: "c", worker: "w" },
    { kind: "drain", reason: "idle", worker: "w" },
    { kind: "stop", reason: "machine_lost", worker: "w" },
  );

  it("no step goes back, every hand-out is numbered and has a deadline, and only who still serves is dismissed", () => {
    fc.assert(
      fc.property(anyLife, anyServant, anyCommand, (any, worker, command) => {
        const order = obey(any, worker, command, clock);
        if (order.kind === "nothing") return;
        const change = "change" in order ? order.change : {};
        const step = change.step ?? any.step;
        expect(STEPS.indexOf(step)).toBeGreaterThanOrEqual(STEPS.indexOf(any.step));
        if (order.kind === "retire" || order.kind === "launch") {
          const handed = handedOut(any, clock, change);
          expect(handed.attempt).toBe(any.attempt + 1);
          expect(handed.stepDeadlineAt).toBe(NOW + fleet.stepDeadlineMs);
        }
        if (order.kind === "launch") expect(any).toMatchObject({ step: "launching", gaveUp: undefined });
        if (order.kind === "retire" && order.dismissed)
          expect(["active", "draining"]).toContain(worker?.status);
      }),
    );
  });

  it("an overdue step of a launch or a retirement is never left alone", () => {
    fc.assert(
      fc.property(anyLife, anyServant, (any, worker) => {
        const isLeaving = worker === null || worker.status === "stopping" || worker.status === "stopped";
        fc.pre(any.step === "launching" || isLeaving);
        const order = obey({ ...any, stepDeadlineAt: NOW }, worker, { kind: "resume", worker: "w" }, clock);
        expect(["launch", "retire"]).toContain(order.kind);
      }),
    );
  });
});
