import { describe, expect, it } from "vitest";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

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

  it("takes a farewell in mid-sending: the doubtful part is listed, the next attempt goes on behind it", async () => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    await settle("w1", job, { reply: { text: "answer", parts: 3 } });
    await settle("w1", job, { sendingPart: 1 });
    await settle("w1", job, {
      ambiguousParts: [1],
      sendingPart: 2,
      outcome: { kind: "fail", errorMessage: "stopping" },
    });
    await world.pass(1_500);
    const again = await world.mustClaim("w2", { hydrate: true });
    expect(again.hydration?.reply).toMatchObject({ nextPart: 2, ambiguousParts: [1] });
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
