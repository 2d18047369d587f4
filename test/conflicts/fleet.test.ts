/** The fleet, its steps and the minute's function beside what workers and users do, all on one snapshot. */
import { describe, expect, it, vi } from "vitest";
import type { FunctionArgs, FunctionReference } from "convex/server";
import { internal } from "../../src/component/_generated/api.js";
import schema from "../../src/component/schema.js";
import { snapshotActions } from "../component/snapshots.js";
import { CONFIG, useFleet, type FleetWorld } from "../fleet/fleetWorld.js";
import { conflicts, describeConflicts, type Footprint } from "./footprint.js";
import { recordFootprint } from "./recorder.js";

const { kind: provider, appName, image, volumeName: volumePrefix } = CONFIG;
const ORDERED = { provider, appName, image, volumePrefix };

const fleet = useFleet();
type Mutation = FunctionReference<"mutation", "public" | "internal">;
class RolledBack extends Error {}

/** What the mutation reads and writes on the present state, which stays as it is. */
async function footprintOf<Ref extends Mutation>(
  f: FleetWorld,
  ref: Ref,
  args: FunctionArgs<Ref>,
): Promise<Footprint> {
  const { footprint, error } = await recordFootprint(schema, () =>
    f.world.t.mutation(async (ctx) => {
      await ctx.runMutation(ref, args);
      throw new RolledBack();
    }),
  );
  if (!(error instanceof RolledBack)) throw error;
  return footprint;
}

const retries = (first: Footprint, second: Footprint) => describeConflicts(conflicts(first, second));

/** `first → second`: the second is retried when the first commits before it. */
function conflictingPairs(first: Record<string, Footprint>, second: Record<string, Footprint>): string[] {
  return Object.entries(first).flatMap(([a, left]) =>
    Object.entries(second)
      .filter(([b, right]) => a !== b && retries(left, right).length > 0)
      .map(([b]) => `${a} → ${b}`),
  );
}

const settlement = {
  outcome: { kind: "complete" as const },
  turns: [{ role: "user" as const, content: "x" }],
};

/** w0 and w1 work on c0 and c1, w2 rests with c2; machines 3 and 4 leave, 5 and 6 are launching; "next" and "later" wait. */
async function busyFleet(f: FleetWorld) {
  const { world } = f;
  await f.configure({ scaling: { maxWorkers: 9, spawnStep: 9, idleTimeoutMs: 3_600_000 } });
  for (let n = 0; n < 5; n += 1) await world.send(`c${n}`, "hello");
  await f.pass(4_000);
  expect(f.running()).toHaveLength(5);
  const worker = (n: number) => f.workerOf(n);
  const jobs = [];
  for (let n = 0; n < 5; n += 1) {
    const job = await f.claim(worker(n));
    if (!job) throw new Error(`nothing for ${n}`);
    jobs.push(world.lease(worker(n), job));
    if (n >= 2) await world.complete(worker(n), job);
  }
  await f.pass(20_000);
  const { t, lib } = world;
  const { fleet: policy } = await t.query(lib.policies, {});
  const options = { fleet: policy, schedule: false };
  const launchable = async (conversationId: string) => {
    await world.send(conversationId, "hello");
    const row = await t.run((ctx) =>
      ctx.db
        .query("conversations")
        .withIndex("by_conversationId", (q) => q.eq("conversationId", conversationId))
        .unique(),
    );
    if (!row) throw new Error("it was just made");
    const { _id: id, workspace, lane, readyAt } = row;
    const fence = await t.run((ctx) =>
      ctx.db
        .query("fleetFences")
        .withIndex("by_key", (q) => q.eq("key", "launch"))
        .unique(),
    );
    const waiting = { id, conversationId, workspace, lane, readyAt };
    return { for: waiting, launches: fence?.value ?? 0, machine: ORDERED, ...options };
  };
  const leaving = [];
  for (const n of [3, 4]) {
    const command = { kind: "stop" as const, worker: worker(n), reason: "machine_lost" as const };
    const { intent: retirement } = await t.mutation(internal.fleet.steer, { command, ...options });
    if (!retirement) throw new Error("it was not stopped");
    leaving.push(retirement);
  }
  const launching = [];
  for (const name of ["c5", "c6"]) {
    const intent = await t.mutation(internal.fleet.orderLaunch, await launchable(name));
    if (intent === null || intent === "outdated") throw new Error("it was not launched");
    launching.push(intent);
  }
  const [next, later] = [await launchable("next"), await launchable("later")];
  const wake = await t.run((ctx) => ctx.db.insert("fleetWakes", { at: Date.now() }));
  return { worker, jobs, leaving, launching, next, later, wake, options };
}

type Busy = Awaited<ReturnType<typeof busyFleet>>;

async function ofWorkers(f: FleetWorld, { worker, jobs }: Busy): Promise<Record<string, Footprint>> {
  const { lib, t } = f.world;
  const memory = snapshotActions(f.world);
  const prepared = await memory.prepare(worker(0), "c0");
  const other = await memory.prepare(worker(1), "c1");
  const [file, spoilt] = [await memory.store("memory"), await memory.store("half of it")];
  const saved = { workerId: worker(0), snapshotId: prepared.snapshotId, ...file };
  const { token } = await t.mutation(lib.createAgentWorkerToken, { maxWorkers: 9 });
  await t.mutation(lib.claim, { workerId: "known", workerToken: token });
  const hello = (workerId: string) =>
    footprintOf(f, lib.workerHello, {
      workerId,
      workerToken: token,
      version: "1",
      host: "h",
      engine: "echo",
      mode: "agent",
    });
  const register = (workerId: string) =>
    footprintOf(f, lib.claim, { workerId, workerToken: token, conversationId: "nothing" });
  const [w0, w1] = [jobs[0]!, jobs[1]!];
  return {
    enqueue: await footprintOf(f, lib.enqueue, {
      conversationId: "new",
      agentKey: "default",
      payload: { provider: "app", providerUserId: "u", messageText: "hello" },
    }),
    "claim later": await footprintOf(f, lib.claim, { workerId: "external", conversationId: "later" }),
    "heartbeat w0": await footprintOf(f, lib.heartbeat, w0),
    "renew w1": await footprintOf(f, lib.renewLease, w1),
    "settle w0": await footprintOf(f, lib.settle, { ...w0, ...settlement, claimNext: { hydrate: false } }),
    "prepare c1": await footprintOf(f, lib.prepareDataSnapshotUpload, {
      workerId: worker(1),
      workspaceId: "default",
      agentKey: "default",
      conversationId: "c1",
      reason: "periodic",
    }),
    "finalize c0": await footprintOf(f, lib.finalizeDataSnapshotUpload, saved),
    "fail c1": await footprintOf(f, lib.failDataSnapshotUpload, {
      workerId: worker(1),
      snapshotId: other.snapshotId,
      error: "boom",
      upload: { storageId: spoilt.storageId, sha256: spoilt.sha256 },
    }),
    "hello a": await hello("a"),
    "hello b": await hello("b"),
    "register a": await register("a"),
    "register b": await register("b"),
    "poll known": await footprintOf(f, lib.claim, {
      workerId: "known",
      workerToken: token,
      conversationId: "nothing",
    }),
  };
}

async function ofFleet(f: FleetWorld, busy: Busy): Promise<Record<string, Footprint>> {
  const { worker, leaving, launching, next, wake, options } = busy;
  const startedAt = Date.now();
  const drain = { kind: "drain" as const, worker: worker(2), reason: "idle" as const };
  const failure = {
    step: "launching" as const,
    code: "c",
    message: "m",
    retryable: true,
    unsettled: true,
    inline: false,
  };
  const gone = (n: number) => footprintOf(f, internal.fleet.recordGone, { ...leaving[n]!, kept: null });
  return {
    begin: await footprintOf(f, internal.fleet.beginPass, { wake }),
    "launch next": await footprintOf(f, internal.fleet.orderLaunch, next),
    "drain w2": await footprintOf(f, internal.fleet.steer, { command: drain, ...options }),
    finish: await footprintOf(f, internal.fleet.finishPass, {
      startedAt,
      listed: true,
      listedWholeAt: startedAt,
      volumesListed: true,
      notes: await f.world.t.run(async (ctx) =>
        (await ctx.db.query("fleetNotes").collect()).map(({ _id }) => _id),
      ),
      seenReadyAt: startedAt,
      blocked: [],
      problem: null,
      nextPassAt: startedAt + 15_000,
    }),
    "record machine": await footprintOf(f, internal.fleet.recordMachine, {
      ...launching[0]!,
      machineId: "m",
      region: "iad",
      unsettled: false,
    }),
    "launch failed": await footprintOf(f, internal.fleet.recordFailure, {
      ...launching[1]!,
      ...failure,
    }),
    "gone 3": await gone(0),
    "gone 4": await gone(1),
    "queue looks": await footprintOf(f, internal.queue.observe, { confirming: false }),
    "sum hours": await footprintOf(f, internal.upkeep.sweep, { name: "machineHours" }),
    tick: await footprintOf(f, internal.tick.everyMinute, {}),
  };
}

const FLEET_TABLES = ["fleetState", "fleetWakes", "fleetNotes", "fleetFences", "machines", "machineHours"];
const tablesOf = ({ reads, writes }: Footprint): string[] => [
  ...new Set([...reads.map(({ table }) => table), ...writes.map(({ table }) => table)]),
];

describe("on one snapshot", () => {
  it("the fleet, its steps and the minute's look conflict with nothing that workers and users do, nor with each other", async () => {
    const f = fleet();
    const busy = await busyFleet(f);
    vi.setSystemTime(Date.now() + 10_000);
    const workers = await ofWorkers(f, busy);
    const passes = await ofFleet(f, busy);
    for (const [name, footprint] of Object.entries(workers))
      expect(
        tablesOf(footprint).filter((table) => FLEET_TABLES.includes(table)),
        name,
      ).toEqual([]);
    expect(conflictingPairs(passes, workers)).toEqual([]);
    // The look asks for the oldest queued message and when a pass began; nobody waits for it, and it costs some ranges read again.
    expect(conflictingPairs(workers, passes)).toEqual(["settle w0 → tick"]);
    expect(conflictingPairs(passes, passes)).toEqual(["begin → tick"]);
    expect(conflictingPairs(workers, workers)).toEqual(OF_ONE_THING);
  }, 30_000);

  it("the expiry of a lease orders a look at the machine by inserts alone, and disturbs no pass", async () => {
    const f = fleet();
    const busy = await busyFleet(f);
    vi.setSystemTime(Date.now() + 120_000);
    const lease = busy.jobs[1]!.leaseId.split(".")[1] as never;
    const expiry = { "expiry w1": await footprintOf(f, internal.queue.expireLease, { lease }) };
    const written = expiry["expiry w1"].writes.filter(({ table }) => FLEET_TABLES.includes(table));
    expect(written.map(({ table, before }) => [table, before])).toEqual([
      ["fleetNotes", null],
      ["fleetWakes", null],
    ]);
    expect(tablesOf(expiry["expiry w1"])).not.toContain("fleetState");
    // The minute's look finds overdue leases too: it is the net under their expiry.
    const { tick: look, ...passes } = await ofFleet(f, busy);
    expect(conflictingPairs(expiry, passes)).toEqual([]);
    expect(conflictingPairs({ ...passes, tick: look! }, expiry)).toEqual([]);
  }, 30_000);
});

/** Each pair a correctness argument: one lease, and the limit of a token's workers. */
const OF_ONE_THING = [
  "heartbeat w0 → settle w0",
  "settle w0 → heartbeat w0",
  "register a → hello a",
  "register a → register b",
  "register b → hello b",
  "register b → register a",
];

describe("two that must not act at once do conflict", () => {
  it("beginnings of passes, and orders of launches, so that passes are single and the cap holds", async () => {
    const f = fleet();
    const { wake, next, later } = await busyFleet(f);
    vi.setSystemTime(Date.now() + 10_000);
    const other = await f.world.t.run((ctx) => ctx.db.insert("fleetWakes", { at: Date.now() }));
    const [first, second] = [
      await footprintOf(f, internal.fleet.beginPass, { wake }),
      await footprintOf(f, internal.fleet.beginPass, { wake: other }),
    ];
    expect(first.scheduled).toEqual(["cloud:runPass"]);
    expect(retries(first, second).join()).toContain("fleetFences");
    const launches = [
      await footprintOf(f, internal.fleet.orderLaunch, next),
      await footprintOf(f, internal.fleet.orderLaunch, { ...later, launches: next.launches }),
    ] as const;
    expect(retries(...launches).join()).toContain("fleetFences");
  }, 30_000);

  it("one that comes after another launch, or after another beginning, does nothing", async () => {
    const f = fleet();
    const { wake, next, later } = await busyFleet(f);
    vi.setSystemTime(Date.now() + 10_000);
    const { t } = f.world;
    expect(await t.mutation(internal.fleet.orderLaunch, next)).toMatchObject({ attempt: 1 });
    expect(await t.mutation(internal.fleet.orderLaunch, { ...later, launches: next.launches })).toBe(
      "outdated",
    );
    const pending = () =>
      t.run(async (ctx) =>
        (await ctx.db.system.query("_scheduled_functions").collect()).filter(
          ({ name, state }) => name === "cloud:runPass" && state.kind === "pending",
        ),
      );
    const before = (await pending()).length;
    const other = await t.run((ctx) => ctx.db.insert("fleetWakes", { at: Date.now() }));
    await t.mutation(internal.fleet.beginPass, { wake });
    await t.mutation(internal.fleet.beginPass, { wake: other });
    expect((await pending()).length).toBe(before + 1);
    // The second one's wake-up was seen by the first.
    expect(await t.run((ctx) => ctx.db.query("fleetWakes").collect())).toEqual([]);
  }, 30_000);

  it("the drain of a worker and that worker's own claim, so that draining takes effect at once", async () => {
    const f = fleet();
    const { worker, options } = await busyFleet(f);
    const command = { kind: "drain" as const, worker: worker(2), reason: "idle" as const };
    const drain = await footprintOf(f, internal.fleet.steer, { command, ...options });
    const claim = await footprintOf(f, f.world.lib.claim, { workerId: worker(2) });
    expect(retries(drain, claim).join()).toContain("workers");
  }, 30_000);
});
