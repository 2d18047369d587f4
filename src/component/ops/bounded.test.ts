/** What the operator's queries read does not grow with what waits, nor with workers beyond what is shown. */
import { describe, expect, it } from "vitest";
import { recordFootprint } from "../../../test/conflicts/recorder.js";
import { START, useWorld } from "../../../test/component/world.js";
import schema from "../schema.js";

const world = useWorld();

async function documentsRead(run: () => Promise<unknown>): Promise<number> {
  const { footprint, error } = await recordFootprint(schema, run);
  if (error !== null && error !== undefined) throw error;
  return footprint.documentsRead;
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
      await ctx.db.insert("leases", { conversation, message, worker, state: "ended", ...lease, seenAt: START - 1 });
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
    for (let n = 0; n < waiting; n += 1) await ctx.db.insert("conversations", { ...fields, conversationId: `x${n}` });
  });

describe("documents read", () => {
  it("stay within a bound", async () => {
    const { t, lib } = world;
    const messageId = await world.send("c1", "hello");
    await crowd(350, 300);
    const explained = await documentsRead(() => t.query(lib.explainMessage, { messageId }));
    expect(await t.query(lib.explainMessage, { messageId })).toMatchObject({ reason: "in_line" });
    expect(explained).toBeLessThanOrEqual(700);
    expect(await documentsRead(() => t.query(lib.fleetHealth, {}))).toBeLessThanOrEqual(800);
    const overview = await t.query(lib.fleetOverview, {});
    expect(overview).toMatchObject({ capped: true });
    expect(overview.machines).toHaveLength(200);
    expect(await documentsRead(() => t.query(lib.fleetOverview, {}))).toBeLessThanOrEqual(1_100);
    await t.run(async (ctx) => {
      for (const table of ["conversations", "workers", "machines", "leases"] as const)
        for (const row of await ctx.db.query(table).collect())
          if (!("conversationId" in row) || row.conversationId !== "c1") await ctx.db.delete(row._id);
    });
  });
});
