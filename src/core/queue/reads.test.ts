import { describe, expect, it, vi } from "vitest";
import { START, textOf, useWorld } from "../../../test/component/world.js";
import { internal } from "../../component/_generated/api.js";

const world = useWorld();

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
    await world.upkeep();
    expect(await state("w1")).toEqual({ shouldStop: true });
  });
});

it.each([Number.NaN, 0, -3, 0.4, 1.5])("a page of %s is one row", async (limit) => {
  for (let n = 0; n < 2; n += 1) {
    await world.send(`c${n}`, "x", { maxAttempts: 1 });
    await world.fail("w1", await world.mustClaim("w1"));
  }
  const { lib, t } = world;
  expect(await t.query(lib.listDeadLetters, { limit })).toHaveLength(1);
  expect(await t.query(lib.listSnapshotsForConversation, { conversationId: "c0", limit })).toEqual([]);
  expect(await t.query(lib.listGlobalSkills, { limit })).toEqual([]);
  expect(await t.query(lib.listDeployments, { limit })).toMatchObject({ deployments: [] });
  expect(await t.mutation(lib.releaseStuckJobs, { limit })).toEqual({ requeued: 0, unlocked: 0 });
});

describe("retention", () => {
  it("deletes what has outlived its time and nothing else", async () => {
    await world.send("c", "one", { idempotencyKey: "k" });
    await world.complete("w1", await world.mustClaim("w1"));
    await world.send("c", "two");
    vi.setSystemTime(START + 8 * 86_400_000);
    expect(await world.t.mutation(internal.upkeep.sweep, { name: "messages" })).toBe(1);
    expect(await world.t.mutation(internal.upkeep.sweep, { name: "leases" })).toBe(1);
    expect(textOf(await world.claim("w1"))).toBe("two");
  });
});
