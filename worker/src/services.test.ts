import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, loopWith } from "../../test/worker/fakes.js";
import { outcomes, runFor } from "../../test/worker/runFor.js";
import { systemClock } from "./clock.js";
import { EngineError } from "./engine/engine.js";
import { healthProblems } from "./health.js";
import { createMetrics } from "./metrics.js";
import { Services, type ServicesDeps } from "./services.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => vi.useRealTimers());

const never = new AbortController().signal;
function servicesWith(checks: ServicesDeps["checks"] = {}) {
  const metrics = createMetrics();
  const clock = { ...systemClock, random: () => 1 };
  return { metrics, services: new Services({ clock, log: pino({ level: "silent" }), metrics, checks }) };
}

describe("a service that fails", () => {
  it("holds claims back from the second failure in a row, longer each time, up to half a minute", () => {
    const { services } = servicesWith();
    services.failed("engine", "HTTP 503");
    expect([services.mayClaim, services.problems()]).toEqual([true, []]);
    const pauses: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      services.failed("engine", "HTTP 503");
      const from = Date.now();
      while (!services.mayClaim) vi.advanceTimersByTime(500);
      pauses.push(Date.now() - from);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("holds them back at once for as long as it asks, up to a minute: the messages wait longer by themselves", () => {
    const { services } = servicesWith();
    services.failed("engine", "HTTP 429", 20_000);
    vi.advanceTimersByTime(19_000);
    expect(services.mayClaim).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(services.mayClaim).toBe(true);
    services.failed("engine", "HTTP 429", 3_600_000);
    vi.advanceTimersByTime(60_000);
    expect(services.mayClaim).toBe(true);
  });

  it("is told to health and metrics until it has worked again", async () => {
    const { services, metrics } = servicesWith();
    const gauge = async () =>
      (await metrics.serviceDown.get()).values.find((v) => v.labels.service === "store")?.value;
    expect(await gauge()).toBe(0);
    services.failed("store", "ECONNREFUSED");
    services.failed("store", "ECONNREFUSED");
    expect([services.problems(), await gauge()]).toEqual([
      ["store: failing since 2027-01-15T08:00:00.000Z (ECONNREFUSED)"],
      1,
    ]);
    services.worked("engine");
    expect(services.mayClaim).toBe(false);
    services.worked("store");
    expect([services.problems(), services.mayClaim, await gauge()]).toEqual([[], true, 0]);
  });

  it.each([
    ["fails: for a minute at most", () => Promise.reject(new Error("down")), 60_000],
    ["succeeds: no longer than the pause", () => Promise.resolve(), 2_000],
  ])("a check that %s", async (_, check, expected) => {
    const checked = vi.fn(check);
    const { services } = servicesWith({ engine: checked });
    services.failed("engine", "down");
    services.failed("engine", "down");
    const from = Date.now();
    let heldMs = 0;
    void services.untilNextTry(never).then(() => (heldMs = Date.now() - from));
    await vi.advanceTimersByTimeAsync(120_000);
    expect([heldMs, checked.mock.calls.length > 0]).toEqual([expected, true]);
  });
});

describe("a worker whose engine is down", () => {
  it("claims one message to see, ever more rarely, tells its health, and goes on when a message succeeds", async () => {
    const jobs = Array.from({ length: 200 }, (_, i) => aJob(`m${i}`));
    const world = loopWith(jobs);
    const services = new Services(world.deps);
    world.deps.services = services;
    let down = true;
    world.engine.answer = () =>
      down
        ? Promise.reject(new EngineError("unavailable", "openai: HTTP 503"))
        : Promise.resolve({ text: "answer" });
    setTimeout(() => {
      expect(world.engine.requests.length).toBeLessThan(40);
      expect(healthProblems({ ...world, services }).join()).toMatch(/engine: failing since .*HTTP 503/);
      down = false;
    }, 600_000);
    await runFor(world, 660_000);
    expect(healthProblems({ ...world, services }).join()).not.toMatch(/failing/);
    expect(await outcomes(world)).toMatchObject({ done: expect.any(Number) as number });
    expect(jobs).toEqual([]);
    const failures = world.transport.calls.flatMap(({ request }) =>
      request?.outcome?.kind === "fail" ? [request.outcome] : [],
    );
    expect(failures.length).toBeLessThan(40);
  });

  it("says what a failure blames and how long to wait only to a component that knows of it", async () => {
    const world = loopWith([aJob("old"), aJob("new", {}, { leaseMs: 4_000 })]);
    world.engine.answer = () =>
      Promise.reject(new EngineError("unavailable", "openai: HTTP 429", true, { retryAfterMs: 700 }));
    await runFor(world, 5_000);
    const said = world.transport.calls.flatMap(({ request }) =>
      request?.outcome === undefined ? [] : [request.outcome],
    );
    const failure = { kind: "fail", errorMessage: "openai: HTTP 429", retryable: true };
    expect(said).toEqual([failure, { ...failure, blames: "service", retryAfterMs: 700 }]);
  });
});

describe("text that is none", () => {
  it("of an engine's answer or failure reaches the component well-formed", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    world.engine.answer = ({ messageId }) =>
      messageId === "m1"
        ? Promise.resolve({ text: "half \ud83d" })
        : Promise.reject(new EngineError("crashed", "exit code 3: \ude00"));
    await runFor(world, 5_000);
    expect(world.delivery.sent).toEqual(["half \ufffd"]);
    expect(world.transport.settles("m2")).toEqual(["fail:retry:exit code 3: \ufffd"]);
  });
});
