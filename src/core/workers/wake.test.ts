import { describe, expect, it } from "vitest";
import { START, useWorld } from "../../../test/component/world.js";
import { internal } from "../../component/_generated/api.js";

const world = useWorld();

const listen = (workerId: string, fields: { stateful?: boolean; workspaceId?: string } = {}) =>
  world.t.mutation(world.lib.claim, { workerId, listens: true, ...fields });
const seqOf = async (workerId: string) => (await world.t.query(world.lib.workerWake, { workerId })).seq;
const seqs = (workers: string[]) => Promise.all(workers.map(seqOf));
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const names = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`);
/** What a transaction of the component costs. */
const metrics = (body: (ctx: Parameters<Parameters<typeof world.t.run>[0]>[0]) => Promise<unknown>) =>
  world.t.run(async (ctx) => {
    await body(ctx);
    return (await ctx.meta.getTransactionMetrics()).documentsRead.used;
  });

describe("waking", () => {
  it("rings one idle worker for one message, and no second one while it is on its way", async () => {
    const workers = names(5);
    for (const worker of workers) await listen(worker);
    await world.send("c1", "hello");
    await world.pass(500);
    const rung = await seqs(workers);
    expect(rung.filter((seq) => seq > 0)).toEqual([1]);
    await world.pass(500);
    expect((await seqs(workers)).filter((seq) => seq > 0)).toHaveLength(1);
  });

  it("rings as many workers as conversations are ready, and nobody for a second message of one", async () => {
    const workers = names(5);
    for (const worker of workers) await listen(worker);
    for (const conversation of ["a", "b", "c"]) await world.send(conversation, "one");
    await world.send("a", "two");
    await world.pass(500);
    expect(await seqs(workers).then((all) => all.filter((seq) => seq > 0).length)).toBe(3);
  });

  it("rings another when the first does not come, and not the first one again before the others", async () => {
    const workers = names(2);
    for (const worker of workers) await listen(worker);
    await world.send("c1", "hello");
    await world.pass(500);
    const [first] = await seqs(workers);
    await world.pass(7_000);
    const after = await seqs(workers);
    expect(after.every((seq) => seq > 0)).toBe(true);
    expect(first === 0 ? after[0] : after[1]).toBe(1);
  });

  it("rings a worker that just served one for the next message at once", async () => {
    await listen("w0");
    for (const conversation of ["a", "b", "c"]) {
      const before = await seqOf("w0");
      await world.send(conversation, "hello");
      await world.pass(500);
      expect(await seqOf("w0")).toBeGreaterThan(before);
      await world.complete("w0", await world.mustClaim("w0"));
    }
  });

  it("rings nobody who is busy, drains, serves other lanes or workspaces, or does not listen", async () => {
    await world.agent("other", { workspace: "acme" });
    await world.t.mutation(world.lib.claim, { workerId: "polls" });
    await listen("elsewhere", { workspaceId: "globex" });
    await listen("busy");
    await world.send("first", "keeps it busy");
    await world.mustClaim("busy");
    await world.send("c1", "hello", { agentKey: "other" });
    await world.send("c2", "hello", { tag: "gpu" });
    await world.pass(10_000);
    expect(await seqs(["polls", "elsewhere", "busy"])).toEqual([0, 0, 0]);
    await listen("right", { workspaceId: "acme" });
    const right = await world.t.query(world.lib.queueStats, {});
    expect(right.processing).toBe(2);
  });

  it("rings the worker that holds the conversation's memory, and no other", async () => {
    await world.send("c1", "one");
    const job = await listen("owner", { stateful: true });
    await world.complete("owner", job!);
    await listen("other");
    await world.send("c1", "two");
    await world.pass(500);
    expect(await seqs(["owner", "other"])).toEqual([1, 0]);
  });

  it("is not held up by a backlog that nobody can take", async () => {
    await world.send("stuck", "no worker", { tag: "gpu" });
    await world.pass(12_000);
    await listen("w0");
    await world.pass(1_000);
    await world.send("c1", "hello");
    await world.pass(500);
    expect(await seqOf("w0")).toBe(1);
  });

  it("tells a worker that shall drain", async () => {
    await listen("w0");
    await world.t.run(async (ctx) => {
      const { transitionWorker } = await import("./transition.js");
      const { findWorker } = await import("./register.js");
      await transitionWorker(ctx, (await findWorker(ctx, "w0"))!, "draining");
    });
    expect(await seqOf("w0")).toBe(1);
    expect(await world.t.mutation(world.lib.poll, { workerId: "w0" })).toMatchObject({
      job: null,
      idle: { shouldStop: true },
    });
  });

  it("forgets rows that nobody rang for a week", async () => {
    await world.t.run((ctx) => ctx.db.insert("wakes", { worker: "old", seq: 3, at: START - 8 * 86_400_000 }));
    await world.t.run((ctx) => ctx.db.insert("wakes", { worker: "new", seq: 3, at: START }));
    const { sweepWakes } = await import("./sweepWakes.js");
    expect(await world.t.run((ctx) => sweepWakes(ctx))).toBe(1);
    expect(await seqs(["old", "new"])).toEqual([0, 3]);
  });
});

describe("what waiting costs", () => {
  it("a claim and a wake query cost the same documents with 200 idle listeners as with one", async () => {
    const cost = async (worker: string) => {
      await world.send(`for ${worker}`, "hello");
      const claimed = await metrics((ctx) => ctx.runMutation(world.lib.claim, { workerId: worker }));
      const asked = await metrics((ctx) => ctx.runQuery(world.lib.workerWake, { workerId: worker }));
      return [claimed, asked];
    };
    await world.pass(1_000);
    await world.send("warm", "so that the reaper is armed for the same grid point as below");
    await world.mustClaim("other");
    await listen("w0");
    await world.pass(1_000);
    const alone = await cost("w0");
    for (const worker of names(200).slice(1)) await listen(worker);
    await world.pass(1_000);
    expect(await cost("w1")).toEqual(alone);
    expect(alone[1]).toBeLessThanOrEqual(1);
  });

  it("a pass looks at a handful of 200 idle listeners for one message", async () => {
    for (const worker of names(200)) await listen(worker);
    await world.send("c1", "hello");
    const read = await metrics((ctx) => ctx.runMutation(internal.queue.observe, {}));
    expect(read).toBeLessThan(30);
    expect(sum(await seqs(names(200)))).toBe(1);
  });
});

describe("the hint of an empty claim", () => {
  const poll = (workerId: string) => world.t.mutation(world.lib.poll, { workerId });
  const hint = async (workerId: string) => (await poll(workerId)).idle?.retryAfterMs;

  it("is short while work is around, grows in the quiet, and knows what comes due", async () => {
    expect(await poll("w0")).toEqual({ job: null, idle: { retryAfterMs: 60_000, shouldStop: false } });
    await world.send("c1", "hello");
    await world.complete("w0", await world.mustClaim("w0"));
    expect(await hint("w0")).toBe(1_000);
    await world.pass(120_000, 10_000);
    expect(await hint("w0")).toBe(12_000);
    await world.send("c1", "later", { scheduledFor: Date.now() + 5_000 });
    expect(await hint("w0")).toBeLessThanOrEqual(5_000);
  });

  it("is a minute for a listener", async () => {
    await world.send("c1", "hello");
    await listen("w1");
    await listen("w0");
    expect(await hint("w0")).toBe(60_000);
  });

  it("does not come with a job", async () => {
    await world.send("c1", "hello");
    expect(await poll("w0")).toMatchObject({ job: { conversationId: "c1" }, idle: null });
  });

  it("comes to a worker that keeps one conversation's memory as to any other", async () => {
    const claim = { workerId: "w0", stateful: true };
    await world.send("c1", "hello");
    await world.complete("w0", (await world.t.mutation(world.lib.claim, claim))!);
    await world.pass(120_000, 10_000);
    expect(await world.t.mutation(world.lib.poll, claim)).toMatchObject({
      job: null,
      idle: { retryAfterMs: 12_000, shouldStop: false },
    });
  });
});
