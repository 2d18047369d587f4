import { describe, expect, it } from "vitest";
import { useFleet } from "./fleetWorld.js";

const fleet = useFleet();

describe("a machine that dies with a message in hand", () => {
  it("costs at most lease + 30 s + boot, at a cap of one, and its unsaved memory comes along", async () => {
    const f = fleet();
    await f.configure({});
    await f.world.send("c1", "hello");
    await f.pass(3_000);
    expect(await f.answer(f.workerOf(0))).toBe("hello");
    await f.world.send("c1", "again");
    await f.pass(1_000);
    expect(await f.claim(f.workerOf(0))).not.toBeNull();
    const diedAt = Date.now();
    const [volume] = f.fly.volumes();
    f.launcher.started[0]?.exit({ exitCode: 137, signal: "SIGKILL", outOfMemory: true });
    const bootMs = 1_000;
    let takenOverAt = 0;
    for (let ms = 0; ms < 120_000 && takenOverAt === 0; ms += 1_000) {
      await f.pass(1_000);
      if (f.running().length > 0 && (await f.claim(f.workerOf(1)))) takenOverAt = Date.now();
    }
    expect(takenOverAt).toBeGreaterThan(0);
    expect(takenOverAt - diedAt).toBeLessThanOrEqual(60_000 + 30_000 + bootMs);
    expect(f.fly.counts().machinesPeak).toBe(1);
    expect(f.fly.volumes().map(({ name }) => name)).toEqual([volume?.name]);
  });
});

describe("binding", () => {
  it("a bound worker is offered its conversation alone, and nobody else is", async () => {
    const { world } = fleet();
    const claim = (workerId: string) => world.t.mutation(world.lib.claim, { workerId, stateful: true });
    await world.send("c1", "one");
    await world.send("c2", "two");
    const first = await claim("w1");
    if (!first) throw new Error("nothing to claim");
    await world.complete("w1", first);
    expect(await claim("w1")).toBeNull();
    const other = first.conversationId === "c1" ? "c2" : "c1";
    expect((await claim("w2"))?.conversationId).toBe(other);
    await world.send(first.conversationId, "more");
    expect(await claim("w3")).toBeNull();
    expect((await claim("w1"))?.payload.messageText).toBe("more");
  });

  it("a stateless worker is never bound", async () => {
    const { world } = fleet();
    await world.send("c1", "one");
    await world.complete("w1", await world.mustClaim("w1"));
    await world.send("c2", "two");
    expect((await world.mustClaim("w1")).conversationId).toBe("c2");
  });

  it("an owner that lost its lease may go on while nobody else did, and shall give up once somebody has", async () => {
    const f = fleet();
    const { world } = f;
    const claim = (workerId: string) => world.t.mutation(world.lib.claim, { workerId, stateful: true });
    const control = (workerId: string) => world.t.query(world.lib.getWorkerControlState, { workerId });
    await world.send("c1", "one");
    await claim("w1");
    await f.pass(75_000);
    const again = await claim("w1");
    expect(again?.attempt).toBe(2);
    expect(await control("w1")).toEqual({ shouldStop: false });
    await f.pass(75_000);
    expect((await claim("w2"))?.attempt).toBe(3);
    expect(await claim("w1")).toBeNull();
    expect(await control("w1")).toEqual({ shouldStop: false, release: true });
  });
});
