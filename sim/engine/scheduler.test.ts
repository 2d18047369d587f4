import { actionGeneric, makeFunctionReference, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
import { expect, it } from "vitest";
import { deploy } from "./deployment.testing.js";
import { Interleaving, type EngineSettings } from "./index.js";

const anything = { args: v.any() };
const mutation = (name: string) => makeFunctionReference<"mutation">(`f:${name}`);
let acted = 0;

const functions = {
  schedule: mutationGeneric({
    ...anything,
    handler: (ctx, { name, delayMs, ...args }: { name: string; delayMs: number }) =>
      ctx.scheduler.runAfter(delayMs, mutation(name), args),
  }),
  cancel: mutationGeneric({
    ...anything,
    handler: async (ctx, { id }: { id: never }) => {
      await ctx.scheduler.cancel(id);
    },
  }),
  look: queryGeneric({
    ...anything,
    handler: async (ctx, { id }: { id: never }) => (await ctx.db.system.get(id)) as unknown,
  }),
  add: mutationGeneric({
    ...anything,
    handler: async (ctx, { fail }: { fail?: boolean }) => {
      await ctx.db.insert("done", { at: Date.now() });
      if (fail) throw new Error("no luck");
    },
  }),
  /** Everybody writes the one row. */
  count: mutationGeneric({
    ...anything,
    handler: async (ctx) => {
      const row = await ctx.db.query("counter").first();
      if (row) await ctx.db.patch(row._id, { n: (row.n as number) + 1 });
      else await ctx.db.insert("counter", { n: 1 });
    },
  }),
  act: actionGeneric({
    ...anything,
    handler: async (ctx, { fail }: { fail?: boolean }) => {
      acted += 1;
      await ctx.scheduler.runAfter(0, mutation("add"), {});
      if (fail) throw new Error("no luck");
    },
  }),
};
async function world(settings: EngineSettings = {}) {
  const time = new Interleaving({ seed: 1 });
  const deployed = await deploy(functions, { ...settings, pace: time });
  return {
    ...deployed,
    time,
    run: (name: string, args = {}) => time.drive(deployed.run(name, args)),
    jobs: () =>
      deployed.rows("_scheduled_functions") as {
        _id: string;
        name: string;
        state: object;
        completedTime?: number;
      }[],
  };
}

it("runs a mutation at its time, exactly once, and says so in the row", async () => {
  const { run, rows, jobs, time } = await world();
  const id = await run("schedule", { name: "add", delayMs: 60_000 });
  const begin = time.now();
  await time.pass(59_000);
  expect([rows("done"), jobs()[0]?.state]).toEqual([[], { kind: "pending" }]);
  await time.pass(3_000);
  expect(rows("done")).toHaveLength(1);
  expect(rows("done")[0]!.at).toBeGreaterThanOrEqual(begin + 59_990);
  expect(await run("look", { id })).toMatchObject({
    _id: id,
    name: "f.js:add",
    args: [{}],
    state: { kind: "success" },
  });
});

it("runs what must be run however many conflicts it meets, each once", async () => {
  const { run, rows, jobs, time, engine } = await world({ transactionMs: 50 });
  for (let n = 0; n < 30; n += 1) await run("schedule", { name: "count", delayMs: 5_000 });
  await time.pass(600_000);
  expect(rows("counter")).toMatchObject([{ n: 30 }]);
  expect(jobs().every(({ state }) => JSON.stringify(state) === '{"kind":"success"}')).toBe(true);
  const counted = engine.stats().functions.find(({ function: name }) => name === "f:count")!;
  expect(counted).toMatchObject({ calls: 30, errors: 0 });
  expect(counted.worstAttempts).toBeGreaterThan(5);
});

it("marks a mutation that throws as failed and keeps none of its writes", async () => {
  const { run, rows, jobs, time } = await world();
  await run("schedule", { name: "add", delayMs: 10, fail: true });
  await time.pass(1_000);
  expect(rows("done")).toEqual([]);
  expect(jobs()).toMatchObject([{ state: { kind: "failed", error: "Error: no luck" } }]);
});

it("begins an action once, and what that has scheduled is kept when it fails", async () => {
  const { run, rows, jobs, time } = await world();
  acted = 0;
  await run("schedule", { name: "act", delayMs: 10, fail: true });
  await run("schedule", { name: "act", delayMs: 10 });
  await time.pass(1_000);
  expect([acted, rows("done").length]).toEqual([2, 2]);
  expect(jobs().map(({ name, state }) => [name, (state as { kind: string }).kind])).toEqual([
    ["f.js:act", "failed"],
    ["f.js:act", "success"],
    ["f.js:add", "success"],
    ["f.js:add", "success"],
  ]);
});

it("does not run what was cancelled", async () => {
  const { run, rows, jobs, time } = await world();
  const id = await run("schedule", { name: "add", delayMs: 1_000 });
  await run("cancel", { id });
  await time.pass(10_000);
  expect([rows("done"), jobs()[0]?.state]).toEqual([[], { kind: "canceled" }]);
  await expect(run("cancel", { id: "nonsense" })).rejects.toThrow("no scheduled function of this component");
});

it("refuses queries, unknown functions and times years away", async () => {
  const { run } = await world();
  await expect(run("schedule", { name: "look", delayMs: 0 })).rejects.toThrow("Queries cannot be scheduled");
  await expect(run("schedule", { name: "nothing", delayMs: 0 })).rejects.toThrow(
    "Couldn't resolve f:nothing",
  );
  await expect(run("schedule", { name: "add", delayMs: 6 * 365 * 86_400_000 })).rejects.toThrow("five years");
});

it("forgets finished rows after their time", async () => {
  const { run, jobs, time } = await world({ scheduledRetentionMs: 60_000 });
  await run("schedule", { name: "add", delayMs: 0 });
  await run("schedule", { name: "add", delayMs: 100_000 });
  await time.pass(50_000);
  expect(jobs()).toHaveLength(2);
  await time.pass(100_000);
  expect(jobs()).toHaveLength(1);
});

it("runs nothing more after the end", async () => {
  const { run, rows, time, engine } = await world();
  await run("schedule", { name: "add", delayMs: 1_000 });
  engine.close();
  await time.pass(10_000);
  expect(rows("done")).toEqual([]);
  await expect(run("schedule", { name: "add", delayMs: 0 })).rejects.toThrow("closed");
});
