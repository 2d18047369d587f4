import { describe, expect, it } from "vitest";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

describe("failure", () => {
  it("backs off 1, 2 s with up to 10 % jitter, then waits out a restart, then 8 s, and then dead-letters", async () => {
    await world.send("c1", "one");
    await world.send("c1", "two");
    const from = Date.now();
    for (const base of [1_000, 2_000, from + 75_000, 8_000]) {
      const result = await world.fail("w1", await world.mustClaim("w1"), `failed ${base}`);
      const delay = (result.nextScheduledFor ?? 0) - Date.now();
      const least = base > from ? base - Date.now() : base;
      expect(result.requeued).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(least);
      expect(delay).toBeLessThanOrEqual(least * 1.1);
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

  it("keeps the reason as text, wherever a long one is cut", async () => {
    await world.send("c1", "one", { maxAttempts: 1 });
    await world.fail("w1", await world.mustClaim("w1"), "a".repeat(1_999) + "😀");
    const [dead] = await world.t.query(world.lib.listDeadLetters, {});
    expect(dead?.lastError).toBe("a".repeat(1_999));
  });

  it.each(["fail", "settle"] as const)(
    "keeps no credential that a worker's reason quotes (%s)",
    async (how) => {
      await world.send("c1", "one", { maxAttempts: 1 });
      const job = await world.mustClaim("w1");
      const errorMessage = "no route /bot7700123456:AAbot-token_0123456789abcdefghij/x for Bearer abc.def";
      if (how === "fail") await world.fail("w1", job, errorMessage);
      else
        await world.t.mutation(world.lib.settle, {
          ...world.lease("w1", job),
          outcome: { kind: "fail", errorMessage, retryable: false },
        });
      const [dead] = await world.t.query(world.lib.listDeadLetters, {});
      expect(dead?.lastError).toBe("no route /bot[redacted]/x for Bearer [redacted]");
    },
  );

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

  it("does not doubt the refused part of a redriven answer that nobody has sent since", async () => {
    await world.send("c1", "one", { maxAttempts: 1 });
    const job = await world.mustClaim("w1");
    const settle = (fields: object) =>
      world.t.mutation(world.lib.settle, { ...world.lease("w1", job), ...fields });
    await settle({ reply: { text: "answer", parts: 1 }, sendingPart: 0 });
    await settle({ outcome: { kind: "fail", errorMessage: "refused" } });
    await world.t.mutation(world.lib.redriveDeadLetter, { messageId: job.messageId });
    await world.mustClaim("w2");
    await world.pass(72_000, 1_000);
    expect(await world.t.query(world.lib.listAmbiguousReplies, {})).toEqual([]);
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
