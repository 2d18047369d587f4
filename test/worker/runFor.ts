/** Drives the worker's loop under fake timers. */
import { vi } from "vitest";
import { runLoop } from "../../worker/src/loop.js";
import type { loopWith } from "./fakes.js";

type World = ReturnType<typeof loopWith>;

/** Runs the loop for `ms`, then stops it, and waits for its end. */
export async function runFor(world: World, ms: number): Promise<void> {
  const running = runLoop(world.deps);
  await vi.advanceTimersByTimeAsync(ms);
  world.control.requestStop("test");
  await vi.advanceTimersByTimeAsync(60_000);
  await running;
}
/** Messages by outcome, from the metrics. */
export const outcomes = async (world: World): Promise<Record<string, number>> => {
  const { values } = await world.metrics.messages.get();
  return Object.fromEntries(
    values.flatMap(({ labels, value }) => (value === 0 ? [] : [[String(labels.outcome), value]])),
  );
};
