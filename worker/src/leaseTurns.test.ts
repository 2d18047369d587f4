import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, heartbeatMs, leaseLost, loopWith } from "../../test/worker/fakes.js";
import { outcomes, runFor } from "../../test/worker/runFor.js";
import type { RenewResult, SettleRequest, SettleResult } from "./transport/transport.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const after = <T>(ms: number, value: T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));
const renewed = (): RenewResult => ({
  ok: true,
  leaseExpiresAt: Date.now() + 4 * heartbeatMs,
  shouldStop: false,
});
const settled = ({ outcome }: SettleRequest): SettleResult => ({
  ok: true,
  status: outcome === undefined ? "held" : "done",
  nextScheduledFor: null,
  next: null,
});

/** A worker whose calls take this long. The trace has each call's kind, with the ms from the start to its beginning and its answer. */
function slowWorker(settleMs: (request: SettleRequest) => number, heartbeatTakesMs = 0) {
  const world = loopWith([aJob("m1")]);
  const startedAt = Date.now();
  const trace: { kind: "settle" | "heartbeat"; from: number; to: number; ends?: boolean }[] = [];
  const traced = async <T>(kind: "settle" | "heartbeat", ms: number, value: () => T, ends = false) => {
    const call = { kind, from: Date.now() - startedAt, to: Infinity, ends };
    trace.push(call);
    await after(ms, null);
    call.to = Date.now() - startedAt;
    return value();
  };
  world.transport.onSettle = (request) =>
    traced("settle", settleMs(request), () => settled(request), request.outcome !== undefined);
  world.transport.onHeartbeat = () => traced("heartbeat", heartbeatTakesMs, renewed);
  const overlaps = () =>
    trace.flatMap((one, index) =>
      trace
        .slice(index + 1)
        .filter((other) => other.kind !== one.kind && other.from < one.to && one.from < other.to)
        .map((other) => `${other.kind} at ${other.from} beside ${one.kind} at ${one.from}`),
    );
  return { ...world, trace, overlaps };
}

describe("a lease's renewals and the writes under it", () => {
  it("never run at the same time, however slow both are, and the renewals go on", async () => {
    const world = slowWorker(() => 400, 300);
    world.engine.answer = () => after(750, { text: "1|2|3|4|5|6" });
    await runFor(world, 8_000);
    expect(await outcomes(world)).toEqual({ done: 1 });
    expect(world.overlaps()).toEqual([]);
    const beats = world.trace.filter(({ kind }) => kind === "heartbeat").map(({ from }) => from);
    expect(beats.length).toBeGreaterThanOrEqual(2);
    // No two intervals without one, as the protocol has it.
    for (const [index, at] of beats.entries())
      expect(at - (beats[index - 1] ?? 0)).toBeLessThan(2 * heartbeatMs);
  });

  it("the renewal that waits for the end of the message is never made", async () => {
    const world = slowWorker(({ outcome }) => (outcome === undefined ? 0 : 400));
    world.engine.answer = () => after(700, { text: "one" });
    await runFor(world, 5_000);
    expect(world.trace.at(-1)).toMatchObject({ kind: "settle", ends: true });
    expect(world.trace.at(-1)?.to).toBeGreaterThan(heartbeatMs);
    expect(world.trace.map(({ kind }) => kind)).not.toContain("heartbeat");
    expect(await outcomes(world)).toEqual({ done: 1 });
  });

  it("nor the one that waits for a write which finds the lease lost", async () => {
    const world = slowWorker(() => 400);
    world.engine.answer = () => after(700, { text: "one" });
    world.transport.onSettle = () => after(400, leaseLost);
    await runFor(world, 5_000);
    expect(world.trace).toEqual([]);
    expect(await outcomes(world)).toEqual({ lease_lost: 1 });
  });

  it("a long sending is renewed all the while", async () => {
    const world = slowWorker(() => 10);
    world.delivery.onSend = () => after(10 * heartbeatMs, { kind: "sent" });
    await runFor(world, 12 * heartbeatMs);
    expect(await outcomes(world)).toEqual({ done: 1 });
    expect(world.trace.filter(({ kind }) => kind === "heartbeat").length).toBeGreaterThanOrEqual(9);
    expect(world.overlaps()).toEqual([]);
  });

  it("a write that is not answered delays a renewal by half an interval at most", async () => {
    const world = slowWorker(({ reply }) => (reply === undefined ? 0 : 10 * heartbeatMs));
    await runFor(world, 12 * heartbeatMs);
    const beats = world.trace.filter(({ kind }) => kind === "heartbeat").map(({ from }) => from);
    expect(beats[0]).toBe(1.5 * heartbeatMs);
    for (const [index, at] of beats.entries())
      expect(at - (beats[index - 1] ?? 0)).toBeLessThan(2 * heartbeatMs);
    expect(await outcomes(world)).toEqual({ done: 1 });
  });

  it("a renewal that is not answered delays a write by as much", async () => {
    const world = slowWorker(() => 0, 10 * heartbeatMs);
    world.engine.answer = () => after(1_100, { text: "one" });
    await runFor(world, 3 * heartbeatMs);
    expect(world.trace.find(({ kind }) => kind === "settle")?.from).toBe(1_100 + heartbeatMs / 2);
    expect(await outcomes(world)).toEqual({ done: 1 });
  });
});
