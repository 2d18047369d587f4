import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, heartbeatMs, leaseLost, loopWith } from "../../test/worker/fakes.js";
import { outcomes, runFor } from "../../test/worker/runFor.js";
import type { Job } from "../../src/contract/queue.js";
import { runLoop } from "./loop.js";
import { TransportError } from "./transport/transport.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  // Nothing may outlive a loop that has ended.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

describe("a lost lease", () => {
  it("while the engine runs: a heartbeat aborts it, nothing is written, the next is claimed", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    world.engine.answer = ({ messageId }) => (messageId === "m1" ? never() : Promise.resolve({ text: "ok" }));
    world.transport.onHeartbeat = () => leaseLost;
    await runFor(world, heartbeatMs + 10);
    expect(world.engine.requests[0]?.signal.aborted).toBe(true);
    expect(world.transport.settles("m1")).toEqual([]);
    expect(world.delivery.sent).toEqual(["ok"]);
    expect(await outcomes(world)).toEqual({ lease_lost: 1, done: 1 });
    expect((await world.metrics.leaseLosses.get()).values[0]?.value).toBe(1);
  });

  it("while sending: the delivery is aborted and no further part goes out", async () => {
    const world = loopWith([aJob("m1")]);
    world.engine.answer = () => Promise.resolve({ text: "one|two" });
    let aborted = false;
    world.delivery.onSend = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(signal.reason as Error);
        });
      });
    world.transport.onHeartbeat = () => leaseLost;
    await runFor(world, heartbeatMs + 10);
    expect(aborted).toBe(true);
    expect(world.delivery.sent).toEqual(["one"]);
    expect(world.transport.settles("m1")).toEqual(["turns+reply", "sending 0"]);
  });

  it("told by an error where a result cannot say so: dropped just as quietly", async () => {
    const world = loopWith([aJob("m1")]);
    world.transport.onSettle = () => {
      throw new TransportError("lease_lost", "settle: gone", false, 409);
    };
    await runFor(world, 10);
    expect(await outcomes(world)).toEqual({ lease_lost: 1 });
    expect(world.transport.settles("m1")).toHaveLength(1);
  });

  it.each(["reply", "sendingPart", "outcome"] as const)(
    "found by the write of %s: dropped quietly",
    async (key) => {
      const world = loopWith([aJob("m1")]);
      world.transport.onSettle = (request) => (request[key] === undefined ? null : leaseLost);
      await runFor(world, 10);
      expect(await outcomes(world)).toEqual({ lease_lost: 1 });
      expect(world.delivery.sent).toHaveLength(key === "outcome" ? 1 : 0);
    },
  );

  it("is assumed when no renewal succeeds until it must have run out", async () => {
    const world = loopWith([aJob("m1")]);
    world.engine.answer = never;
    world.transport.onHeartbeat = () =>
      Promise.reject(new TransportError("network", "heartbeat: ECONNREFUSED", true));
    await runFor(world, 5 * heartbeatMs);
    expect(await outcomes(world)).toEqual({ lease_lost: 1 });
  });

  it("reported by a heartbeat that crosses the ending write does not lose the next job", async () => {
    const world = loopWith([aJob("m1")]);
    world.transport.onHeartbeat = () => leaseLost;
    world.transport.onSettle = (request) => {
      if (request.outcome === undefined || world.transport.settles("m1").length > 3) return null;
      const next: Job = aJob("m2");
      return new Promise((resolve) =>
        setTimeout(() => resolve({ ok: true, status: "done", nextScheduledFor: null, next }), 1_500),
      );
    };
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(1_400);
    world.transport.onHeartbeat = () => ({ ok: true, leaseExpiresAt: Date.now() + 4_000, shouldStop: false });
    world.transport.onSettle = () => null;
    await vi.advanceTimersByTimeAsync(200);
    world.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
    expect(await outcomes(world)).toEqual({ done: 2 });
    expect((await world.metrics.leaseLosses.get()).values[0]?.value).toBe(0);
  });
});

describe("an unreliable connection", () => {
  it("repeats a write whose answer was lost, and sends once", async () => {
    const world = loopWith([aJob("m1")]);
    let lostAnswers = 2;
    world.transport.onSettle = (request) => {
      if (request.sendingPart === undefined || lostAnswers-- <= 0) return null;
      throw new TransportError("network", "settle: ECONNRESET", true);
    };
    await runFor(world, 2_000);
    expect(world.delivery.sent).toEqual(["answer to question m1"]);
    expect(world.transport.settles("m1")).toEqual([
      "turns+reply",
      "sending 0",
      "sending 0",
      "sending 0",
      "complete",
    ]);
    const { values } = await world.metrics.retries.get();
    expect(values.filter(({ value }) => value > 0)).toMatchObject([
      { labels: { operation: "settle" }, value: 2 },
    ]);
  });

  it("gives up when the lease would have run out", async () => {
    const world = loopWith([aJob("m1")]);
    world.transport.onSettle = () => {
      throw new TransportError("network", "settle: ECONNREFUSED", true);
    };
    world.transport.onHeartbeat = () =>
      Promise.reject(new TransportError("network", "heartbeat: ECONNREFUSED", true));
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(5 * heartbeatMs);
    expect((await world.metrics.inFlight.get()).values[0]?.value).toBe(0);
    expect(world.delivery.sent).toEqual([]);
    world.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
  });

  it("backs off after failed claims and never repeats one at once", async () => {
    const world = loopWith([]);
    world.transport.onClaim = () => {
      throw new TransportError("network", "claim: ECONNREFUSED", true);
    };
    await runFor(world, 10_000);
    // 0, 0.75, 2.25, 5.25, 11.25 s: half to whole of 1, 2, 4, 8 s
    expect(world.transport.count("claim")).toBe(4);
    expect(world.connection.problem()).toBe("not connected yet (last error: network)");
  });
});

describe("stopping", () => {
  it("asked by a heartbeat: finishes the message however long it takes and claims nothing more", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    world.transport.onHeartbeat = () => ({ ok: true, leaseExpiresAt: Date.now() + 4_000, shouldStop: true });
    world.engine.answer = () => new Promise((resolve) => setTimeout(() => resolve({ text: "late" }), 25_000));
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(26_000);
    await running;
    expect(world.delivery.sent).toEqual(["late"]);
    expect(world.transport.calls.at(-1)?.request).toEqual({ outcome: { kind: "complete" } });
    expect(world.transport.jobs).toHaveLength(1);
  });

  it("by a signal: finishes within the grace", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    world.engine.answer = () => new Promise((resolve) => setTimeout(() => resolve({ text: "soon" }), 5_000));
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(100);
    world.control.requestStop("SIGTERM");
    await vi.advanceTimersByTimeAsync(5_000);
    await running;
    expect(world.delivery.sent).toEqual(["soon"]);
    expect(world.states).toEqual(["stopping", "draining", "stopped"]);
  });

  it("hands back what is not finished when the grace is over", async () => {
    const world = loopWith([aJob("m1")], 2_000);
    world.engine.answer = never;
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(100);
    world.control.requestStop("SIGTERM");
    await vi.advanceTimersByTimeAsync(2_000);
    await running;
    expect(world.transport.settles("m1")).toEqual([
      "fail:retry:the worker was stopped before it had finished",
    ]);
    expect(world.engine.requests[0]?.signal.aborted).toBe(true);
    expect(await outcomes(world)).toEqual({ handed_back: 1 });
  });

  const stopped = "the worker was stopped before it had finished";
  it.each([
    ["one", `doubt 0+complete`],
    ["one|two", `doubt 0+sending 1+fail:retry:${stopped}`],
  ])(
    "in the middle of sending a part of '%s': what may have arrived is not sent again",
    async (text, last) => {
      const world = loopWith([aJob("m1")], 1_500);
      world.engine.answer = () => Promise.resolve({ text });
      world.delivery.onSend = (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
        );
      const running = runLoop(world.deps);
      await vi.advanceTimersByTimeAsync(100);
      world.control.requestStop("SIGTERM");
      await vi.advanceTimersByTimeAsync(1_500);
      await running;
      expect(world.transport.settles("m1")).toEqual(["turns+reply", "sending 0", last]);
    },
  );

  it("with everything sent but the ending write failing: the farewell completes, it never sends the message round again", async () => {
    const world = loopWith([aJob("m1")], 1_500);
    let failures = 0;
    world.transport.onSettle = ({ outcome, claimNext }) => {
      if (outcome === undefined || claimNext === undefined) return null;
      failures += 1;
      throw new TransportError("network", "settle: ECONNRESET", true);
    };
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(100);
    world.control.requestStop("SIGTERM");
    await vi.advanceTimersByTimeAsync(10_000);
    await running;
    expect(failures).toBeGreaterThan(1);
    expect(world.transport.calls.filter((call) => call.operation === "settle").at(-1)?.request).toEqual({
      outcome: { kind: "complete" },
    });
  });

  it("does not wait for ever for the farewell", async () => {
    const world = loopWith([aJob("m1")], 0);
    world.engine.answer = never;
    world.transport.onSettle = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () =>
          reject(new TransportError("aborted", "settle: aborted", false)),
        );
      });
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(100);
    world.control.requestStop("SIGTERM");
    await vi.advanceTimersByTimeAsync(3_100);
    await running;
    expect(await outcomes(world)).toEqual({ abandoned: 1 });
  });
});
