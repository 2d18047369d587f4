import { makeFunctionReference, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
import { describe, expect, it } from "vitest";
import { deploy, HeldPace } from "./deployment.testing.js";
import { TooManyWrites } from "./index.js";

const anything = { args: v.any() };
const query = makeFunctionReference<"query">("f:read");
const mutation = (name: string) => makeFunctionReference<"mutation">(`f:${name}`);
type Times = { times: number };
const repeat = async (times: number, body: (n: number) => Promise<unknown>) => {
  for (let n = 0; n < times; n += 1) await body(n);
};

const functions = {
  insert: mutationGeneric({
    ...anything,
    handler: (ctx, { times = 1, value = 0 }: Times & { value?: unknown }) =>
      repeat(times, () => ctx.db.insert("rows", { value })),
  }),
  fill: mutationGeneric({
    ...anything,
    handler: (ctx, { times, bytes }: Times & { bytes: number }) =>
      repeat(times, () => ctx.db.insert("rows", { value: "x".repeat(bytes) })),
  }),
  schedule: mutationGeneric({
    ...anything,
    handler: (ctx, { times }: Times) =>
      repeat(times, () => ctx.scheduler.runAfter(1e9, mutation("insert"), {})),
  }),
  read: queryGeneric({
    ...anything,
    handler: async (ctx) =>
      (
        await ctx.db
          .query("rows")
          .filter((q) => q.eq(q.field("value"), 1))
          .collect()
      ).length,
  }),
  gets: queryGeneric({
    ...anything,
    handler: (ctx, { times, ids }: Times & { ids: never[] }) =>
      repeat(times, (n) => ctx.db.get(ids[n % ids.length]!)),
  }),
  queries: queryGeneric({
    ...anything,
    handler: (ctx, { times }: Times) => repeat(times, () => ctx.db.query("rows").first()),
  }),
  readTwice: mutationGeneric({
    ...anything,
    handler: async (ctx, options: { useStaleSnapshot?: true }) => {
      await ctx.runQuery(query, {}, options);
      await ctx.runQuery(query, {}, options);
      return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
    },
  }),
  capped: mutationGeneric({
    ...anything,
    handler: async (ctx, { documentsWritten }: { documentsWritten: number }) => {
      await ctx.db.insert("rows", { value: 0 });
      const call = ctx.runMutation(
        mutation("insert"),
        { times: 3 },
        { transactionLimits: { documentsWritten } },
      );
      const outcome = await call.then(
        () => "done",
        (error: Error) => error.message,
      );
      await ctx.db.insert("rows", { value: 0 });
      return outcome;
    },
  }),
  call: mutationGeneric({
    ...anything,
    handler: async (ctx, { depth }: { depth: number }): Promise<number> =>
      depth <= 1 ? 1 : 1 + ((await ctx.runMutation(mutation("call"), { depth: depth - 1 })) as number),
  }),
  busy: mutationGeneric({
    ...anything,
    handler: async (ctx, { times, patient }: Times & { patient?: boolean }) => {
      await ctx.db.insert("rows", { value: 0 });
      await repeat(times, () => ctx.runQuery(query, {})).catch((error: unknown) => {
        if (!patient) throw error;
      });
    },
  }),
  echo: queryGeneric({
    ...anything,
    handler: (_ctx, { value }: { value: unknown }) => Promise.resolve(value),
  }),
  make: queryGeneric({
    ...anything,
    handler: (_ctx, { length }: { length: number }) => Promise.resolve(Array<number>(length).fill(0)),
  }),
};

describe("values", () => {
  it("have limits of size, nesting, array length and fields", async () => {
    const { run, rows } = await deploy(functions);
    const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 0);
    const insert = (value: unknown) => run("insert", { value } as never);
    await expect(run("fill", { times: 1, bytes: 1_048_576 })).rejects.toThrow(
      /too large .*> maximum size 1048576 bytes/,
    );
    await expect(insert(nested(16))).rejects.toThrow("too nested (maximum nesting level 16)");
    await expect(insert(nested(64))).rejects.toThrow("too nested (maximum nesting level 64)");
    await expect(insert(Array(8_193).fill(0))).rejects.toThrow("Array length is too long (8193 >");
    await expect(
      insert(Object.fromEntries(Array.from({ length: 1_025 }, (_one, n) => [`f${n}`, 0]))),
    ).rejects.toThrow("too many fields");
    await expect(run("make", { length: 8_193 })).rejects.toThrow("Array length");
    expect(rows("rows")).toEqual([]);
    await insert(nested(15));
    await insert(Array(8_192).fill(0));
    await run("fill", { times: 1, bytes: 1_048_000 });
    expect(rows("rows")).toHaveLength(3);
  });

  it("are refused as arguments with half a surrogate pair in them", async () => {
    const { run } = await deploy(functions);
    for (const value of ["\ud83d", "a\udc00b", { deep: ["\\\ud800"] }])
      await expect(run("echo", { value })).rejects.toMatchObject({
        code: "InvalidArguments",
        message: "Invalid arguments provided",
      });
    for (const value of ["😀", "\u0000", "\\ud800", "\\\\ud800"])
      expect(await run("echo", { value })).toBe(value);
  });
});

describe("a transaction", () => {
  it("may write, read, look at and schedule so much and no more", async () => {
    const limits = {
      documentsWritten: 5,
      documentsRead: 6,
      databaseQueries: 4,
      bytesWritten: 5_000,
      bytesRead: 10_000,
    };
    const { run, rows } = await deploy(functions, { limits });
    await expect(run("insert", { times: 6 })).rejects.toThrow(
      "Too many documents written in a single function execution (limit: 5)",
    );
    await expect(run("fill", { times: 3, bytes: 2_000 })).rejects.toThrow("Too many bytes written");
    expect(rows("rows")).toEqual([]);
    await run("insert", { times: 5 });
    await run("read");
    await run("insert", { times: 2 });
    // Seven rows are looked at although the filter returns none.
    await expect(run("read")).rejects.toThrow(
      "Too many documents read in a single function execution (limit: 6)",
    );
    const ids = rows("rows").map(({ _id }) => _id!);
    await run("gets", { times: 6, ids: ids.slice(0, 4) });
    await expect(run("gets", { times: 5, ids: ids.slice(0, 5) })).rejects.toThrow(
      "Too many reads in a single function execution (limit: 4)",
    );
    await expect(run("queries", { times: 5 })).rejects.toThrow("Too many reads");
  });

  it("schedules a thousand functions, and not one more", async () => {
    const { run, rows } = await deploy(functions);
    await expect(run("schedule", { times: 1_001 })).rejects.toThrow(
      "Too many functions scheduled by this mutation (limit: 1000)",
    );
    await run("schedule", { times: 1_000 });
    expect(rows("_scheduled_functions")).toHaveLength(1_000);
  });

  it("shares its limits with what it calls, except queries on a stale snapshot", async () => {
    const { run } = await deploy(functions, { limits: { documentsRead: 10 } });
    await run("insert", { times: 6 });
    await expect(run("readTwice")).rejects.toThrow("Too many documents read");
    expect(await run("readTwice", { useStaleSnapshot: true })).toBe(0);
  });

  it("may lower the limits of a call, and go on when that is refused", async () => {
    const { run, rows } = await deploy(functions);
    expect(await run("capped", { documentsWritten: 2 })).toContain("Too many documents written");
    expect(rows("rows")).toHaveLength(2);
    expect(await run("capped", { documentsWritten: 3 })).toBe("done");
  });

  it("nests eight functions deep", async () => {
    const { run } = await deploy(functions);
    expect(await run("call", { depth: 8 })).toBe(8);
    await expect(run("call", { depth: 9 })).rejects.toThrow("call depth limit exceeded");
  });

  it("is ended after a second of its own time, counted, even when it catches the error", async () => {
    const { run, rows } = await deploy(functions);
    await run("busy", { times: 190 });
    for (const patient of [false, true])
      await expect(run("busy", { times: 210, patient })).rejects.toThrow(
        "Function execution timed out (maximum duration: 1s)",
      );
    expect(rows("rows")).toHaveLength(1);
  });
});

describe("bytes written per second", () => {
  it("beyond the deployment's class are refused with nothing stored, until the second is over", async () => {
    const pace = new HeldPace();
    let clock = pace.now();
    const { run, rows, engine } = await deploy(functions, {
      pace: Object.assign(pace, { now: () => clock }),
      writeBytesPerSecond: 10_000,
    });
    await run("fill", { times: 4, bytes: 2_000 });
    const refused = run("fill", { times: 1, bytes: 2_000 });
    await expect(refused).rejects.toThrow(TooManyWrites);
    await expect(refused).rejects.toMatchObject({ code: "TooManyWrites", status: 429 });
    expect(rows("rows")).toHaveLength(4);
    clock += 1_000;
    await run("fill", { times: 1, bytes: 2_000 });
    expect(rows("rows")).toHaveLength(5);
    expect(engine.stats().functions).toMatchObject([
      { function: "f:fill", calls: 3, errors: 1, tooManyWrites: 1 },
    ]);
  });
});
