import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, loopWith } from "../../../test/worker/fakes.js";
import { runFor } from "../../../test/worker/runFor.js";
import { systemClock } from "../clock.js";
import { runLoop } from "../loop.js";
import { Waiting } from "./waiting.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const MINUTE = 60_000;
/** A loop that waits by `waiting`; every random draw is `random`. */
function worldOf(options: { subscribes?: boolean; fixedPollMs?: number } = {}, random = 0) {
  const waiting = new Waiting({ clock: { ...systemClock, random: () => random }, ...options });
  const world = loopWith([]);
  world.deps.waiting = waiting;
  world.transport.onClaim = () => claimedListening.push(waiting.listens);
  const claimedListening: (boolean | undefined)[] = [];
  return { waiting, world, claimedListening, claims: () => world.transport.count("claim") };
}
/** Tells what the server's empty claims say. */
const hinting = ({ waiting, world }: ReturnType<typeof worldOf>, hint: Parameters<Waiting["told"]>[0]) => {
  const before = world.transport.onClaim;
  world.transport.onClaim = () => {
    before();
    if (world.transport.jobs.length === 0) waiting.told(hint);
  };
};

describe("a worker that hears its wake-ups", () => {
  it("makes at most one call a minute while nothing changes", async () => {
    const w = worldOf({ subscribes: true });
    hinting(w, { retryAfterMs: MINUTE, control: { shouldStop: false } });
    w.waiting.heard(0, MINUTE);
    await runFor(w.world, 10 * MINUTE - 1);
    expect(w.world.transport.calls.length).toBeLessThanOrEqual(10);
    expect(w.claims()).toBe(w.world.transport.calls.length);
    w.waiting.close();
  });

  it("claims at once when it is rung, once per ring, and not for a repeat of the same count", async () => {
    const w = worldOf({ subscribes: true });
    w.waiting.heard(4, MINUTE);
    const running = runLoop(w.world.deps);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(w.claims()).toBe(1);
    w.waiting.heard(4, MINUTE);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(w.claims()).toBe(1);
    w.world.transport.jobs.push(aJob("m1"));
    w.waiting.heard(5, MINUTE);
    await vi.advanceTimersByTimeAsync(1);
    expect(w.world.delivery.sent).toEqual(["answer to question m1"]);
    await vi.advanceTimersByTimeAsync(MINUTE - 2_000);
    expect(w.claims()).toBe(2);
    w.world.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(MINUTE);
    await running;
  });

  it("does not miss a ring that comes while its claim is on the way", async () => {
    const w = worldOf({ subscribes: true });
    w.waiting.heard(0, MINUTE);
    let rings = 0;
    const before = w.world.transport.onClaim;
    w.world.transport.onClaim = () => {
      before();
      if (rings < 1) w.waiting.heard((rings += 1), MINUTE);
    };
    await runFor(w.world, 1_000);
    expect(w.claims()).toBe(2);
  });

  it("says in its claims whether it listens: from the first answer on, until the connection is lost for 5 s", async () => {
    const w = worldOf({ subscribes: true });
    hinting(w, { retryAfterMs: 30_000 });
    const running = runLoop(w.world.deps);
    await vi.advanceTimersByTimeAsync(100);
    w.waiting.heard(0, MINUTE);
    await vi.advanceTimersByTimeAsync(100);
    expect(w.claimedListening).toEqual([false, true]);
    w.waiting.lost();
    w.waiting.lost();
    await vi.advanceTimersByTimeAsync(4_000);
    w.waiting.heard(0, MINUTE);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(w.claimedListening).toHaveLength(2);
    w.waiting.lost();
    await vi.advanceTimersByTimeAsync(5_100);
    expect(w.claimedListening).toEqual([false, true, false]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(w.claimedListening).toHaveLength(4);
    w.waiting.heard(0, MINUTE);
    await vi.advanceTimersByTimeAsync(100);
    expect(w.claimedListening.at(-1)).toBe(true);
    w.world.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(MINUTE);
    await running;
  });

  it("stops when the answer to a claim says so, without another call", async () => {
    const w = worldOf({ subscribes: true });
    w.waiting.heard(0, MINUTE);
    const running = runLoop(w.world.deps);
    await vi.advanceTimersByTimeAsync(100);
    hinting(w, { retryAfterMs: MINUTE, control: { shouldStop: true } });
    w.waiting.heard(1, MINUTE);
    await vi.advanceTimersByTimeAsync(10);
    await running;
    expect(w.world.states.at(-1)).toBe("stopped");
    expect(w.world.transport.calls.map(({ operation }) => operation)).toEqual(["claim", "claim"]);
  });

  it("leaves no timer behind when it is closed while the connection is lost", () => {
    const { waiting } = worldOf({ subscribes: true });
    waiting.heard(0, MINUTE);
    waiting.lost();
    expect(vi.getTimerCount()).toBe(1);
    waiting.close();
  });
});

describe("a worker that polls", () => {
  it("follows the server's hints, and 2 s without one", async () => {
    const without = worldOf({}, 0.5);
    await runFor(without.world, 20_001);
    expect(without.claims()).toBe(11);
    const hinted = worldOf({}, 0.5);
    hinting(hinted, { retryAfterMs: 10_000 });
    await runFor(hinted.world, 20_001);
    expect(hinted.claims()).toBe(3);
    expect(hinted.claimedListening).toEqual([undefined, undefined, undefined]);
  });

  it("asks again soon after a message, whatever was hinted before", async () => {
    const w = worldOf({}, 0.5);
    hinting(w, { retryAfterMs: 50_000 });
    const running = runLoop(w.world.deps);
    await vi.advanceTimersByTimeAsync(100);
    w.world.transport.jobs.push(aJob("m1"));
    await vi.advanceTimersByTimeAsync(50_000);
    expect(w.world.delivery.sent).toHaveLength(1);
    const before = w.claims();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(w.claims()).toBe(before + 1);
    w.world.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(MINUTE);
    await running;
  });

  it("keeps to a fixed interval", async () => {
    const w = worldOf({ fixedPollMs: 500 }, 0.5);
    hinting(w, { retryAfterMs: 50_000 });
    await runFor(w.world, 5_001);
    expect(w.claims()).toBe(11);
  });
});
