import {
  defineSchema,
  defineTable,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import { v } from "convex/values";
import { describe, expect, it } from "vitest";
import { deploy } from "./deployment.testing.js";
import { WriteConflict } from "./index.js";

const schema = defineSchema({
  jobs: defineTable({ lane: v.string(), at: v.number(), note: v.optional(v.string()) }).index("by_lane", [
    "lane",
    "at",
  ]),
  log: defineTable({ line: v.any() }),
});
const anything = { args: v.any() };
type Row = { lane: string; at: number };
const read = makeFunctionReference<"query">("f:read");

/** Reads by `how`, and writes a line, without which nothing would be retried. */
const functions = {
  seed: mutationGeneric({
    ...anything,
    handler: async (ctx, { rows }: { rows: Row[] }) => {
      const ids = [];
      for (const row of rows) ids.push(await ctx.db.insert("jobs", row));
      return ids;
    },
  }),
  read: queryGeneric({
    ...anything,
    handler: async (
      ctx,
      { how, lane, n, order }: { how: string; lane: string; n: number; order?: "asc" | "desc" },
    ) => {
      const query = ctx.db
        .query("jobs")
        .withIndex("by_lane", (q) => q.eq("lane", lane))
        .order(order ?? "asc");
      if (how === "take") return (await query.take(n)).map((row) => row.at as number);
      if (how === "filter") return (await query.filter((q) => q.eq(q.field("at"), n)).collect()).length;
      if (how === "break") for await (const row of query) return row.at as number;
      return (await query.collect()).map((row) => row.at as number);
    },
  }),
  look: mutationGeneric({
    ...anything,
    handler: async (ctx, { stale, silent, ...args }: { stale?: boolean; silent?: boolean; how: string }) => {
      const seen: unknown = await ctx.runQuery(read, args, stale ? { useStaleSnapshot: true } : {});
      if (!silent) await ctx.db.insert("log", { line: seen });
      return seen;
    },
  }),
  patch: mutationGeneric({
    ...anything,
    handler: async (ctx, { id, ...fields }: { id: never }) => {
      await ctx.db.patch(id, fields);
    },
  }),
  get: mutationGeneric({
    ...anything,
    handler: async (ctx, { id }: { id: never }) => {
      await ctx.db.insert("log", { line: await ctx.db.get(id) });
    },
  }),
  remove: mutationGeneric({
    ...anything,
    handler: async (ctx, { id }: { id: never }) => {
      await ctx.db.delete(id);
    },
  }),
};

/** Lane `a` has 10, 20, 30; lane `b` has 10. */
async function world() {
  const deployed = await deploy(functions, { schema });
  const rows = [10, 20, 30].map((at) => ({ lane: "a", at }));
  const ids = (await deployed.run("seed", { rows: [...rows, { lane: "b", at: 10 }] })) as [
    string,
    string,
    string,
    string,
  ];
  deployed.engine.resetStats();
  /** Over which index the first was retried when the second committed before it. */
  const conflicts = async (first: [string, object], second: [string, object]) => {
    deployed.engine.resetStats();
    await deployed.pace.overlap(
      () => deployed.run(first[0], first[1] as never),
      () => deployed.run(second[0], second[1] as never),
    );
    return deployed.engine
      .stats()
      .conflicts.map(({ retried, writer, index }) => `${retried} <- ${writer} on ${index}`);
  };
  const insert = (lane: string, at: number): [string, object] => ["seed", { rows: [{ lane, at }] }];
  return { ...deployed, ids, conflicts, insert };
}
const RETRIED = (writer: string) => [`f:look <- f:${writer} on jobs.by_lane`];
const look = (how: string, fields: object = {}): [string, object] => [
  "look",
  { how, lane: "a", n: 0, ...fields },
];

describe("a transaction that wrote is run again when somebody committed", () => {
  it("a change of a document that it got by id, and of no other", async () => {
    const { ids, conflicts } = await world();
    const patch = (id: string): [string, object] => ["patch", { id, note: "new" }];
    expect(await conflicts(["get", { id: ids[0] }], patch(ids[0]))).toEqual([
      "f:get <- f:patch on jobs.by_id",
    ]);
    expect(await conflicts(["get", { id: ids[0] }], patch(ids[1]))).toEqual([]);
    expect(await conflicts(["get", { id: ids[0] }], ["remove", { id: ids[0] }])).toHaveLength(1);
  });

  it("a row into what it has read: up to the last document of take, first or a loop that it left", async () => {
    for (const how of ["take", "break"]) {
      const { conflicts, insert } = await world();
      expect(await conflicts(look(how, { n: 1 }), insert("a", 15))).toEqual([]);
      expect(await conflicts(look(how, { n: 1 }), insert("a", 5))).toEqual(RETRIED("seed"));
      expect(await conflicts(look(how, { n: 1, order: "desc" }), insert("a", 8))).toEqual([]);
      expect(await conflicts(look(how, { n: 1, order: "desc" }), insert("a", 40))).toEqual(RETRIED("seed"));
    }
  });

  it("a row anywhere in a range that it read to its end, and none beside it", async () => {
    const { conflicts, insert } = await world();
    for (const reading of [look("collect"), look("take", { n: 50 })]) {
      expect(await conflicts(reading, insert("a", 99))).toEqual(RETRIED("seed"));
      expect(await conflicts(reading, insert("b", 15))).toEqual([]);
    }
    expect(await conflicts(look("take", { lane: "empty", n: 1 }), insert("empty", 1))).toEqual(
      RETRIED("seed"),
    );
  });

  it("a document into or out of the range, or a change of one inside it that is not in the index", async () => {
    const { ids, conflicts } = await world();
    const change = (id: string, fields: object): [string, object] => ["patch", { id, ...fields }];
    expect(await conflicts(look("collect"), change(ids[3], { lane: "a" }))).toEqual(RETRIED("patch"));
    expect(await conflicts(look("collect"), change(ids[3], { lane: "b" }))).toEqual(RETRIED("patch"));
    expect(await conflicts(look("collect"), change(ids[0], { note: "x" }))).toEqual(RETRIED("patch"));
    expect(await conflicts(look("collect"), change(ids[3], { note: "x" }))).toEqual([]);
  });

  it("a document that a filter drops, because that was looked at too", async () => {
    const { conflicts, insert } = await world();
    expect(await conflicts(look("filter", { n: 10 }), insert("a", 99))).toEqual(RETRIED("seed"));
  });

  it("the document that it changes itself, which it has to read first", async () => {
    const { ids, rows, conflicts } = await world();
    const [id] = ids;
    expect(await conflicts(["patch", { id, at: 11 }], ["patch", { id, note: "theirs" }])).toHaveLength(1);
    expect(rows("jobs").find((row) => row._id === id)).toMatchObject({ at: 11, note: "theirs" });
  });
});

describe("a transaction is not run again", () => {
  it("for inserts beside inserts", async () => {
    const { conflicts, insert } = await world();
    expect(await conflicts(insert("a", 1), insert("a", 1))).toEqual([]);
  });

  it("when it wrote nothing, whatever it read", async () => {
    const { conflicts, insert } = await world();
    expect(await conflicts(look("collect", { silent: true }), insert("a", 99))).toEqual([]);
  });

  it("for what it read on a stale snapshot", async () => {
    const { conflicts, insert } = await world();
    expect(await conflicts(look("collect", { stale: true }), insert("a", 99))).toEqual([]);
  });

  it("for what was committed before it began", async () => {
    const { run, engine, insert } = await world();
    await run(insert("a", 99)[0], insert("a", 99)[1] as never);
    await run("look", look("collect")[1] as never);
    expect(engine.stats().conflicts).toEqual([]);
  });
});

describe("retries", () => {
  it("see the new state, and their waits are Convex's", async () => {
    const { run, pace, engine, insert } = await world();
    const seen = await pace.overlap(
      () => run("look", look("collect")[1] as never),
      () => run(insert("a", 25)[0], insert("a", 25)[1] as never),
    );
    expect(seen).toEqual([10, 20, 25, 30]);
    expect(pace.backOffs).toHaveLength(1);
    expect(pace.backOffs[0]).toBeLessThanOrEqual(100);
    expect(engine.stats().functions.find(({ function: name }) => name === "f:look")).toMatchObject({
      ...{ calls: 1, attempts: 2, worstAttempts: 2, errors: 0, conflictErrors: 0 },
    });
  });

  it("end after four, with Convex's error for the caller and nothing written", async () => {
    const { run, pace, engine, rows, insert } = await world();
    let at = 100;
    const disturb = () => run(insert("a", (at += 1))[0], insert("a", at)[1] as never);
    const commit = pace.beforeCommit.bind(pace);
    let isDisturbing = false;
    pace.beforeCommit = async () => {
      if (isDisturbing) return commit();
      isDisturbing = true;
      await disturb();
      isDisturbing = false;
    };
    const failed = run("look", look("collect")[1] as never);
    await expect(failed).rejects.toThrow(WriteConflict);
    await expect(failed).rejects.toMatchObject({ code: "OptimisticConcurrencyControlFailure", status: 503 });
    await expect(failed).rejects.toThrow(
      /^Documents read from or written to the "jobs" table changed while this mutation was being run and on every subsequent retry\. A call to "f:seed" changed the document with ID "\w+"\. See https:\/\/docs\.convex\.dev\/error#1$/,
    );
    expect(rows("log")).toEqual([]);
    expect(pace.backOffs).toHaveLength(4);
    pace.backOffs.forEach((ms, retry) => expect(ms).toBeLessThanOrEqual(100 * 2 ** retry));
    expect(engine.stats().functions.find(({ function: name }) => name === "f:look")).toMatchObject({
      ...{ calls: 1, attempts: 5, worstAttempts: 5, errors: 1, conflictErrors: 1 },
    });
    expect(engine.stats().conflicts).toEqual([
      { retried: "f:look", writer: "f:seed", index: "jobs.by_lane", count: 5 },
    ]);
  });
});
