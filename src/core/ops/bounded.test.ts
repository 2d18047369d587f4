/** What the operator's queries read does not grow with what waits, nor with workers beyond what is shown. */
import { describe, expect, it } from "vitest";
import { recordFootprint } from "../../../test/conflicts/recorder.js";
import { START, useWorld } from "../../../test/component/world.js";
import schema from "../../component/schema.js";

const world = useWorld();

async function counted<Result>(
  run: () => Promise<Result>,
): Promise<{ result: Result | undefined; documents: number }> {
  const { footprint, result, error } = await recordFootprint(schema, run);
  expect(error).toBeUndefined();
  return { result, documents: footprint.documentsRead };
}

/** Busy machines with their workers, and conversations that wait. */
const crowd = (machines: number, waiting: number): Promise<void> =>
  world.t.run(async (ctx) => {
    const conversation = (await ctx.db.query("conversations").first())?._id;
    const message = (await ctx.db.query("messageQueue").first())?._id;
    if (!conversation || !message) throw new Error("send a message first");
    for (let n = 0; n < machines; n += 1) {
      const worker = `w${n}`;
      const workerRow = await ctx.db.insert("workers", {
        workerId: worker,
        provider: "fly",
        status: "active",
        lanes: ["default"],
        registeredAt: START,
      });
      const lease = { expiresAt: START + 60_000, leaseMs: 60_000, seenAt: START };
      await ctx.db.insert("leases", {
        conversation,
        message,
        worker,
        state: "ended",
        ...lease,
        seenAt: START - 1,
      });
      await ctx.db.insert("leases", { conversation, message, worker, state: "live", ...lease });
      await ctx.db.insert("machines", {
        worker,
        workerRow,
        live: true,
        step: "running",
        provider: "fly",
        appName: "a",
        image: "i",
        madeFor: "c",
        volumeName: "v",
        tokenIds: [],
        createdAt: START,
        attempt: 1,
        failures: 0,
        stepDeadlineAt: 0,
      });
    }
    const model = await ctx.db.get(conversation);
    if (!model) return;
    const { _id, _creationTime, ...fields } = model;
    for (let n = 0; n < waiting; n += 1)
      await ctx.db.insert("conversations", { ...fields, conversationId: `x${n}` });
  });

describe("documents read", () => {
  it("stay within a bound", async () => {
    const { t, lib } = world;
    const messageId = await world.send("c1", "hello");
    await crowd(210, 50);
    const explained = await counted(() => t.query(lib.explainMessage, { messageId }));
    expect(explained.result).toMatchObject({ reason: "in_line" });
    // Every worker's row, and of 100 workers the machine and the newest lease.
    expect(explained.documents).toBeGreaterThan(400);
    expect(explained.documents).toBeLessThanOrEqual(450);
    const overview = await counted(() => t.query(lib.fleetOverview, {}));
    expect(overview.result).toMatchObject({ capped: true });
    expect(overview.result?.machines).toHaveLength(200);
    expect(overview.documents).toBeLessThanOrEqual(650);
    const health = await counted(() => t.query(lib.fleetHealth, {}));
    expect(health.documents).toBeLessThanOrEqual(450);
  });
});
