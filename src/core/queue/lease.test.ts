import { describe, expect, it, vi } from "vitest";
import { START, textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

describe("leases", () => {
  it("held → backoff → ready: an expiry counts as an attempt, and the zombie's writes are refused", async () => {
    await world.send("c1", "one");
    const lost = await world.mustClaim("w1");
    await world.pass(72_000, 1_000);
    const again = await world.mustClaim("w2");
    expect([again.messageId, again.attempt]).toEqual([lost.messageId, 2]);
    expect(await world.t.mutation(world.lib.heartbeat, world.lease("w1", lost))).toBe(false);
    expect(await world.t.mutation(world.lib.renewLease, world.lease("w1", lost))).toEqual({
      ok: false,
      reason: "lease_lost",
    });
    expect(await world.complete("w1", lost)).toBe(false);
    expect(await world.fail("w1", lost)).toEqual({
      requeued: false,
      deadLettered: false,
      nextScheduledFor: null,
    });
    expect(
      await world.t.mutation(world.lib.settle, {
        ...world.lease("w1", lost),
        reply: { text: "x", parts: 1 },
      }),
    ).toEqual({
      ok: false,
      reason: "lease_lost",
    });
    expect(await world.complete("w2", again)).toBe(true);
    expect(await world.complete("w2", again)).toBe(false);
  });

  it("a message counts the attempts that failed; a message id that is none is refused by every call, whatever the lease", async () => {
    const id = await world.send("c1", "one");
    await world.fail("w1", await world.mustClaim("w1"));
    await world.pass(2_000);
    const job = await world.mustClaim("w1");
    const lease = { ...world.lease("w1", job), messageId: "nonsense" };
    const { t, lib } = world;
    for (const leaseId of [job.leaseId, "nonsense"]) {
      const args = { ...lease, leaseId };
      const calls = [
        t.mutation(lib.heartbeat, args),
        t.mutation(lib.renewLease, args),
        t.mutation(lib.complete, args),
        t.mutation(lib.fail, { ...args, errorMessage: "boom" }),
        t.mutation(lib.settle, args),
        t.query(lib.getHydrationBundle, { messageId: args.messageId, workspaceId: "default" }),
        t.mutation(lib.attachMessageMetadata, { messageId: args.messageId, metadata: {} }),
      ];
      for (const call of calls)
        await expect(call).rejects.toThrow('Expected ID for table \\"messageQueue\\"');
    }
    await world.complete("w1", job);
    const items = await t.query(lib.listQueueItemsForConversation, { conversationId: "c1" });
    expect(items).toMatchObject([{ _id: id, status: "done", attempts: 1 }]);
  });

  it("stays held as long as heartbeats come", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    for (let i = 0; i < 10; i += 1) {
      await world.pass(15_000, 1_000);
      expect(await world.t.mutation(world.lib.heartbeat, world.lease("w1", job))).toBe(true);
    }
    expect(await world.claim("w2")).toBeNull();
    expect(await world.complete("w1", job)).toBe(true);
  });

  it("accepts a late complete while nobody has claimed again", async () => {
    await world.send("c1", "one");
    await world.send("c1", "two");
    const job = await world.mustClaim("w1");
    await world.pass(71_000, 1_000);
    expect(await world.complete("w1", job)).toBe(true);
    expect(textOf(await world.claim("w2"))).toBe("two");
  });

  it("takes a dead letter back when its own expiry made it one and the worker finished", async () => {
    await world.send("c1", "one", { maxAttempts: 1 });
    const job = await world.mustClaim("w1");
    await world.pass(71_000, 1_000);
    expect((await world.t.query(world.lib.queueStats, {})).deadLetter).toBe(1);
    expect(await world.complete("w1", job)).toBe(true);
    expect((await world.t.query(world.lib.queueStats, {})).deadLetter).toBe(0);
    expect(await world.complete("w1", job)).toBe(false);
  });

  it("accepts a late complete from the lease's own worker only", async () => {
    await world.send("c1", "one", { maxAttempts: 1 });
    await world.send("c2", "two");
    const gone = await world.mustClaim("w1");
    const late = await world.mustClaim("w2");
    await world.pass(71_000, 1_000);
    expect(await world.complete("w3", gone)).toBe(false);
    expect(await world.complete("w3", late)).toBe(false);
    expect(await world.complete("w1", gone)).toBe(true);
    expect(await world.complete("w2", late)).toBe(true);
  });

  it("refuses foreign and malformed lease ids without an error, and says which id is malformed", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    for (const leaseId of ["", "x", "a.b", "a.b.c", `${job.leaseId}x`]) {
      expect(await world.t.mutation(world.lib.heartbeat, { ...world.lease("w1", job), leaseId })).toBe(false);
    }
    expect(await world.complete("w2", job)).toBe(false);
    await expect(world.complete("w1", { ...job, messageId: "nonsense" })).rejects.toThrow(
      "Expected ID for table",
    );
  });

  it("releases overdue leases on request", async () => {
    await world.send("c1", "one");
    await world.mustClaim("w1");
    expect(await world.t.mutation(world.lib.releaseStuckJobs, {})).toEqual({ requeued: 0, unlocked: 0 });
    vi.setSystemTime(START + 61_000);
    expect(await world.t.mutation(world.lib.releaseStuckJobs, {})).toEqual({ requeued: 1, unlocked: 1 });
    await world.pass(1_500);
    expect((await world.mustClaim("w2")).attempt).toBe(2);
  });
});

describe("worker tokens", () => {
  const mint = (fields: { workspace?: string; tags?: string[]; workerId?: string }) =>
    world.t.mutation(world.lib.createAgentWorkerToken, fields);
  const claimWith = (workerToken: string, workerId = "w1") =>
    world.t.mutation(world.lib.claim, { workerId, workerToken, hydrate: true });

  it("take only their lanes and their workspace", async () => {
    await world.agent("acme", { workspace: "acme", tag: "gpu" });
    await world.send("c1", "default lane");
    await world.send("c2", "gpu of acme", { agentKey: "acme" });
    const { token: elsewhere } = await mint({ workspace: "other", tags: ["default", "gpu"] });
    expect(await claimWith(elsewhere, "w0")).toBeNull();
    const { token: gpu } = await mint({ workspace: "acme", tags: ["gpu"] });
    expect(textOf(await claimWith(gpu))).toBe("gpu of acme");
    expect(await claimWith(gpu)).toBeNull();
  });

  it("do not let one worker act for another by naming it", async () => {
    const { token } = await mint({});
    await world.send("c1", "one");
    const job = await claimWith(token);
    if (!job) throw new Error("nothing to claim");
    const guess = { workerToken: token, workerId: "w1" };
    const { messageId, leaseId } = job;
    const turn = { conversationId: "c1", messages: [{ role: "user" as const, content: "x" }] };
    const bundle = (fields: object) =>
      world.t.query(world.lib.getHydrationBundle, { messageId, workspaceId: "default", ...guess, ...fields });
    expect(await bundle({})).toBeNull();
    expect(await bundle({ leaseId })).not.toBeNull();
    expect(await bundle({ leaseId, workerId: "w2" })).toBeNull();
    await expect(
      world.t.mutation(world.lib.appendConversationMessages, { ...turn, ...guess }),
    ).rejects.toThrow("lease_lost");
    const attach = (fields: object) =>
      world.t.mutation(world.lib.attachMessageMetadata, {
        messageId,
        metadata: { a: "b" },
        ...guess,
        ...fields,
      });
    expect(await attach({})).toBe(false);
    expect(await attach({ leaseId })).toBe(true);
  });

  it("bound to a worker stand for its own current lease", async () => {
    const { token } = await mint({ workerId: "w1" });
    await world.send("c1", "one");
    await claimWith(token);
    const messages = [{ role: "assistant" as const, content: "answer" }];
    const args = { conversationId: "c1", messages, workerToken: token };
    expect(await world.t.mutation(world.lib.appendConversationMessages, args)).toEqual({
      updated: true,
      messageCount: 1,
    });
  });

  it("are refused from the next call on once revoked, and the message goes to another", async () => {
    const { token, tokenId } = await mint({});
    await world.send("c1", "one");
    const job = await claimWith(token);
    if (!job) throw new Error("nothing to claim");
    await world.t.mutation(world.lib.revokeWorkerToken, { tokenId });
    await expect(
      world.t.mutation(world.lib.complete, { ...world.lease("w1", job), workerToken: token }),
    ).rejects.toThrow("worker_token_revoked");
    await world.pass(72_000, 1_000);
    expect((await world.mustClaim("w2")).messageId).toBe(job.messageId);
  });
});
