import fc from "../../../test/property.js";
import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/policies.js";
import { planFleet } from "./plan.js";
import type { FleetView, MachineView, WaitingView } from "./types.js";

const NOW = 1_000_000_000;
const MINUTE = 60_000;
/** A sign of life that just does not count any more. */
const SILENT = NOW - defaultPolicies.lease.staleAfterMs;

const machine = (worker: string, fields: Partial<MachineView> = {}): MachineView => ({
  worker,
  appName: "workers",
  machineId: `id-${worker}`,
  step: "running",
  status: "active",
  workspace: null,
  stateful: true,
  heedsRequests: true,
  bound: null,
  busy: false,
  seenAt: NOW - 1_000,
  lastWorkAt: NOW - MINUTE,
  notedUseAt: 0,
  image: "img:1",
  createdAt: NOW - 5 * MINUTE,
  stepDeadlineAt: 0,
  drainDeadlineAt: null,
  drainReason: null,
  leavingSince: null,
  seen: "running",
  missed: 0,
  ...fields,
});
const boundTo = (conversationId: string, fields: Partial<NonNullable<MachineView["bound"]>> = {}) => ({
  conversationId,
  workspace: "default",
  boundAt: NOW - 5 * MINUTE,
  hasWork: false,
  owned: true,
  ...fields,
});
const waiting = (conversationId: string, fields: Partial<WaitingView> = {}): WaitingView => ({
  id: conversationId,
  conversationId,
  workspace: "default",
  lane: "default",
  readyAt: NOW - 1_000,
  ...fields,
});
const view = (fields: Partial<FleetView> = {}): FleetView => ({
  now: NOW,
  image: "img:1",
  fleet: defaultPolicies.fleet,
  scaling: { ...defaultPolicies.scaling, maxWorkers: 3, spawnStep: 2 },
  lease: defaultPolicies.lease,
  machines: [],
  waiting: [],
  freeElsewhere: [],
  orphans: 0,
  unsettled: 0,
  usedTodayMs: 0,
  launchesPausedUntil: 0,
  ...fields,
});
const kinds = (fields: Partial<FleetView>) =>
  planFleet(view(fields)).commands.map((command) =>
    command.kind === "launch"
      ? `launch ${command.for.conversationId}`
      : `${command.kind} ${command.worker}${"reason" in command ? ` ${command.reason}` : ""}`,
  );

describe("launching", () => {
  it("makes one machine per waiting conversation, at most spawnStep per pass", () => {
    expect(kinds({ waiting: [waiting("a")] })).toEqual(["launch a"]);
    expect(kinds({ waiting: [waiting("a"), waiting("b"), waiting("c")] })).toEqual(["launch a", "launch b"]);
  });

  it("counts every machine that costs money, those on their way out and those without a row included", () => {
    const leaving = machine("w1", { status: "stopping", step: "retiring", stepDeadlineAt: NOW + MINUTE });
    expect(kinds({ machines: [leaving], orphans: 1, waiting: [waiting("a"), waiting("b")] })).toEqual([
      "launch a",
    ]);
    expect(kinds({ machines: [leaving], orphans: 2, waiting: [waiting("a")] })).toEqual([]);
  });

  it("keeps the place of what may still come, and drains nobody at work for a place that comes free by itself", () => {
    expect(kinds({ unsettled: 2, waiting: [waiting("a"), waiting("b")] })).toEqual(["launch a"]);
    const resting = ["1", "2"].map((n) => machine(n, { bound: boundTo(n) }));
    expect(kinds({ machines: resting, unsettled: 1, waiting: [waiting("a")] })).toEqual([]);
    expect(kinds({ machines: resting, unsettled: 1, waiting: [waiting("a"), waiting("b")] })).toEqual([
      "release 1",
    ]);
  });

  it("leaves a conversation to a free worker that may take it, whoever runs that worker", () => {
    const free = machine("w1");
    expect(kinds({ machines: [free], waiting: [waiting("a"), waiting("b")] })).toEqual(["launch b"]);
    expect(
      kinds({ freeElsewhere: [{ lanes: ["default"], workspace: null }], waiting: [waiting("a")] }),
    ).toEqual([]);
    expect(
      kinds({ freeElsewhere: [{ lanes: ["default"], workspace: "acme" }], waiting: [waiting("a")] }),
    ).toEqual(["launch a"]);
    expect(
      kinds({
        machines: [machine("w1", { step: "booting", seenAt: 0, stepDeadlineAt: NOW + 1 })],
        waiting: [waiting("a")],
      }),
    ).toEqual([]);
  });

  it.each([
    ["worker_cap", { machines: ["1", "2", "3"].map((n) => machine(n, { busy: true })) }],
    ["launch_unsettled", { unsettled: 1, machines: ["1", "2"].map((n) => machine(n, { busy: true })) }],
    ["worker_cap", { unsettled: 1, machines: ["1", "2", "3"].map((n) => machine(n, { busy: true })) }],
    ["budget", { usedTodayMs: defaultPolicies.fleet.dailyMachineHours * 3_600_000 }],
    ["launches_paused", { launchesPausedUntil: NOW + 1 }],
    [
      "workspace_cap",
      {
        fleet: { ...defaultPolicies.fleet, maxWorkersPerWorkspace: 1 },
        machines: [machine("w1", { bound: boundTo("x", { hasWork: true }) })],
      },
    ],
  ] as const)("says why nothing is launched: %s", (reason, fields) => {
    const plan = planFleet(view({ ...fields, waiting: [waiting("a")] } as Partial<FleetView>));
    expect(plan.commands.filter(({ kind }) => kind === "launch")).toEqual([]);
    expect(plan.blocked).toEqual([{ conversationId: "a", reason }]);
  });
});

describe("a conversation whose last machine is still being taken away", () => {
  const last = (leavingSince: number) =>
    machine("w1", {
      status: "stopping",
      step: "retiring",
      stepDeadlineAt: NOW + MINUTE,
      leavingSince,
      bound: boundTo("a", { owned: false }),
    });

  it("waits for its volume, but not for ever, and holds nobody else up", () => {
    const plan = planFleet(view({ machines: [last(NOW - 5_000)], waiting: [waiting("a"), waiting("b")] }));
    expect(plan.blocked).toEqual([{ conversationId: "a", reason: "predecessor" }]);
    expect(plan.commands).toEqual([{ kind: "launch", for: waiting("b") }]);
    expect(kinds({ machines: [last(NOW - 20_000)], waiting: [waiting("a")] })).toEqual(["launch a"]);
  });
});

describe("one machine's life", () => {
  it.each([
    ["boots", { step: "booting", stepDeadlineAt: NOW + 1 }, ["booted w"]],
    ["never boots", { step: "booting", seenAt: 0, stepDeadlineAt: NOW }, ["stop w never_booted"]],
    [
      "dies at boot",
      { step: "booting", seenAt: 0, seen: "failed", stepDeadlineAt: NOW + 1 },
      ["stop w died_at_boot"],
    ],
    ["is still booting", { step: "booting", seenAt: 0, stepDeadlineAt: NOW + 1 }, []],
    ["has a stuck launch", { step: "launching", seenAt: 0, stepDeadlineAt: NOW }, ["resume w"]],
    ["calls before its launch has reported", { step: "launching", stepDeadlineAt: NOW }, ["booted w"]],
    ["died", { seen: "stopped" }, ["stop w machine_lost"]],
    ["is missing once", { seen: "missing", missed: 1, seenAt: SILENT }, ["drain w silent"]],
    ["is missing twice", { seen: "missing", missed: 2, seenAt: SILENT }, ["stop w machine_lost"]],
    ["is missing although its worker calls", { seen: "missing", missed: 9 }, []],
    ["is silent", { seenAt: SILENT }, ["drain w silent"]],
    ["lost its conversation", { bound: boundTo("c", { owned: false }) }, ["drain w lease_lost"]],
    ["is idle for long", { lastWorkAt: NOW - 31 * MINUTE, createdAt: NOW - 60 * MINUTE }, ["drain w idle"]],
    ["is old", { createdAt: NOW - defaultPolicies.fleet.maxMachineAgeMs }, ["drain w max_age"]],
    ["is old but busy", { busy: true, createdAt: NOW - defaultPolicies.fleet.maxMachineAgeMs }, []],
    ["runs an old image", { image: "img:0" }, ["drain w image_drift"]],
    ["drains with memory", { status: "draining", bound: boundTo("c"), drainDeadlineAt: NOW + 1 }, []],
    [
      "drains for too long",
      { status: "draining", bound: boundTo("c"), drainDeadlineAt: NOW },
      ["stop w drain_deadline"],
    ],
    ["has nothing to drain", { status: "draining", drainDeadlineAt: NOW + 1 }, ["stop w drained"]],
    ["has saved its memory", { status: "stopping" }, ["resume w"]],
  ] as const)("a machine that %s", (_name, fields, commands) => {
    expect(kinds({ machines: [machine("w", fields as Partial<MachineView>)] })).toEqual(commands);
  });
});

describe("giving way", () => {
  const idle = (worker: string, restedMs: number) =>
    machine(worker, { bound: boundTo(worker), lastWorkAt: NOW - restedMs });
  const full = (machines: MachineView[], fields: Partial<FleetView> = {}) =>
    kinds({ machines, scaling: { ...defaultPolicies.scaling, maxWorkers: machines.length }, ...fields });

  it("changes the conversation of the longest-idle bound worker when all capacity is bound and others wait", () => {
    expect(full([idle("w1", 20_000), idle("w2", 40_000)], { waiting: [waiting("a")] })).toEqual([
      "release w2",
    ]);
  });

  const holdsOn = { bound: boundTo("w1", { askedAt: NOW - 180_000 }) };
  it.each([
    ["is of another tenant", {}, [waiting("a", { workspace: "acme" })]],
    ["would wait for one that knows no such request", { heedsRequests: false }, [waiting("a")]],
    ["would get an old image", { image: "img:0" }, [waiting("a")]],
    ["would get an old machine", { createdAt: 0 }, [waiting("a")]],
    ["waits for one that was asked and holds on", holdsOn, [waiting("a")]],
  ])("drains it where who waits %s", (_name, fields, queue) => {
    expect(full([{ ...idle("w1", 40_000), ...fields }], { waiting: queue })[0]).toMatch(/^drain w1/);
  });

  it("asks no other while one that was asked may still give way, and as many as wait", () => {
    const asked = machine("w1", { bound: boundTo("w1", { askedAt: NOW - 179_999 }) });
    expect(full([asked, idle("w2", 40_000)], { waiting: [waiting("a")] })).toEqual([]);
    expect(full([asked, idle("w2", 40_000)], { waiting: [waiting("a"), waiting("b")] })).toEqual([
      "release w2",
    ]);
  });

  it("not one that has just rested, nor while another is on its way out already", () => {
    expect(full([idle("w1", 5_000)], { waiting: [waiting("a")] })).toEqual([]);
    const leaving = machine("w0", { status: "draining", bound: boundTo("x"), drainDeadlineAt: NOW + MINUTE });
    expect(full([leaving, idle("w1", 20_000)], { waiting: [waiting("a")] })).toEqual([]);
  });

  it("asks a busy one to give way after its turn when somebody has waited for long", () => {
    const busy = machine("w1", { busy: true, bound: boundTo("x", { hasWork: true }) });
    expect(full([busy], { waiting: [waiting("a", { readyAt: NOW - 30_000 })] })).toEqual([]);
    expect(full([busy], { waiting: [waiting("a", { readyAt: NOW - 61_000 })] })).toEqual(["release w1"]);
  });

  it("asks nobody while there is room, or for a lane the fleet does not serve", () => {
    expect(kinds({ machines: [idle("w1", 20_000)], waiting: [waiting("a")] })).toEqual(["launch a"]);
    expect(full([idle("w1", 20_000)], { waiting: [waiting("a", { lane: "gpu" })] })).toEqual([]);
  });

  it("rolls a new image a budget at a time", () => {
    const old = ["w1", "w2", "w3"].map((worker) => machine(worker, { image: "img:0" }));
    expect(kinds({ machines: old })).toHaveLength(1);
    const one = {
      ...old[0],
      status: "draining",
      drainReason: "image_drift",
      drainDeadlineAt: NOW + 1,
      bound: boundTo("x"),
    };
    expect(kinds({ machines: [one as MachineView, ...old.slice(1)] })).toEqual([]);
  });
});

describe("whatever the fleet looks like", () => {
  const anyMachine = fc
    .record({
      step: fc.constantFrom("launching", "booting", "running", "retiring", "stopped" as const),
      status: fc.constantFrom("active", "draining", "stopping", "stopped" as const),
      busy: fc.boolean(),
      bound: fc.option(
        fc.record({
          conversationId: fc.string(),
          workspace: fc.constantFrom("default", "acme"),
          boundAt: fc.integer({ min: 0, max: NOW }),
          hasWork: fc.boolean(),
          owned: fc.boolean(),
          askedAt: fc.option(fc.integer({ min: 0, max: NOW }), { nil: undefined }),
        }),
      ),
      seenAt: fc.integer({ min: 0, max: NOW }),
      lastWorkAt: fc.integer({ min: 0, max: NOW }),
      createdAt: fc.integer({ min: 0, max: NOW }),
      stepDeadlineAt: fc.integer({ min: 0, max: 2 * NOW }),
      image: fc.constantFrom("img:0", "img:1"),
      seen: fc.constantFrom("running", "stopped", "missing", "unlisted" as const),
      missed: fc.integer({ min: 0, max: 3 }),
    })
    .map((fields) => fields as Partial<MachineView>);
  const anyView = fc
    .record({
      machines: fc.array(anyMachine, { maxLength: 8 }),
      waiting: fc.array(fc.constantFrom("default", "acme"), { maxLength: 8 }),
      maxWorkers: fc.integer({ min: 0, max: 8 }),
      spawnStep: fc.integer({ min: 1, max: 4 }),
      orphans: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ machines, waiting: tenants, maxWorkers, spawnStep, orphans }) =>
      view({
        machines: machines.map((fields, n) => machine(`w${n}`, fields)),
        waiting: tenants.map((workspace, n) => waiting(`c${n}`, { workspace })),
        scaling: { ...defaultPolicies.scaling, maxWorkers, spawnStep },
        orphans,
      }),
    );

  it("never exceeds the cap, the step, or one command per machine", () => {
    fc.assert(
      fc.property(anyView, (fleet) => {
        const { commands } = planFleet(fleet);
        const launches = commands.filter(({ kind }) => kind === "launch");
        const costing = fleet.machines.filter(({ step }) => step !== "stopped").length + fleet.orphans;
        expect(launches.length).toBeLessThanOrEqual(Math.max(0, fleet.scaling.maxWorkers - costing));
        expect(launches.length).toBeLessThanOrEqual(fleet.scaling.spawnStep);
        const named = commands.flatMap((command) => (command.kind === "launch" ? [] : [command.worker]));
        expect(new Set(named).size).toBe(named.length);
      }),
    );
  });

  it("drains only active machines, and never a busy one that is healthy without a long wait elsewhere", () => {
    fc.assert(
      fc.property(anyView, (fleet) => {
        for (const command of planFleet(fleet).commands) {
          if (command.kind !== "drain" && command.kind !== "release") continue;
          const target = fleet.machines.find(({ worker }) => worker === command.worker);
          expect(target?.status).toBe("active");
          if (command.kind === "release") {
            expect(target?.bound?.askedAt).toBeUndefined();
            expect(fleet.waiting.map(({ workspace }) => workspace)).toContain(target?.bound?.workspace);
            continue;
          }
          if (["idle", "image_drift", "over_cap"].includes(command.reason)) expect(target?.busy).toBe(false);
        }
      }),
    );
  });
});
