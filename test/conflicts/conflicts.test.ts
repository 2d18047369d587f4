import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FunctionArgs, FunctionReference } from "convex/server";
import { internal } from "../../src/component/_generated/api.js";
import schema from "../../src/component/schema.js";
import { createWorld, START, type World } from "../component/world.js";
import { conflicts, describeConflicts, type Footprint } from "./footprint.js";
import { recordFootprint } from "./recorder.js";

let world: World;
beforeEach(async () => {
  world = createWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await world.agent();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Mutation = FunctionReference<"mutation", "public" | "internal">;
class RolledBack extends Error {}

/** What the mutation reads and writes on the present state, which stays as it is. */
async function footprintOf<Ref extends Mutation>(ref: Ref, args: FunctionArgs<Ref>): Promise<Footprint> {
  const { footprint, error } = await recordFootprint(schema, () =>
    world.t.mutation(async (ctx) => {
      await ctx.runMutation(ref, args);
      throw new RolledBack();
    }),
  );
  if (!(error instanceof RolledBack)) throw error;
  return footprint;
}

const message = (conversationId: string, idempotencyKey?: string) => ({
  conversationId,
  agentKey: "default",
  idempotencyKey,
  payload: { provider: "app", providerUserId: "u1", messageText: "hello" },
});
const enqueue = (conversationId: string, key?: string) =>
  footprintOf(world.lib.enqueue, message(conversationId, key));
const claim = (workerId: string, conversationId?: string) =>
  footprintOf(world.lib.claim, { workerId, conversationId });

/** The causes for which `second` is retried when `first`, of the same snapshot, commits before it. */
const retries = (first: Footprint, second: Footprint) => describeConflicts(conflicts(first, second));

/** c1 and c2 wait, w3 and w4 hold one message each of c3 and c4; all of one workspace. Every worker has been seen before. */
async function busySystem({ moreForW3 }: { moreForW3: boolean }) {
  for (const worker of ["w1", "w2"]) await world.claim(worker);
  await world.send("c3", "three");
  const job3 = await world.mustClaim("w3");
  await world.send("c4", "four");
  const job4 = await world.mustClaim("w4");
  if (moreForW3) await world.send("c3", "three again");
  await world.send("c1", "one");
  await world.send("c2", "two");
  // Longer ago than counts as company.
  await world.pass(2_500);
  await strictLine();
  return { lease3: world.lease("w3", job3), lease4: world.lease("w4", job4) };
}

/** As for a single worker: everybody wants the head. */
const strictLine = () =>
  world.t.run(async (ctx) => {
    for (const line of await ctx.db.query("lines").collect()) await ctx.db.patch(line._id, { claimers: [] });
  });

const settlement = {
  outcome: { kind: "complete" as const },
  turns: [{ role: "user" as const, content: "x" }],
};

async function everyOperation(state: { moreForW3: boolean }) {
  const { lease3, lease4 } = await busySystem(state);
  return {
    "enqueue c1": await enqueue("c1", "key of c1"),
    "enqueue c2": await enqueue("c2", "key of c2"),
    "enqueue new": await enqueue("new"),
    "enqueue c3": await enqueue("c3"),
    "claim c1": await claim("w1", "c1"),
    "claim c2": await claim("w2", "c2"),
    "claim any": await claim("w1"),
    "heartbeat w3": await footprintOf(world.lib.heartbeat, lease3),
    "heartbeat w4": await footprintOf(world.lib.renewLease, lease4),
    "settle w3": await footprintOf(world.lib.settle, { ...lease3, ...settlement }),
    "settle w4": await footprintOf(world.lib.complete, lease4),
    "fail w3": await footprintOf(world.lib.fail, { ...lease3, errorMessage: "boom" }),
  };
}

/** Every ordered pair of operations that conflicts, except an operation with itself. */
function conflictingPairs(operations: Record<string, Footprint>): string[] {
  const found: string[] = [];
  for (const [first, left] of Object.entries(operations)) {
    for (const [second, right] of Object.entries(operations)) {
      if (first !== second && retries(left, right).length > 0) found.push(`${first} → ${second}`);
    }
  }
  return found.sort();
}

/** All of one conversation, each pair a correctness argument: see `model.ts`. "claim any" takes c1, the head of the line. */
const OF_ONE_CONVERSATION = [
  "claim any → claim c1",
  "claim any → enqueue c1",
  "claim c1 → claim any",
  "claim c1 → enqueue c1",
  "claim c2 → enqueue c2",
  "fail w3 → enqueue c3",
  "fail w3 → heartbeat w3",
  "fail w3 → settle w3",
  "heartbeat w3 → fail w3",
  "heartbeat w3 → settle w3",
  "settle w3 → enqueue c3",
  "settle w3 → fail w3",
  "settle w3 → heartbeat w3",
  "settle w4 → heartbeat w4",
  "heartbeat w4 → settle w4",
].sort();

describe("operations on one snapshot", () => {
  it("conflict only within one conversation", async () => {
    const operations = await everyOperation({ moreForW3: false });
    expect(conflictingPairs(operations)).toEqual([...OF_ONE_CONVERSATION, "enqueue c3 → settle w3"].sort());
  });

  it("conflict only within one conversation when the one that ends has more to do", async () => {
    const operations = await everyOperation({ moreForW3: true });
    const { "settle w3": settle, "enqueue c3": enqueue3, ...others } = operations;
    expect(retries(settle, enqueue3)).not.toEqual([]);
    // Whether this enqueue disturbs the search for the highest waiting priority depends on its own; both outcomes are right.
    expect(conflictingPairs({ ...others, "settle w3": settle })).toEqual(
      OF_ONE_CONVERSATION.filter((pair) => !pair.includes("enqueue c3")),
    );
  });

  it("conflict when both want the same conversation", async () => {
    const operations = await everyOperation({ moreForW3: false });
    for (const name of ["claim c1", "settle w3", "fail w3"] as const) {
      expect(retries(operations[name], operations[name]), name).not.toEqual([]);
    }
    expect(retries(await claim("w1"), await claim("w2"))).not.toEqual([]);
  });
});

describe("no conflict between", () => {
  it("claims of different lanes, each finding its own conversation", async () => {
    await world.send("c1", "one", { tag: "red" });
    await world.send("c2", "two", { tag: "blue" });
    await world.t.run(async (ctx) => {
      for (const lane of ["red", "blue"]) {
        await ctx.db.insert("workers", {
          workerId: lane,
          provider: "external",
          status: "active",
          lanes: [lane],
          registeredAt: START,
        });
      }
    });
    const [red, blue] = [await claim("red"), await claim("blue")];
    expect(red.writes.map(({ table }) => table)).toEqual([
      "leases",
      "conversations",
      "alarms",
      "auditTallies",
    ]);
    expect([retries(red, blue), retries(blue, red)]).toEqual([[], []]);
  });

  it("claims of workers that the scheduler knows, while each has a row of its own", async () => {
    const workers = Array.from({ length: 10 }, (_, index) => `w${index}`);
    for (const worker of workers) await world.claim(worker);
    for (let index = 0; index < 25; index += 1) await world.send(`c${index}`, "hello");
    await world.pass(200);
    const claims: Footprint[] = [];
    for (const worker of workers) claims.push(await claim(worker));
    let colliding = 0;
    for (const [index, first] of claims.entries())
      colliding += claims.slice(index + 1).filter((second) => retries(first, second).length > 0).length;
    // Of the 45 pairs at one instant; all of them where everybody takes the head.
    expect(colliding).toBeLessThanOrEqual(3);
  });

  it("first contacts of two workers, and empty polls", async () => {
    const [first, second] = [await claim("new1"), await claim("new2")];
    expect(first.writes.map(({ table }) => table)).toEqual(["workers", "beats"]);
    const arrival = await enqueue("c1");
    expect([retries(first, second), retries(arrival, first), retries(first, arrival)]).toEqual([[], [], []]);
  });

  it("first enqueues on a system at rest, both of which set the alarm", async () => {
    const [first, second] = [await enqueue("c1", "a"), await enqueue("c2", "b")];
    expect(first.scheduled).toEqual(["queue:observe"]);
    expect([retries(first, second), retries(second, first)]).toEqual([[], []]);
  });

  it("enqueues to two idle conversations", async () => {
    for (const conversation of ["c1", "c2"]) {
      await world.send(conversation, "first");
      await world.complete("w1", await world.mustClaim("w1"));
    }
    await world.pass(30_000, 1_000);
    const [first, second] = [await enqueue("c1"), await enqueue("c2")];
    expect(first.writes.some(({ table, before }) => table === "conversations" && before !== null)).toBe(true);
    expect([retries(first, second), retries(second, first)]).toEqual([[], []]);
  });

  it("settles of two conversations that both become ready again", async () => {
    const jobs = [];
    for (const worker of ["w1", "w2"]) {
      await world.send(`of ${worker}`, "first");
      jobs.push(await world.mustClaim(worker));
      await world.send(`of ${worker}`, "second");
    }
    const [first, second] = [
      await footprintOf(world.lib.complete, world.lease("w1", jobs[0]!)),
      await footprintOf(world.lib.complete, world.lease("w2", jobs[1]!)),
    ];
    expect([retries(first, second), retries(second, first)]).toEqual([[], []]);
  });

  it("the scheduler's pass, the reaper's alarm, the expiry of others' leases, and what workers and users do", async () => {
    const { lease3, lease4 } = await busySystem({ moreForW3: true });
    vi.setSystemTime(START + 65_000);
    const alarm = await world.t.run((ctx) =>
      ctx.db
        .query("alarms")
        .withIndex("by_kind", (q) => q.eq("kind", "reap"))
        .first(),
    );
    const background = [
      await footprintOf(internal.queue.observe, {}),
      await footprintOf(internal.queue.reapOnAlarm, { alarm: alarm!._id }),
      await footprintOf(internal.queue.expireLease, { lease: lease4.leaseId.split(".")[1] as never }),
    ];
    expect(background[2]!.writes.map(({ table }) => table)).toContain("conversations");
    const foreground = [
      await claim("w1"),
      await enqueue("c1"),
      await enqueue("c3"),
      await footprintOf(world.lib.heartbeat, lease3),
      await footprintOf(world.lib.settle, { ...lease3, ...settlement }),
    ];
    for (const back of background) {
      for (const front of foreground) expect([retries(back, front), retries(front, back)]).toEqual([[], []]);
    }
  });
});

describe("one key used twice at the same time", () => {
  it("conflicts, so that the second sees the first", async () => {
    const [first, second] = [await enqueue("c1", "k"), await enqueue("c2", "k")];
    expect(retries(first, second)).not.toEqual([]);
  });
});

describe("the recorder", () => {
  /** A shared row as a counter would be: patched beside each claim. */
  async function claimWithCounter(workerId: string, conversationId: string): Promise<Footprint> {
    const { footprint, error } = await recordFootprint(schema, () =>
      world.t.mutation(async (ctx) => {
        await ctx.runMutation(world.lib.claim, { workerId, conversationId });
        await ctx.runMutation(world.lib.setPolicies, { policies: { lease: { leaseMs: 61_000 } } });
        throw new RolledBack();
      }),
    );
    if (!(error instanceof RolledBack)) throw error;
    return footprint;
  }

  it("finds a planted shared write between two claims of different conversations", async () => {
    await busySystem({ moreForW3: false });
    await world.t.mutation(world.lib.setPolicies, { policies: {} });
    expect(retries(await claim("w1", "c1"), await claim("w2", "c2"))).toEqual([]);
    const planted = [await claimWithCounter("w1", "c1"), await claimWithCounter("w2", "c2")] as const;
    expect(retries(...planted).join()).toContain("runtimeConfig");
  });

  it("finds a search of the ready line that is not on a stale snapshot", async () => {
    await busySystem({ moreForW3: false });
    const search = {
      worker: "w1",
      lanes: ["default"],
      workspace: null,
      reapAt: 0,
      now: Date.now(),
      dice: [0, 0, 0],
      looksAround: false,
    };
    const { footprint: real } = await recordFootprint(schema, () =>
      world.t.query(internal.queue.findCandidates, search),
    );
    expect(retries(await claim("w1", "c1"), real).join()).toContain("conversations.by_ready");
    expect((await claim("w1")).staleReads.some(({ index }) => index === "by_ready")).toBe(true);
  });

  it("takes a range that was not read to its end only up to the last document", async () => {
    await busySystem({ moreForW3: false });
    const read = (count: number) =>
      recordFootprint(schema, () =>
        world.t.query((ctx) =>
          ctx.db
            .query("conversations")
            .withIndex("by_conversationId", (q) => q.gt("conversationId", "c"))
            .take(count),
        ),
      );
    const arrival = await enqueue("c9");
    expect(retries(arrival, (await read(2)).footprint)).toEqual([]);
    expect(retries(arrival, (await read(50)).footprint)).not.toEqual([]);
  });
});
