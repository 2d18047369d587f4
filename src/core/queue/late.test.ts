/** What a worker still says after its lease has expired. */
import { describe, expect, it } from "vitest";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();
type Job = { messageId: string; leaseId: string };

const settle = (job: Job, fields: object, workerId = "w1") =>
  world.t.mutation(world.lib.settle, { ...world.lease(workerId, job), ...fields });
const lost = { kind: "fail", errorMessage: "the worker was lost while it sent the answer", retryable: true };
const doubted = async () =>
  (await world.t.query(world.lib.listAmbiguousReplies, {})).map(({ reply }) => reply.ambiguousParts);

/** A job whose lease has expired just after part `announced` of its answer was announced. */
async function heldUp(parts: number, announced: number | undefined) {
  await world.send("c1", "one");
  const job = await world.mustClaim("w1");
  if (announced !== undefined) {
    await settle(job, {
      turns: [{ role: "assistant", content: "a|b" }],
      reply: { text: "a|b", parts },
      sendingPart: announced,
    });
  }
  await world.pass(71_000, 1_000);
  return job;
}

describe("a part that was announced and not sent", () => {
  it("goes round again when its worker says so, though the expiry had passed it over", async () => {
    const job = await heldUp(1, 0);
    expect(await doubted()).toEqual([[0]]);
    await world.send("c1", "two");
    expect(await settle(job, { sendingPart: 0, outcome: lost })).toMatchObject({
      ok: true,
      status: "queued",
    });
    expect(await doubted()).toEqual([]);
    const two = await world.mustClaim("w2");
    await world.complete("w2", two);
    const again = await world.mustClaim("w2", { hydrate: true });
    expect([textOf(two), textOf(again)]).toEqual(["two", "one"]);
    expect(again.hydration?.reply).toMatchObject({ nextPart: 0, ambiguousParts: [] });
  });

  it("is sent by the next attempt, before the parts after it", async () => {
    const job = await heldUp(2, 0);
    expect(await settle(job, { sendingPart: 0, outcome: lost })).toMatchObject({
      ok: true,
      status: "queued",
    });
    expect((await world.mustClaim("w2", { hydrate: true })).hydration?.reply).toMatchObject({
      nextPart: 0,
      ambiguousParts: [],
    });
  });

  it.each([
    ["says so twice", async (job: Job) => void (await settle(job, { sendingPart: 0, outcome: lost }))],
    ["was replaced", async () => void (await world.mustClaim("w2"))],
  ])("changes nothing when its worker %s", async (_, before) => {
    const job = await heldUp(2, 0);
    await before(job);
    expect(await settle(job, { sendingPart: 0, outcome: lost })).toEqual({ ok: false, reason: "lease_lost" });
  });

  it("is believed of nobody but the worker that had the lease", async () => {
    const job = await heldUp(1, 0);
    const foreign = await settle(job, { sendingPart: 0, outcome: lost }, "w2");
    expect([foreign.ok, await doubted()]).toEqual([false, [[0]]]);
  });
});

describe("the last word of a lost lease", () => {
  it("that doubts the part itself leaves it doubtful", async () => {
    const job = await heldUp(2, 0);
    const word = { sendingPart: 1, ambiguousParts: [0], outcome: lost };
    expect(await settle(job, word)).toEqual({ ok: false, reason: "lease_lost" });
    expect(await doubted()).toEqual([[0]]);
  });

  it("that brings the answer spares the next attempt the engine", async () => {
    const job = await heldUp(1, undefined);
    const word = {
      turns: [{ role: "assistant", content: "a" }],
      reply: { text: "a", parts: 1 },
      outcome: lost,
    };
    expect(await settle(job, word)).toMatchObject({ ok: true, status: "queued" });
    expect((await world.mustClaim("w2", { hydrate: true })).hydration?.reply).toMatchObject({
      text: "a",
      nextPart: 0,
    });
  });
});

it("a job that is handed out once more is held for the whole lease from then on", async () => {
  await world.send("c1", "one");
  await world.send("c2", "two");
  const ending = { outcome: { kind: "complete" }, claimNext: { hydrate: false } };
  const first = await world.mustClaim("w1");
  expect(first.leaseMs).toBe(60_000);
  const heard = await settle(first, ending);
  await world.pass(50_000, 1_000);
  const again = await settle(first, ending);
  if (!heard.ok || !again.ok) throw new Error("the lease was lost");
  expect(again.next).toMatchObject({ leaseId: heard.next?.leaseId, leaseMs: 60_000 });
  await world.pass(30_000, 1_000);
  expect(await world.complete("w1", again.next ?? first)).toBe(true);
});
