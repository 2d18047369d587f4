import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorld, START, type World } from "../../../test/component/world.js";
import { internal } from "../_generated/api.js";

let world: World;
beforeEach(async () => {
  world = createWorld();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await world.agent();
});
afterEach(async () => {
  expect(await world.t.mutation(internal.queue.sweep.net, {})).toEqual({
    leases: 0,
    backoffs: 0,
    delayed: 0,
    idle: 0,
  });
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const textOf = (job: { payload: { messageText: string } } | null) => job?.payload.messageText;

describe("order", () => {
  it("gives one message of a conversation at a time, in order of arrival", async () => {
    for (const text of ["one", "two", "three"]) await world.send("c1", text);
    const first = await world.mustClaim("w1");
    expect(textOf(first)).toBe("one");
    expect(await world.claim("w2")).toBeNull();
    expect(await world.complete("w1", first)).toBe(true);
    expect(textOf(await world.claim("w2"))).toBe("two");
  });

  it("keeps the order when the first message fails: nothing overtakes a retry", async () => {
    await world.send("c1", "one");
    await world.send("c1", "two");
    await world.fail("w1", await world.mustClaim("w1"));
    expect(await world.claim("w1")).toBeNull();
    await world.pass(1_500);
    const retry = await world.mustClaim("w1");
    expect([textOf(retry), retry.attempt]).toEqual(["one", 2]);
  });

  it("does not let a delayed message hold up the ones that are due", async () => {
    await world.send("c1", "later", { scheduledFor: START + 5_000 });
    await world.send("c1", "now");
    const now = await world.mustClaim("w1");
    expect(textOf(now)).toBe("now");
    await world.complete("w1", now);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(5_100);
    expect(textOf(await world.claim("w1"))).toBe("later");
  });

  it("finds a ready conversation behind the backlog of a busy one", async () => {
    for (let i = 0; i < 60; i += 1) await world.send("busy", `b${i}`);
    await world.mustClaim("w1");
    await world.send("other", "hello", { priority: 0 });
    expect(textOf(await world.claim("w2"))).toBe("hello");
  });

  it("alternates between workspaces whatever their backlogs", async () => {
    await world.agent("big", { workspace: "big" });
    await world.agent("small", { workspace: "small" });
    for (let i = 0; i < 30; i += 1) await world.send(`big${i}`, "big", { agentKey: "big" });
    for (let i = 0; i < 5; i += 1) await world.send(`small${i}`, "small", { agentKey: "small" });
    const served: (string | undefined)[] = [];
    for (let i = 0; i < 10; i += 1) served.push(textOf(await world.claim(`w${i}`)));
    expect(served.filter((text) => text === "small")).toHaveLength(5);
  });

  it("prefers priority, yet lets a low one through in bounded time", async () => {
    await world.send("low", "low", { priority: 0 });
    for (let i = 0; i < 150; i += 1) await world.send(`high${i}`, "high", { priority: 100 });
    expect(textOf(await world.claim("w"))).toBe("high");
    let overtakes = 1;
    while (textOf(await world.claim(`w${overtakes}`)) !== "low") overtakes += 1;
    expect(overtakes).toBeLessThanOrEqual(101);
  });

  it("moves a waiting conversation up when a more urgent message joins it", async () => {
    await world.send("a", "a", { priority: 50 });
    await world.send("b", "b", { priority: 10 });
    await world.send("b", "b urgent", { priority: 100 });
    expect(textOf(await world.claim("w1"))).toBe("b");
  });

  it("remembers an urgent message that arrived during a backoff", async () => {
    await world.send("a", "a1", { priority: 10 });
    await world.fail("w1", await world.mustClaim("w1"));
    await world.send("a", "a2", { priority: 100 });
    for (let i = 0; i < 5; i += 1) await world.send(`b${i}`, "b", { priority: 50 });
    await world.pass(1_500);
    expect(textOf(await world.claim("w1"))).toBe("a1");
  });
});

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

describe("failure", () => {
  it("backs off 1, 2, 4, 8 s with up to 10 % jitter and then dead-letters", async () => {
    await world.send("c1", "one");
    await world.send("c1", "two");
    for (const base of [1_000, 2_000, 4_000, 8_000]) {
      const result = await world.fail("w1", await world.mustClaim("w1"), `failed ${base}`);
      const delay = (result.nextScheduledFor ?? 0) - Date.now();
      expect(result.requeued).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(base);
      expect(delay).toBeLessThanOrEqual(base * 1.1);
      await world.pass(delay + 250);
    }
    const last = await world.mustClaim("w1");
    expect(await world.fail("w1", last, "the end")).toEqual({
      requeued: false,
      deadLettered: true,
      nextScheduledFor: null,
    });
    expect(textOf(await world.claim("w1"))).toBe("two");
    const [dead] = await world.t.query(world.lib.listDeadLetters, {});
    expect(dead).toMatchObject({
      _id: last.messageId,
      lastError: "the end",
      attempts: 5,
      status: "dead_letter",
    });
  });

  it("sends a dead letter round again, behind what waits by now", async () => {
    await world.send("c1", "one", { maxAttempts: 1 });
    const job = await world.mustClaim("w1");
    await world.fail("w1", job);
    await world.send("c1", "two");
    expect(await world.t.mutation(world.lib.redriveDeadLetter, { messageId: job.messageId })).toBe(true);
    await expect(world.t.mutation(world.lib.redriveDeadLetter, { messageId: job.messageId })).rejects.toThrow(
      "not a dead letter",
    );
    const two = await world.mustClaim("w1");
    await world.complete("w1", two);
    const again = await world.mustClaim("w1");
    expect([textOf(two), textOf(again), again.attempt]).toEqual(["two", "one", 1]);
  });

  it("purges dead letters one by one or in batches", async () => {
    for (const id of ["c1", "c2", "c3"]) {
      await world.send(id, id, { maxAttempts: 1 });
      await world.fail("w1", await world.mustClaim("w1"));
    }
    const [newest] = await world.t.query(world.lib.listDeadLetters, { limit: 1 });
    expect(await world.t.mutation(world.lib.purgeDeadLetters, { messageId: newest?._id })).toEqual({
      purged: 1,
      more: false,
    });
    expect(await world.t.mutation(world.lib.purgeDeadLetters, { limit: 1 })).toEqual({
      purged: 1,
      more: true,
    });
    expect(await world.t.mutation(world.lib.purgeDeadLetters, {})).toEqual({ purged: 1, more: false });
    expect(await world.t.query(world.lib.inspectDeadLetter, { messageId: newest?._id ?? "" })).toBeNull();
  });
});

describe("replies", () => {
  const settle = (workerId: string, job: { messageId: string; leaseId: string }, fields: object) =>
    world.t.mutation(world.lib.settle, { ...world.lease(workerId, job), ...fields });

  it("records once, resumes at sending, and marks what a lost worker may have sent", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    const turns = [
      { role: "user" as const, content: "one" },
      { role: "assistant" as const, content: "answer" },
    ];
    await settle("w1", job, { turns, reply: { text: "answer", parts: 2 } });
    await settle("w1", job, { turns, reply: { text: "another", parts: 1 } });
    await settle("w1", job, { sendingPart: 0 });
    await world.pass(72_000, 1_000);
    const again = await world.mustClaim("w2", { hydrate: true });
    expect(again.hydration?.reply).toEqual({ text: "answer", parts: 2, nextPart: 1, ambiguousParts: [0] });
    expect(again.hydration?.conversationState.contextHistory.map((turn) => turn.content)).toEqual([
      "one",
      "answer",
    ]);
    const result = await settle("w2", again, { outcome: { kind: "complete" }, claimNext: { hydrate: true } });
    expect(result).toMatchObject({ ok: true, status: "done", next: null });
    expect(await world.t.query(world.lib.listAmbiguousReplies, {})).toHaveLength(1);
  });

  it("ends a message whose only part may have been sent, instead of sending it twice", async () => {
    await world.send("c1", "one");
    await world.send("c1", "two");
    const job = await world.mustClaim("w1");
    await settle("w1", job, { reply: { text: "answer", parts: 1 }, sendingPart: 0 });
    await world.pass(72_000, 1_000);
    expect(textOf(await world.claim("w2"))).toBe("two");
    expect(await world.t.query(world.lib.listAmbiguousReplies, {})).toHaveLength(1);
    expect(await world.complete("w1", job)).toBe(true);
    expect(await world.t.query(world.lib.listAmbiguousReplies, {})).toHaveLength(0);
  });

  it("sends a refused part again", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    await settle("w1", job, { reply: { text: "answer", parts: 1 }, sendingPart: 0 });
    await settle("w1", job, { outcome: { kind: "fail", errorMessage: "telegram said 502" } });
    await world.pass(1_500);
    const again = await world.mustClaim("w1", { hydrate: true });
    expect(again.hydration?.reply).toMatchObject({ nextPart: 0, ambiguousParts: [] });
  });

  it("hands out the next job with the end of the last", async () => {
    await world.send("c1", "one");
    await world.send("c2", "two");
    const job = await world.mustClaim("w1");
    const result = await settle("w1", job, { outcome: { kind: "complete" }, claimNext: { hydrate: true } });
    expect(result.ok && textOf(result.next)).toBe("two");
  });

  it("answers a repeated settle as the first one, with the same next job", async () => {
    await world.send("c1", "one");
    await world.send("c2", "two");
    const job = await world.mustClaim("w1");
    const ending = { outcome: { kind: "complete" }, claimNext: { hydrate: true } };
    const first = await settle("w1", job, ending);
    const again = await settle("w1", job, ending);
    expect(again).toEqual(first);
    expect(await settle("w2", job, ending)).toEqual({ ok: false, reason: "lease_lost" });
    expect(await world.complete("w1", job)).toBe(false);
  });

  it("keeps the turns and the reply of a late ending that nobody else took over", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    await world.pass(71_000, 1_000);
    const turns = [{ role: "assistant" as const, content: "late answer" }];
    expect(await settle("w1", job, { turns, outcome: { kind: "complete" } })).toMatchObject({
      ok: true,
      status: "done",
    });
    await world.send("c1", "two");
    const next = await world.mustClaim("w1", { hydrate: true });
    expect(next.hydration?.conversationState.contextHistory.map((turn) => turn.content)).toEqual([
      "late answer",
    ]);
  });

  it("lists a part whose delivery its worker could not learn, and ends the message", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    await settle("w1", job, { reply: { text: "answer", parts: 1 }, sendingPart: 0 });
    await settle("w1", job, { ambiguousParts: [0], outcome: { kind: "complete" } });
    const [listed] = await world.t.query(world.lib.listAmbiguousReplies, {});
    expect(listed?.reply.ambiguousParts).toEqual([0]);
    await expect(settle("w1", job, { ambiguousParts: [7] })).resolves.toEqual({
      ok: false,
      reason: "lease_lost",
    });
  });

  it("dead-letters at once what a repeat cannot help", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    const result = await settle("w1", job, {
      outcome: { kind: "fail", errorMessage: "blocked", retryable: false },
    });
    expect(result).toMatchObject({ ok: true, status: "dead_letter" });
  });

  it("treats the assistant turn of a worker that knows no settle as the record of its reply", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    const messages = [
      { role: "user" as const, content: "one" },
      { role: "assistant" as const, content: "answer" },
    ];
    const append = () =>
      world.t.mutation(world.lib.appendConversationMessages, {
        conversationId: "c1",
        messages,
        workerId: "w1",
        leaseId: job.leaseId,
      });
    expect(await append()).toEqual({ updated: true, messageCount: 2 });
    expect(await append()).toEqual({ updated: true, messageCount: 2 });
    await world.pass(72_000, 1_000);
    expect(await world.claim("w2")).toBeNull();
    expect(await world.t.query(world.lib.listAmbiguousReplies, {})).toHaveLength(1);
    await expect(append()).rejects.toThrow("lease_lost");
  });
});

describe("bad input", () => {
  it("refuses an unknown or disabled agent, a blank user, another agent's conversation", async () => {
    await world.agent("off", { enabled: false });
    await world.agent("other");
    await expect(world.send("c", "x", { agentKey: "off" })).rejects.toThrow(
      "Agent profile 'off' not found or disabled",
    );
    await expect(world.send("c", "x", { agentKey: "none" })).rejects.toThrow(
      "Agent profile 'none' not found or disabled",
    );
    const payload = { provider: "app", providerUserId: "  ", messageText: "x" };
    await expect(
      world.t.mutation(world.lib.enqueue, { conversationId: "c", agentKey: "default", payload }),
    ).rejects.toThrow("providerUserId is required but missing in payload.providerUserId=");
    await world.send("c", "x");
    await expect(world.send("c", "x", { agentKey: "other" })).rejects.toThrow(
      "Conversation 'c' is already bound to agent 'default', cannot enqueue for 'other'.",
    );
  });

  it("refuses oversized text and metadata by bytes, not characters", async () => {
    await world.t.mutation(world.lib.setPolicies, {
      policies: { queue: { maxTextBytes: 8, maxMetadataBytes: 40 } },
    });
    await expect(world.send("c", "ééééé")).rejects.toThrow("text_too_large");
    await world.send("c", "éééé");
    const payload = {
      provider: "app",
      providerUserId: "u",
      messageText: "x",
      metadata: { k: "v".repeat(40) },
    };
    await expect(
      world.t.mutation(world.lib.enqueue, { conversationId: "c", agentKey: "default", payload }),
    ).rejects.toThrow("metadata_too_large");
  });

  it("refuses senseless policies, all faults at once, and applies sound ones to the next claim", async () => {
    const senseless = { lease: { leaseMs: 1 }, retry: { jitterRatio: 2 } };
    await expect(world.t.mutation(world.lib.setPolicies, { policies: senseless })).rejects.toThrow(
      /lease\.leaseMs.*retry\.jitterRatio|retry\.jitterRatio.*lease\.leaseMs/,
    );
    await world.t.mutation(world.lib.setPolicies, {
      policies: { lease: { leaseMs: 5_000, heartbeatIntervalMs: 1_000 } },
    });
    await world.send("c", "x");
    const job = await world.mustClaim("w1");
    expect([job.leaseExpiresAt - Date.now(), job.heartbeatIntervalMs]).toEqual([5_000, 1_000]);
  });
});

describe("enqueue", () => {
  it("stores a key once", async () => {
    const first = await world.send("c", "x", { idempotencyKey: "k" });
    expect(await world.send("c", "again", { idempotencyKey: "k" })).toBe(first);
    expect(
      await world.t.query(world.lib.listQueueItemsForConversation, { conversationId: "c" }),
    ).toHaveLength(1);
  });

  it("appends the system prompt to every text while one is set", async () => {
    await world.t.mutation(world.lib.setMessageRuntimeConfig, {
      messageConfig: { systemPrompt: " be brief " },
    });
    await world.send("c", "hello \n");
    expect(textOf(await world.claim("w1"))).toBe("hello\n\nbe brief");
    await world.t.mutation(world.lib.setMessageRuntimeConfig, { messageConfig: {} });
    expect(await world.t.query(world.lib.messageRuntimeConfig, {})).toBeNull();
  });

  it("keeps lanes apart", async () => {
    await world.agent("gpu", { tag: "gpu-$workspace", workspace: "acme" });
    await world.send("c", "x", { agentKey: "gpu" });
    expect(await world.claim("w1")).toBeNull();
    expect(await world.t.query(world.lib.hasQueuedJobsForConversation, { conversationId: "c" })).toBe(true);
    await expect(world.send("d", "x", { tag: "job-$args[kind]" })).rejects.toThrow("does not resolve");
  });

  it("sets one wake-up for any number of waiting conversations", async () => {
    for (let i = 0; i < 20; i += 1) await world.send(`c${i}`, "x");
    const pending = await world.t.run((ctx) => ctx.db.system.query("_scheduled_functions").collect());
    expect(pending.filter((job) => job.name.includes("pass"))).toHaveLength(1);
  });
});

describe("views", () => {
  it("derive processing from the lease and keep the 1.0.11 words", async () => {
    await world.send("c", "one");
    await world.send("c", "two");
    await world.mustClaim("w1");
    const items = await world.t.query(world.lib.listQueueItemsForConversation, { conversationId: "c" });
    expect(items.map((item) => item.status).sort()).toEqual(["processing", "queued"]);
    expect(await world.t.query(world.lib.queueStats, {})).toEqual({
      queuedReady: 1,
      processing: 1,
      deadLetter: 0,
      capped: false,
    });
    const stats = await world.t.query(world.lib.workerStats, {});
    expect(stats).toMatchObject({
      activeCount: 1,
      idleCount: 0,
      workers: [{ workerId: "w1", load: 1, status: "active" }],
    });
    for (const [status, count] of [
      ["processing", 1],
      ["queued", 1],
      ["done", 0],
    ] as const) {
      expect(await world.t.query(world.lib.listJobsByStatus, { status })).toHaveLength(count);
    }
  });

  it("hydrate only the message in flight, with the newest turns in order", async () => {
    const messageId = await world.send("c", "one");
    const bundle = () => world.t.query(world.lib.getHydrationBundle, { messageId, workspaceId: "default" });
    expect(await bundle()).toBeNull();
    const messages = Array.from({ length: 70 }, (_, i) => ({ role: "user" as const, content: `t${i}` }));
    await world.t.mutation(world.lib.appendConversationMessages, { conversationId: "c", messages });
    const job = await world.mustClaim("w1");
    const history = (await bundle())?.conversationState.contextHistory ?? [];
    expect([history.length, history[0]?.content, history.at(-1)?.content]).toEqual([64, "t6", "t69"]);
    expect(await bundle()).not.toHaveProperty("snapshot");
    await expect(
      world.t.query(world.lib.getHydrationBundle, { messageId, workspaceId: "other" }),
    ).rejects.toThrow("workspace_mismatch");
    await world.complete("w1", job);
    expect(await bundle()).toBeNull();
  });

  it("tell an unknown worker to stop and an active one to go on", async () => {
    const state = (workerId: string) => world.t.query(world.lib.getWorkerControlState, { workerId });
    expect(await state("w1")).toEqual({ shouldStop: true });
    await world.claim("w1");
    expect(await state("w1")).toEqual({ shouldStop: false });
    vi.setSystemTime(START + 200_000);
    await world.t.mutation(internal.queue.sweep.net, {});
    expect(await state("w1")).toEqual({ shouldStop: true });
  });
});

describe("retention", () => {
  it("deletes what has outlived its time and nothing else", async () => {
    await world.send("c", "one", { idempotencyKey: "k" });
    await world.complete("w1", await world.mustClaim("w1"));
    await world.send("c", "two");
    vi.setSystemTime(START + 8 * 86_400_000);
    expect(await world.t.mutation(internal.queue.sweep.retention, {})).toEqual({ messages: 1, leases: 1 });
    expect(textOf(await world.claim("w1"))).toBe("two");
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

describe("hydration that fails", () => {
  it("does not undo the claim, so that the message ends in the dead letters instead of blocking its lane", async () => {
    await world.agent("bot", { secretsRef: ["telegram.botToken.bot"] });
    await world.t.mutation(world.lib.importSecret, {
      secretRef: "telegram.botToken.bot",
      plaintextValue: "1:token",
    });
    await world.t.run(async (ctx) => {
      for (const row of await ctx.db.query("secrets").collect())
        await ctx.db.patch(row._id, { keyId: "0000000000000000" });
    });
    await world.send("c1", "one", { agentKey: "bot" });
    await world.send("c2", "two");
    const job = await world.mustClaim("w1", { hydrate: true });
    expect([job.hydration, job.hydrationError]).toEqual([undefined, "secret_key_unavailable"]);
    expect(textOf(await world.claim("w2"))).toBe("two");
  });
});
