/** `attempts` of a message that has ended: what went wrong before, as in 1.0.11; and an expired lease counts. */
import { describe, expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
type Job = { messageId: string; leaseId: string };
const LATER = 3 * 60_000;

const ended = async () => {
  const items = await world.t.query(world.lib.listQueueItemsForConversation, { conversationId: "c1" });
  return items.map(({ status, attempts }) => `${status} after ${attempts}`);
};
const again = async (): Promise<Job> => {
  await world.pass(LATER, 10_000);
  return await world.mustClaim("w1");
};
const complete = (job: Job) => world.complete("w1", job);
const settle = (job: Job, fields: object) =>
  world.t.mutation(world.lib.settle, { ...world.lease("w1", job), ...fields });

describe("a message that was answered", () => {
  it.each<[string, (job: Job) => Promise<unknown>]>([
    ["done after 0", complete],
    ["done after 0", (job) => settle(job, { outcome: { kind: "complete" } })],
    [
      "done after 2",
      async (job) => {
        await world.fail("w1", job);
        await world.fail("w1", await again());
        await complete(await again());
      },
    ],
    [
      "done after 0",
      async (job) => {
        await settle(job, {
          outcome: { kind: "fail", errorMessage: "down", retryable: true, blames: "service" },
        });
        await settle(await again(), { outcome: { kind: "complete" } });
      },
    ],
    [
      // Its lease expired.
      "done after 1",
      async () => {
        await complete(await again());
      },
    ],
    [
      // The same, and it came back late while nobody had claimed again.
      "done after 1",
      async (job) => {
        await world.pass(71_000, 1_000);
        await complete(job);
      },
    ],
    [
      "done after 0",
      async (job) => {
        await settle(job, { outcome: { kind: "fail", errorMessage: "no", retryable: false } });
        expect(await ended()).toEqual(["dead_letter after 1"]);
        await world.t.mutation(world.lib.redriveDeadLetter, { messageId: job.messageId });
        await complete(await again());
      },
    ],
  ])("is %s", async (expected, finish) => {
    await world.send("c1", "one");
    const job = await world.mustClaim("w1");
    await finish(job);
    expect(await ended()).toEqual([expected]);
    const explained = await world.t.query(world.lib.explainMessage, { messageId: job.messageId });
    expect(`done after ${explained.attempts}`).toBe(expected);
  });
});
