/** No number of stuck workers hides the others: see `living.ts`. */
import { describe, expect, it } from "vitest";
import { START, useWorld } from "../../../test/component/world.js";
import { internal } from "../../component/_generated/api.js";
import type { WaitingHead } from "./wakeChoice.js";
import { living } from "./living.js";

const world = useWorld();
const STALE_MS = 60_000;

/** Workers elsewhere that hold a conversation each; `ready`: it waits for its owner. */
const owners = (
  names: readonly string[],
  { ready, listens, release = false }: { ready: boolean; listens: boolean; release?: boolean },
): Promise<void> =>
  world.t.run(async (ctx) => {
    const model = await ctx.db.query("conversations").first();
    if (!model) throw new Error("send a message first");
    const { _id, _creationTime, ...fields } = model;
    for (const [index, worker] of names.entries()) {
      const conversation = await ctx.db.insert("conversations", {
        ...fields,
        conversationId: `of ${worker}`,
        state: ready ? "ready" : "idle",
        pool: `worker/${worker}`,
        owner: worker,
        generation: 1,
      });
      const bound = { workspace: fields.workspace, agentKey: fields.agentKey, generation: 1 };
      await ctx.db.insert("workers", {
        workerId: worker,
        provider: "external",
        status: "active",
        lanes: ["default"],
        registeredAt: START,
        stateful: true,
        listens,
        binding: {
          conversation,
          conversationId: `of ${worker}`,
          boundAt: START,
          ...bound,
          ...(release && { askedAt: START - 1_000_000 }),
        },
      });
      await ctx.db.insert("beats", { worker, aliveUntil: Date.now() + STALE_MS + index });
      if (release || ready) await ctx.db.insert("wakes", { worker, seq: 1, at: START - 10_000 });
    }
  });

/** Leaves the world as it was, for the check of the net. */
const disperse = () =>
  world.t.run(async (ctx) => {
    for (const row of await ctx.db.query("conversations").collect())
      if (row.owner !== undefined) await ctx.db.delete(row._id);
  });
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const chooseWakes = (random: number, waiting: WaitingHead[]) =>
  world.t.query(internal.queue.chooseWakes, { waiting, now: Date.now(), random });

describe("owners that do not react", () => {
  it("hide neither another owner whose conversation is ready nor the workers of the lanes", async () => {
    await world.t.mutation(world.lib.claim, { workerId: "idle", listens: true });
    await world.send("c1", "hello");
    await owners(names("deaf", 150), { ready: true, listens: true });
    await owners(["well"], { ready: true, listens: true });
    await world.t.run(async (ctx) => {
      for (const wake of await ctx.db.query("wakes").collect())
        if (wake.worker === "well") await ctx.db.delete(wake._id);
    });
    const rings = await chooseWakes(0.5, [{ lane: "default", workspace: "default", readyAt: Date.now() }]);
    expect(rings.slice(0, 2)).toEqual([
      { worker: "well", expected: "soon" },
      { worker: "idle", expected: "soon" },
    ]);
    expect(rings).toHaveLength(64);
    await disperse();
  });
});

describe("workers that hold on to a conversation", () => {
  it("hide no other that would give way, however many there are", async () => {
    await world.send("c1", "hello");
    await owners(names("stuck", 110), { ready: false, listens: false, release: true });
    await owners(["kind"], { ready: false, listens: false });
    await owners(names("stiff", 60), { ready: false, listens: false, release: true });
    const now = Date.now();
    const waiting = [{ lane: "default", workspace: "default", readyAt: now - 600_000 }];
    const chosen = new Set<string | null>();
    for (let random = 0.05; random < 1; random += 0.1)
      chosen.add(await world.t.query(internal.queue.chooseYielding, { waiting, now, random }));
    const kind = await world.t.run((ctx) =>
      ctx.db
        .query("workers")
        .withIndex("by_workerId", (q) => q.eq("workerId", "kind"))
        .unique(),
    );
    expect([...chosen]).toContain(kind?._id);
    await disperse();
  });
});

describe("signs of life beyond what is looked at", () => {
  it("are seen by the next looks: half are the freshest, half begin anywhere", async () => {
    await world.t.run(async (ctx) => {
      for (let n = 0; n < 200; n += 1)
        await ctx.db.insert("beats", { worker: `w${n}`, aliveUntil: START + n });
    });
    const seen = new Set<string>();
    for (let turn = 0; turn < 20; turn += 1) {
      const found = await world.t.run(async (ctx) => {
        const workers: string[] = [];
        for await (const { worker } of living(ctx, { now: START - 1, random: turn / 20, most: 40 }))
          workers.push(worker);
        return workers;
      });
      expect(new Set(found).size).toBe(40);
      expect(found.slice(0, 2)).toEqual(["w199", "w198"]);
      for (const worker of found) seen.add(worker);
    }
    expect(seen.size).toBe(200);
  });
});
