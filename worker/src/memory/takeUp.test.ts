import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryWorld, notAborted } from "../../../test/worker/memoryWorld.js";

let world: MemoryWorld;
beforeEach(async () => void (world = await MemoryWorld.create()));
afterEach(() => world.close());

describe("memory moves with the conversation", () => {
  it("saved at the end of one worker, restored before the engine of the next starts", async () => {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "blue");
    expect(await first.memory.finish("drain")).toBe(true);
    expect(world.server.rows).toMatchObject([
      { conversationId: "c1", generation: 1, reason: "drain", status: "ready" },
    ]);

    world.bind("c1", 2);
    await world.booted("two");
    expect(await world.read("two", "fact")).toBe("blue");
  });

  it("restored at the first message when the worker was started for none", async () => {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "blue");
    await first.memory.finish("signal");
    world.server.binding = null;
    const second = await world.booted("two");
    expect([second.memory.attached, await world.read("two", "fact")]).toEqual([false, "absent"]);
    world.bind("c1", 2);
    await second.memory.ensure({ conversationId: "c1", leaseId: "l" }, notAborted);
    expect(await world.read("two", "fact")).toBe("blue");
  });

  it("a worker that never had a conversation saves nothing", async () => {
    const { memory } = await world.booted("one");
    await world.write("one", "fact", "scaffold");
    expect([await memory.finish("drain"), await memory.save("manual")]).toEqual([true, true]);
    expect(world.server.calls).toEqual(["memory"]);
  });

  it("a worker whose conversation changed hands meanwhile restores what the other saved", async () => {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "old");
    await first.memory.save("periodic");
    world.bind("c1", 2);
    const second = await world.booted("two");
    await world.turn(second, "two", "c1", "newer");
    await second.memory.finish("drain");
    world.bind("c1", 3);
    await first.memory.ensure({ conversationId: "c1", leaseId: "l" }, notAborted);
    expect(await world.read("one", "fact")).toBe("newer");
  });

  it("refuses a message of a conversation that the component has not bound to it", async () => {
    const { memory } = await world.booted("one");
    await expect(memory.ensure({ conversationId: "c1", leaseId: "l" }, notAborted)).rejects.toMatchObject({
      reason: "not_bound",
      retryable: true,
    });
  });
});

describe("a disk with memory on it", () => {
  it("is kept when it is newer than the newest snapshot: a crash loses nothing that the disk has", async () => {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "saved");
    await first.memory.save("periodic");
    await world.turn(first, "one", "c1", "not saved yet");
    const again = await world.booted("one");
    expect(await world.read("one", "fact")).toBe("not saved yet");
    expect(again.disk.marker?.turns).toBe(1);
    expect(await again.memory.finish("signal")).toBe(true);
    expect(again.disk.marker?.turns).toBe(0);
  });

  it("is kept when the answer to its own snapshot was lost", async () => {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "saved");
    world.server.onCall = (operation) => (operation === "snapshot_finalize" ? 400 : undefined);
    expect(await first.memory.save("periodic")).toBe(false);
    expect(world.server.rows[0]?.status).toBe("ready");
    await world.write("one", "fact", "and more");
    world.server.onCall = () => undefined;
    await world.booted("one");
    expect(await world.read("one", "fact")).toBe("and more");
  });

  it("gives way to a later owner's snapshot", async () => {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "old");
    world.bind("c1", 2);
    const second = await world.booted("two");
    await world.turn(second, "two", "c1", "newer");
    await second.memory.finish("drain");
    world.bind("c1", 3);
    await world.booted("one");
    expect(await world.read("one", "fact")).toBe("newer");
    expect(world.logged.join("")).toContain("memory.diskSuperseded");
  });

  it("of another conversation is emptied when it is saved, and never touched when it is not", async () => {
    world.bind("alice", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "alice", "alice's secret");
    world.bind("bob", 1);
    const unsaved = await world.booted("one");
    await expect(
      unsaved.memory.ensure({ conversationId: "bob", leaseId: "l" }, notAborted),
    ).rejects.toMatchObject({
      reason: "foreign",
    });
    expect([await world.read("one", "fact"), unsaved.memory.blocked !== null]).toEqual([
      "alice's secret",
      true,
    ]);

    world.bind("alice", 1);
    const back = await world.booted("one");
    expect(await back.memory.finish("signal")).toBe(true);
    world.bind("bob", 1);
    const next = await world.booted("one");
    await next.memory.ensure({ conversationId: "bob", leaseId: "l" }, notAborted);
    expect([await world.read("one", "fact"), next.memory.blocked]).toEqual(["absent", null]);
  });
});

describe("a bad archive", () => {
  /** Saves once, spoils the archive by `spoil`, and takes it up on a disk that holds something already. */
  async function restored(spoil: () => void): Promise<{ error: unknown; fact: string }> {
    world.bind("c1", 1);
    const first = await world.booted("one");
    await world.turn(first, "one", "c1", "blue");
    await first.memory.finish("drain");
    spoil();
    world.bind("c1", 2);
    await world.write("two", "fact", "what was there");
    const second = await world.booted("two");
    const error: unknown = await second.memory
      .ensure({ conversationId: "c1", leaseId: "l" }, notAborted)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );
    expect(second.memory.attached).toBe(false);
    expect(await second.memory.finish("drain")).toBe(true);
    return { error, fact: await world.read("two", "fact") };
  }

  it.each([
    ["shorter than recorded", (bytes: Buffer) => bytes.subarray(0, -10), /shorter/],
    ["longer than recorded", (bytes: Buffer) => Buffer.concat([bytes, bytes]), /larger/],
    ["of other content", (bytes: Buffer) => Buffer.alloc(bytes.length), /SHA-256/],
  ])("%s is refused, the message may be repeated, the disk is as it was", async (_, spoil, text) => {
    const { error, fact } = await restored(() => void (world.server.onDownload = spoil));
    expect(error).toMatchObject({ reason: "damaged", retryable: true });
    expect(String(error)).toMatch(text);
    expect(fact).toBe("what was there");
  });

  it("with a good hash, but no archive, is refused as well", async () => {
    const { error, fact } = await restored(
      () => void world.server.addSnapshot("c1", 1, Buffer.from("not a tar")),
    );
    expect(String(error)).toMatch(/the archive is damaged/);
    expect(fact).toBe("what was there");
  });
});
