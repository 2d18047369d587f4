/** The minute's function finds all that is due, starts nothing else, and each sweep ends its work in bounded batches. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { internal } from "../../src/component/_generated/api.js";
import schema from "../../src/component/schema.js";
import { EVERY_MINUTE, IN_TURN, isDue, looks, type SweepName } from "../../src/core/upkeep/looks.js";
import { createWorld, START, type World } from "../component/world.js";
import { recordFootprint } from "../conflicts/recorder.js";
import { CONFIG } from "../fleet/fleetWorld.js";
import { STATES } from "./states.js";

const MINUTE = 60_000;
const DAY = 86_400_000;
const ALL = Object.keys(looks) as SweepName[];
/** A pass and a sealing step go on by themselves: what they are for is done by them, later. */
const BY_ITSELF = new Set<SweepName>(["fleetPass", "sealAudit"]);

let world: World;
beforeEach(() => {
  world = createWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const due = (): Promise<SweepName[]> =>
  world.t.query(async (ctx) => {
    const found: SweepName[] = [];
    for (const name of ALL) if (await isDue(name, ctx, Date.now())) found.push(name);
    return found;
  });
const sweep = (name: SweepName) => world.t.mutation(internal.upkeep.sweep, { name });
const tick = () => world.t.mutation(internal.tick.everyMinute, {});

const zSweep = z.object({ name: z.string() });
/** The sweeps that ticks have scheduled. */
const started = () =>
  world.t.run(async (ctx) =>
    (await ctx.db.system.query("_scheduled_functions").collect())
      .filter(({ name }) => name === "upkeep:sweep")
      .map(({ args }) => zSweep.parse(args[0]).name),
  );
/** Ten minutes, in which every sweep has its turn; timers stand still, so that nothing is done about what is found. */
async function tenTicks(): Promise<string[]> {
  for (let minute = 0; minute < IN_TURN.length; minute += 1) {
    await tick();
    vi.setSystemTime(Date.now() + MINUTE);
  }
  return [...new Set(await started())];
}

describe("what is due", () => {
  it("is looked for by each sweep in every minute or in one of ten, never in both", () => {
    expect([...EVERY_MINUTE, ...IN_TURN.flat()].sort()).toEqual([...ALL].sort());
  });

  it.each(STATES.map((state) => [state.sweep, state.what, state] as const))(
    "for %s: %s is found, started, and gone after the sweep",
    async (name, _what, { make }) => {
      await world.t.run((ctx) => make(ctx, Date.now()));
      expect(await due()).toContain(name);
      expect(await tenTicks()).toContain(name);
      expect(await sweep(name)).toBeGreaterThan(0);
      // Any old queued message may be a stranded one: only the net itself can tell.
      if (name === "queueNet") {
        await world.pass(1_000, 1_000);
        expect(await sweep(name)).toBe(0);
      } else if (!BY_ITSELF.has(name)) expect(await due()).not.toContain(name);
    },
  );

  it("covers every sweep by a state of its own", () => {
    const covered = new Set<SweepName>([...STATES.map((state) => state.sweep), "fleetPass"]);
    expect([...covered].sort()).toEqual([...ALL].sort());
  });

  it("includes acts that nobody has sealed, a moment after they were recorded", async () => {
    await world.t.run((ctx) =>
      ctx.db.insert("auditLog", { at: Date.now(), kind: "k", actor: "host", subject: "s" }),
    );
    expect(await due()).toEqual([]);
    vi.setSystemTime(START + 10_000);
    expect(await due()).toEqual(["sealAudit"]);
    expect(await sweep("sealAudit")).toBe(1);
  });

  it("includes a fleet that nobody looked at for an hour, and a pass that died with its action", async () => {
    expect(await due()).toEqual([]);
    await world.t.mutation(world.lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    expect(await due()).toEqual(["fleetPass"]);
    await world.t.run(async (ctx) => {
      await ctx.db.insert("fleetState", { lastListedAt: Date.now(), endedPass: START - MINUTE });
      await ctx.db.insert("fleetFences", { key: "pass", value: START, until: START + MINUTE });
    });
    expect(await due()).toEqual([]);
    vi.setSystemTime(START + MINUTE);
    expect(await due()).toEqual(["fleetPass"]);
    expect(await sweep("fleetPass")).toBe(1);
    // One is wanted now: a second look orders no other.
    expect(await sweep("fleetPass")).toBe(0);
  });
});

describe("nothing is due", () => {
  it("of rows whose time has not come", async () => {
    for (const { make } of STATES) await world.t.run((ctx) => make(ctx, Date.now() + 2_000 * DAY));
    expect(await due()).toEqual([]);
    expect(await tenTicks()).toEqual([]);
  });

  it("on a system at rest after its work, with a fleet: a tick is one short transaction, and all that runs", async () => {
    await world.agent();
    await world.send("c1", "hello");
    await world.complete("w1", await world.mustClaim("w1"));
    // What work leaves behind is settled after twenty minutes: lines sealed, counts folded, silent workers forgotten.
    for (let minute = 0; minute < 20; minute += 1) {
      await world.upkeep();
      await world.pass(MINUTE, 1_000);
    }
    await world.t.run((ctx) =>
      ctx.db.insert("fleetState", { lastListedAt: Date.now() + DAY, endedPass: Date.now() }),
    );
    await world.t.mutation(world.lib.setProviderRuntimeConfig, { providerConfig: CONFIG });
    const before = (await started()).length;
    for (let minute = 0; minute < IN_TURN.length; minute += 1) {
      const { footprint, error } = await recordFootprint(schema, tick);
      expect(error).toBeUndefined();
      expect(footprint.writes).toEqual([]);
      expect(footprint.scheduled).toEqual([]);
      expect(footprint.nestedCalls).toBe(0);
      expect(footprint.reads.length).toBeLessThanOrEqual(20);
      expect(footprint.documentsRead).toBeLessThanOrEqual(4);
      vi.setSystemTime(Date.now() + MINUTE);
    }
    expect((await started()).length).toBe(before);
  }, 30_000);
});

describe("a sweep", () => {
  it("goes on by itself, batch by batch, until nothing is left", async () => {
    const now = Date.now();
    await world.t.run(async (ctx) => {
      for (let n = 0; n < 1_050; n += 1)
        await ctx.db.insert("wakes", { worker: `w${n}`, seq: 1, at: now - 8 * DAY });
    });
    const left = async () => (await world.t.run((ctx) => ctx.db.query("wakes").collect())).length;
    await tenTicks();
    await world.pass(1_000, 10);
    expect(await left()).toBe(0);
  });

  it("stops when the next look takes over", async () => {
    const now = Date.now();
    await world.t.run(async (ctx) => {
      for (let n = 0; n < 600; n += 1)
        await ctx.db.insert("wakes", { worker: `w${n}`, seq: 1, at: now - 8 * DAY });
    });
    expect(await world.t.mutation(internal.upkeep.sweep, { name: "wakes", until: now })).toBe(250);
    expect(await started()).toEqual([]);
    expect(await world.t.mutation(internal.upkeep.sweep, { name: "wakes", until: now + MINUTE })).toBe(250);
    expect(await started()).toEqual(["wakes"]);
  });

  it("takes rows of any size in batches that a transaction can read", async () => {
    const now = Date.now();
    const parked = STATES.find(({ sweep: name }) => name === "parkedUpdates");
    for (let n = 0; n < 40; n += 1)
      await world.t.run(async (ctx) => {
        await parked?.make(ctx, now);
        const row = await ctx.db.query("parkedUpdates").order("desc").first();
        if (row) await ctx.db.patch(row._id, { rawUpdateJson: "x".repeat(900_000) });
      });
    const first = await sweep("parkedUpdates");
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(10);
  });

  it("that fails holds up no other", async () => {
    const now = Date.now();
    await world.t.run(async (ctx) => {
      for (const { sweep: name, make } of STATES)
        if (name === "machines" || name === "parkedUpdates") await make(ctx, now);
      // A worker has one seat at most.
      for (const tokenId of ["t1", "t2"]) await ctx.db.insert("workerSeats", { tokenId, worker: "w" });
    });
    await expect(sweep("machines")).rejects.toThrow();
    expect(await tenTicks()).toEqual(expect.arrayContaining(["machines", "parkedUpdates"]));
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await world.pass(1_000, 10);
    expect(await due()).toEqual(["machines"]);
  });

  it("passes over a file that somebody deleted already", async () => {
    const now = Date.now();
    await world.t.run(async (ctx) => {
      const storageId = await ctx.storage.store(new Blob(["x"]));
      await ctx.storage.delete(storageId);
      const archiveFileId = storageId;
      for (const { sweep: name, make } of STATES)
        if (name === "attachments" || name === "snapshots") await make(ctx, now);
      for (const row of await ctx.db.query("attachments").collect())
        if (row.status === "ready") await ctx.db.patch(row._id, { storageId });
      for (const row of await ctx.db.query("dataSnapshots").collect())
        if (row.status === "ready") await ctx.db.patch(row._id, { archiveFileId });
    });
    expect(await sweep("attachments")).toBe(3);
    expect(await sweep("snapshots")).toBe(4);
  });

  it("waits after large rows in proportion to their size, of which it takes a few at a time", async () => {
    const now = Date.now();
    const large = STATES.find(({ what }) => what === "an old message");
    for (let n = 0; n < 12; n += 1)
      await world.t.run(async (ctx) => {
        await large?.make(ctx, now);
        const row = await ctx.db.query("messageQueue").order("desc").first();
        if (row)
          await ctx.db.patch(row._id, { payload: { ...row.payload, messageText: "x".repeat(500_000) } });
      });
    const { footprint } = await recordFootprint(schema, () =>
      world.t.mutation(internal.upkeep.sweep, { name: "messages", until: now + DAY }),
    );
    // Half of 2 MiB is for messages that are done: the third row is the one that passes it.
    expect(footprint.writes.length).toBe(3);
    const [next] = await world.t.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    // 1.5 MB at 1 MiB a second.
    expect((next?.scheduledTime ?? 0) - now).toBeGreaterThan(1_400);
    expect((next?.scheduledTime ?? 0) - now).toBeLessThan(1_500);
    await world.pass(20_000, 500);
    expect(await due()).toEqual([]);
  });
});
