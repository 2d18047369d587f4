/** A worker that saves is alive: it neither asks for work nor holds a lease meanwhile. */
import { expect, it } from "vitest";
import { snapshotActions } from "../../../test/component/snapshots.js";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const { serve, store, prepare, restore, workerOf } = snapshotActions(world);
const MINUTE = 60_000;

const minutes = async (count: number): Promise<void> => {
  for (let minute = 0; minute < count; minute += 1) {
    await world.pass(MINUTE, MINUTE);
    await world.upkeep();
  }
};

it("keeps its conversation while the upload of a snapshot takes longer than a silence may last", async () => {
  await serve("w1", "c");
  const { snapshotId } = await prepare("w1", "c", { reason: "periodic" });
  await minutes(3);
  await world.send("c", "next");
  expect(await world.t.mutation(world.lib.claim, { workerId: "w2", stateful: true })).toBeNull();
  const file = await store("all that w1 knows");
  await world.t.mutation(world.lib.finalizeDataSnapshotUpload, { workerId: "w1", snapshotId, ...file });
  expect(await world.t.mutation(world.lib.claim, { workerId: "w1", stateful: true })).not.toBeNull();
  expect(await restore({ conversationId: "c" })).toMatchObject({ snapshotId });
});

it("does not keep it for ever: one that dies meanwhile is missed when no upload takes that long", async () => {
  await serve("w1", "c");
  await prepare("w1", "c", { reason: "periodic" });
  await minutes(8);
  await world.send("c", "next");
  expect(await world.t.mutation(world.lib.claim, { workerId: "w2", stateful: true })).not.toBeNull();
  expect(await workerOf("w1")).toMatchObject({ silentSince: expect.any(Number) as number });
});
