import {
  actionGeneric,
  defineSchema,
  defineTable,
  makeFunctionReference,
  mutationGeneric,
  queryGeneric,
} from "convex/server";
import { ConvexError, v } from "convex/values";
import { describe, expect, it, vi } from "vitest";
import { deploy } from "./deployment.testing.js";

const anything = { args: v.any() };
const mutation = (name: string) => makeFunctionReference<"mutation">(`f:${name}`);
const query = (name: string) => makeFunctionReference<"query">(`f:${name}`);
const schema = defineSchema({
  rows: defineTable({ n: v.number(), ts: v.optional(v.commitTs()) })
    .index("by_n", ["n"])
    .index("by_ts", ["ts"]),
  shapes: defineTable(
    v.union(v.object({ kind: v.literal(5n) }), v.object({ names: v.record(v.id("rows"), v.number()) })),
  ),
});

const forgotten: string[] = [];

const functions = {
  add: mutationGeneric({
    ...anything,
    handler: async (ctx, { n, fail }: { n: number; fail?: boolean }) => {
      const id = await ctx.db.insert("rows", { n });
      await ctx.scheduler.runAfter(1_000_000, mutation("add"), { n: -n });
      if (fail) throw new ConvexError({ code: "no", n: BigInt(n) });
      return id;
    },
  }),
  all: queryGeneric({
    ...anything,
    handler: async (ctx) =>
      (await ctx.db.query("rows").withIndex("by_n").collect()).map((row) => row.n as number),
  }),
  nest: mutationGeneric({
    ...anything,
    handler: async (ctx) => {
      await ctx.db.insert("rows", { n: 1 });
      const caught: unknown = await ctx
        .runMutation(mutation("add"), { n: 2, fail: true })
        .catch((error: unknown) => (error as ConvexError<never>).data);
      await ctx.runMutation(mutation("add"), { n: 3 });
      const seen: unknown = await ctx.runQuery(query("all"), {});
      const stale: unknown = await ctx.runQuery(query("all"), {}, { useStaleSnapshot: true });
      return { caught, seen, stale };
    },
  }),
  siblings: mutationGeneric({
    ...anything,
    handler: async (ctx) => {
      const one = ctx.runMutation(mutation("add"), { n: 5, fail: true }).catch(() => "failed");
      const [first, , seen] = await Promise.all([
        one,
        ctx.db.insert("rows", { n: 4 }),
        ctx.runQuery(query("all"), {}),
      ]);
      return { first, seen: seen as unknown };
    },
  }),
  stamp: mutationGeneric({
    ...anything,
    handler: async (ctx) => {
      const id = await ctx.db.insert("rows", { n: 0, ts: ctx.db.vars.commitTs });
      const last = await ctx.db.query("rows").withIndex("by_ts").order("desc").first();
      return { isLast: last?._id === id, ts: ctx.db.vars.commitTs };
    },
  }),
  scheduleStamp: mutationGeneric({
    ...anything,
    handler: (ctx) => ctx.scheduler.runAfter(0, mutation("add"), { n: ctx.db.vars.commitTs }),
  }),
  move: mutationGeneric({
    ...anything,
    handler: async (ctx, { from, to }: { from: number; to: number }) => {
      const row = await ctx.db
        .query("rows")
        .withIndex("by_n", (q) => q.eq("n", from))
        .unique();
      await ctx.db.patch("rows", row!._id as never, { n: to });
      return (
        await ctx.db
          .query("rows")
          .withIndex("by_n", (q) => q.gt("n", 0).lte("n", to))
          .collect()
      ).length;
    },
  }),
  many: mutationGeneric({
    ...anything,
    handler: async (ctx, { n }: { n: number }) => {
      for (let left = n; left > 0; left -= 1) await ctx.db.insert("rows", { n });
    },
  }),
  clocks: mutationGeneric({
    ...anything,
    handler: async () => {
      const began = Date.now();
      while (performance.now() % 5 < 4.5);
      await crypto.subtle.digest("SHA-256", new Uint8Array(1));
      return {
        isFrozen: Date.now() === began && new Date().getTime() === began,
        isDate: new Date() instanceof Date,
      };
    },
  }),
  forbidden: mutationGeneric({
    ...anything,
    handler: async (_ctx, { what }: { what: string }) => {
      if (what === "fetch()") await fetch("http://127.0.0.1:9");
      else if (what === "setInterval") setInterval(() => undefined, 1);
      else setTimeout(() => undefined, 1);
    },
  }),
  wait: actionGeneric({
    ...anything,
    handler: async () => {
      const began = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return Date.now() - began;
    },
  }),
  shape: mutationGeneric({
    ...anything,
    handler: (ctx, { value }: { value: never }) => ctx.db.insert("shapes", value),
  }),
  put: mutationGeneric({
    ...anything,
    handler: (ctx, { table, value }: { table: string; value: never }) => ctx.db.insert(table, value),
  }),
  replace: mutationGeneric({
    ...anything,
    handler: async (ctx, { id, value }: { id: never; value: never }) => {
      await ctx.db.replace(id, value);
    },
  }),
  exact: mutationGeneric({
    args: { id: v.id("rows"), flags: v.optional(v.record(v.string(), v.boolean())) },
    returns: v.object({ n: v.number() }),
    handler: (_ctx, { flags }) => Promise.resolve(flags ? ({ n: "text" } as never) : { n: 1 }),
  }),
  forgets: mutationGeneric({
    ...anything,
    handler: (ctx) => {
      const work = crypto.subtle.digest("SHA-256", new Uint8Array(1));
      void work
        .then(() => ctx.db.insert("rows", { n: 9 }))
        .catch((error: Error) => forgotten.push(error.message));
      return null;
    },
  }),
};
const world = () => deploy(functions, { schema });

describe("nested calls", () => {
  it("are one transaction: a mutation that throws takes back its own writes and jobs, and its caller goes on", async () => {
    const { run, rows } = await world();
    expect(await run("nest")).toEqual({ caught: { code: "no", n: 2n }, seen: [1, 3], stale: [] });
    expect(rows("rows").map(({ n }) => n)).toEqual([1, 3]);
    expect(rows("_scheduled_functions").map(({ args }) => args)).toEqual([[{ n: -3 }]]);
  });

  it("take effect one after the other in the order in which they began", async () => {
    const { run, rows } = await world();
    expect(await run("siblings")).toEqual({ first: "failed", seen: [4] });
    expect(rows("rows").map(({ n }) => n)).toEqual([4]);
  });

  it("that nobody waited for change nothing after the end", async () => {
    const { run, rows } = await world();
    await run("forgets");
    await vi.waitFor(() => expect(forgotten).toEqual(["The function is over; await all its calls"]));
    expect(rows("rows")).toEqual([]);
  });
});

describe("writes", () => {
  it("are seen by the transaction itself, in every index, and by others when all of it is committed", async () => {
    const { run, rows, pace } = await world();
    await run("add", { n: 1 });
    await run("add", { n: 2 });
    const others: unknown[] = [];
    const seen = await pace.overlap(
      () => run("move", { from: 1, to: 7 }),
      async () => others.push(await run("all")),
    );
    expect(seen).toBe(2);
    expect(others).toEqual([[1, 2]]);
    expect(await run("all")).toEqual([2, 7]);
    await expect(run("add", { n: 3, fail: true })).rejects.toMatchObject({ data: { code: "no", n: 3n } });
    expect(rows("rows")).toHaveLength(2);
  });

  it("have creation times in their order, within a transaction and from one to the next", async () => {
    const { run, rows } = await world();
    await run("many", { n: 20 });
    await run("many", { n: 3 });
    expect(rows("rows").map(({ n }) => n)).toEqual([...Array<number>(20).fill(20), 3, 3, 3]);
    expect(new Set(rows("rows").map(({ _creationTime }) => _creationTime)).size).toBe(23);
  });

  it("get the commit's timestamp where its placeholder was put, in documents and in the result", async () => {
    const { run, rows } = await world();
    const results = [await run("stamp"), await run("stamp")] as { isLast: boolean; ts: bigint }[];
    expect(results.map(({ isLast }) => isLast)).toEqual([true, true]);
    expect(rows("rows").map(({ ts }) => ts)).toEqual(results.map(({ ts }) => ts));
    expect(results[1]!.ts > results[0]!.ts).toBe(true);
    await expect(run("scheduleStamp")).rejects.toThrow("cannot be scheduled");
  });

  it("are refused when the schema says otherwise, records and literals included", async () => {
    const { run } = await world();
    const id = (await run("add", { n: 1 })) as string;
    await run("shape", { value: { kind: 5n } });
    await run("shape", { value: { names: { [id]: 1 } } });
    for (const value of [
      { kind: 6n },
      { names: { other: 1 } },
      { names: { [id]: "one" } },
      { kind: 5n, more: 1 },
    ])
      await expect(run("shape", { value })).rejects.toThrow(/does not match the schema: [^]*Validator: v\./);
    await expect(run("put", { table: "elsewhere", value: {} })).rejects.toThrow("not in the schema");
    await expect(run("put", { table: "rows", value: { n: 1, _private: 1 } })).rejects.toThrow("underscore");
    await expect(run("replace", { id, value: {} })).rejects.toThrow("missing the required field `n`");
    await expect(run("replace", { id: "nonsense", value: { n: 1 } })).rejects.toThrow("no ID of a table");
  });
});

describe("arguments and results", () => {
  it("are held against their validators, ids against the table", async () => {
    const { run } = await world();
    const id = (await run("add", { n: 1 })) as string;
    const shape = (await run("shape", { value: { kind: 5n } })) as string;
    expect(await run("exact", { id })).toEqual({ n: 1 });
    await expect(run("exact", { id: shape })).rejects.toThrow(/^ArgumentValidationError: .*\nPath: \.id/);
    await expect(run("exact", { id, flags: { a: 1 } })).rejects.toThrow(
      /^ArgumentValidationError: .*\nPath: \.flags\.a/,
    );
    await expect(run("exact", { id, other: 1 })).rejects.toThrow("extra field `other`");
    await expect(run("exact", { id, flags: {} })).rejects.toThrow(/^ReturnsValidationError: .*\nPath: \.n/);
  });
});

describe("the surroundings of a function", () => {
  it("have a clock that stands still in transactions and goes on in actions", async () => {
    const { run } = await world();
    expect(await run("clocks")).toEqual({ isFrozen: true, isDate: true });
    expect(await run("wait")).toBeGreaterThanOrEqual(15);
  });

  it.each(["fetch()", "setTimeout", "setInterval"])("refuse %s in transactions", async (what) => {
    const { run } = await world();
    await expect(run("forbidden", { what })).rejects.toThrow(`Can't use ${what} in queries and mutations.`);
  });
});
