import { expect, it } from "vitest";
import { textOf, useWorld } from "../../../test/component/world.js";

const world = useWorld();

it("frees the conversation of a worker that was always given work, never polled idly, and died between two messages", async () => {
  const claim = { workerId: "w1", stateful: true };
  await world.send("c", "first");
  const job = await world.t.mutation(world.lib.claim, claim);
  await world.complete("w1", job ?? { messageId: "", leaseId: "" });
  await world.send("c", "second");
  expect(await world.claim("w2")).toBeNull();
  for (let minute = 0; minute < 3; minute += 1) {
    await world.pass(60_000, 5_000);
    await world.upkeep();
  }
  expect(textOf(await world.claim("w2"))).toBe("second");
});
