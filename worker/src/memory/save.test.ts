import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryWorld, notAborted } from "../../../test/worker/memoryWorld.js";

let world: MemoryWorld;
beforeEach(async () => void (world = await MemoryWorld.create()));
afterEach(() => world.close());

describe("giving a conversation up", () => {
  it("saves, releases and empties the disk; the next conversation finds nothing of it", async () => {
    world.bind("alice", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "alice", "alice's secret");
    expect(await one.memory.release()).toBe(true);
    expect(world.server.calls.filter((call) => /snapshot_f|release/.test(call))).toEqual([
      "snapshot_finalize",
      "release_conversation",
    ]);
    expect(await readdir(path.join(world.base, "one"))).toEqual([".agent-factory"]);
    world.bind("bob", 1);
    await one.memory.ensure({ conversationId: "bob", leaseId: "l" }, notAborted);
    expect(await world.read("one", "fact")).toBe("absent");
    expect(world.server.newest("alice")).toBeDefined();
  });

  it("keeps everything when it could not be saved or was not accepted", async () => {
    world.bind("alice", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "alice", "alice's");
    world.server.uploadFaults = [500, 500, 500, 500];
    expect(await one.memory.release()).toBe(false);
    expect([await world.read("one", "fact"), world.server.calls.includes("release_conversation")]).toEqual([
      "alice's",
      false,
    ]);
    world.server.onCall = (operation) => (operation === "release_conversation" ? 403 : undefined);
    expect(await one.memory.release()).toBe(false);
    expect(await world.read("one", "fact")).toBe("alice's");
  });

  it("is done with a further snapshot when the one there is is not enough any more", async () => {
    world.bind("alice", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "alice", "alice's");
    await one.memory.save("periodic");
    world.server.outdated = true;
    expect(await one.memory.release()).toBe(true);
    expect(world.server.rows).toHaveLength(2);
  });

  it("needs no second snapshot when everything is saved", async () => {
    world.bind("alice", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "alice", "alice's");
    await one.memory.save("periodic");
    expect(await one.memory.release()).toBe(true);
    expect(world.server.rows).toHaveLength(1);
  });
});

describe("a snapshot", () => {
  it("is due after so many turns, and again only some turns after one that failed", async () => {
    world.server.policy.everyTurns = 2;
    world.bind("c1", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "c1", "1");
    expect(one.memory.due).toBe(false);
    await world.turn(one, "one", "c1", "2");
    expect(one.memory.due).toBe(true);
    world.server.uploadFaults = [500, 500, 500, 500];
    expect(await one.memory.save("periodic")).toBe(false);
    expect(one.memory.due).toBe(false);
    expect(world.server.rows[0]).toMatchObject({
      status: "failed",
      error: "memory: the upload failed (HTTP 500)",
    });
    for (let i = 0; i < 5; i += 1) await world.turn(one, "one", "c1", "more");
    expect(one.memory.due).toBe(true);
    expect(await one.memory.save("periodic")).toBe(true);
    expect(one.memory.due).toBe(false);
  });

  it("survives failing uploads and calls", async () => {
    world.bind("c1", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "c1", "blue");
    world.server.uploadFaults = [503, 429];
    let lost = 2;
    world.server.onCall = (operation) => (operation === "snapshot_finalize" && lost-- > 0 ? 502 : undefined);
    expect(await one.memory.save("signal")).toBe(true);
    expect(world.server.rows).toMatchObject([{ status: "ready" }]);
  });

  it("stops the engine from touching the disk meanwhile, and lets it go on whatever happens", async () => {
    world.bind("c1", 1);
    const order: string[] = [];
    const engine = {
      quiesce: async () => void order.push("quiesce"),
      resume: async () => void order.push("resume"),
    };
    const one = await world.booted("one", engine);
    await world.turn(one, "one", "c1", "blue");
    world.server.onCall = (operation) => void order.push(operation);
    await one.memory.save("manual");
    await rm(path.join(world.base, "one"), { recursive: true });
    expect(await one.memory.save("manual")).toBe(false);
    expect(order).toEqual([
      "snapshot_prepare",
      "quiesce",
      "resume",
      "snapshot_finalize",
      "snapshot_prepare",
      "quiesce",
      "resume",
      "snapshot_fail",
    ]);
  });

  it("that is too large is not sent", async () => {
    world.server.policy.maxBytes = 20;
    world.bind("c1", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "c1", "blue");
    expect(await one.memory.save("manual")).toBe(false);
    expect([world.server.files.size, world.server.rows[0]?.error]).toEqual([
      0,
      expect.stringMatching(/20 are allowed/),
    ]);
  });

  it("leaves no archive on the disk that its agent writes to, whether it was taken, failed or restored", async () => {
    const corner = (disk: string) => readdir(path.join(world.base, disk, ".agent-factory"));
    world.bind("c1", 1);
    const one = await world.booted("one");
    await world.turn(one, "one", "c1", "blue");
    expect(await one.memory.save("manual")).toBe(true);
    expect(await corner("one")).toEqual(["marker.json"]);
    world.server.uploadFaults = [500, 500, 500, 500];
    expect(await one.memory.save("manual")).toBe(false);
    expect(await corner("one")).toEqual(["marker.json"]);
    await world.booted("two");
    expect(await world.read("two", "fact")).toBe("blue");
    expect(await corner("two")).toEqual(["marker.json"]);
  });
});
