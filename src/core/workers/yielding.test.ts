import { describe, expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const claim = (workerId: string, instance?: string) =>
  world.t.mutation(world.lib.claim, { workerId, stateful: true, instance });
const control = (workerId: string) => world.t.query(world.lib.getWorkerControlState, { workerId });

/** Takes and answers one message, and polls once after it. */
async function serve(workerId: string): Promise<string> {
  const job = await claim(workerId);
  if (!job) throw new Error("nothing to claim");
  await world.complete(workerId, job);
  await claim(workerId);
  return job.conversationId;
}

describe("workers that hold a conversation", () => {
  it("are asked to release it when another one waits: the longest-idle first, one at a time", async () => {
    await world.send("c1", "one");
    await serve("w1");
    await world.pass(5_000, 5_000);
    await world.send("c2", "two");
    await serve("w2");
    await world.pass(15_000, 5_000);
    await claim("w1");
    await claim("w2");
    await world.send("c3", "three");
    await world.pass(5_000, 5_000);
    expect(await control("w1")).toEqual({ shouldStop: false });
    await world.pass(15_000, 5_000);
    expect(await control("w1")).toEqual({ shouldStop: false, release: true });
    expect(await control("w2")).toEqual({ shouldStop: false });
    await world.complete("free", await world.mustClaim("free"));
  });

  it("are left alone while a free worker could take what waits", async () => {
    await world.send("c1", "one");
    await serve("w1");
    await claim("idle");
    await world.pass(15_000, 5_000);
    await world.send("c2", "two");
    await world.pass(20_000, 5_000);
    expect(await control("w1")).toEqual({ shouldStop: false });
    await world.complete("idle", await world.mustClaim("idle"));
  });

  /** One with 20 messages of its own meets one that waits: how many it answers until it gets none. */
  async function busy(instance?: string): Promise<number> {
    for (let n = 0; n < 20; n += 1) await world.send("c1", `busy ${n}`);
    let job = await claim("w1", instance);
    await world.send("c2", "waiting");
    let served = 0;
    for (; job !== null; served += 1) {
      await world.pass(6_000, 2_000);
      await world.complete("w1", job);
      job = await claim("w1", instance);
    }
    expect(await control("w1")).toEqual({ shouldStop: false, release: true });
    await world.complete("free", await world.mustClaim("free"));
    return served;
  }

  it("get no further message of their own for half a minute, however long their queue is: they would never rest", async () => {
    const served = await busy("a process");
    expect(served).toBeGreaterThan(9);
    expect(served).toBeLessThan(15);
    await world.pass(30_000, 5_000);
    const job = await claim("w1", "a process");
    expect(job?.payload.messageText).toBe(`busy ${served}`);
    if (job) await world.complete("w1", job);
    for (let next = await claim("w1", "a process"); next; next = await claim("w1", "a process"))
      await world.complete("w1", next);
  });

  it("go on with their own when they are of an image that knows no such request", async () => {
    expect(await busy()).toBe(20);
  });

  it("that do not give way in time hold up no other, and the health report names them", async () => {
    for (const [worker, conversation] of [
      ["deaf", "c1"],
      ["w2", "c2"],
    ] as const) {
      await world.send(conversation, "hello");
      await serve(worker);
      await world.pass(1_000);
    }
    await world.send("c3", "waiting");
    const asked: string[] = [];
    for (let s = 0; s < 300 && !asked.includes("w2"); s += 10) {
      await world.pass(10_000, 5_000);
      for (const worker of ["deaf", "w2"]) {
        await claim(worker);
        if ((await control(worker)).release === true && !asked.includes(worker)) asked.push(worker);
      }
    }
    expect(asked).toEqual(["deaf", "w2"]);
    await world.pass(40_000, 5_000);
    await claim("deaf");
    expect((await world.t.query(world.lib.fleetHealth, {})).findings).toContainEqual(
      expect.objectContaining({
        code: "owner_holds_on",
        text: expect.stringContaining("Worker deaf was asked") as string,
      }),
    );
    await world.complete("free", await world.mustClaim("free"));
  });
});
