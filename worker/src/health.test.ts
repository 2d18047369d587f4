import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, loopWith } from "../../test/worker/fakes.js";
import { healthApp, startHealthServer } from "./health.js";
import { createLogger } from "./logging.js";
import { runLoop } from "./loop.js";
import { drainOnSignals } from "./shutdown.js";
import { TransportError } from "./transport/transport.js";

describe("health and metrics", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("is healthy only while connected, the engine ready and the worker running", async () => {
    const { engine, control, metrics, connection } = loopWith([]);
    const app = healthApp({ engine, control, metrics, connection });
    const check = async (): Promise<unknown> => {
      const response = await app.request("/healthz");
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect(await check()).toEqual({
      status: 503,
      ok: false,
      state: "running",
      problems: ["component: not connected yet"],
      warnings: [],
    });
    connection.succeeded();
    expect(await check()).toEqual({ status: 200, ok: true, state: "running", problems: [], warnings: [] });
    engine.isReady = false;
    expect(await check()).toMatchObject({ status: 503, problems: ["engine fake: not ready"] });
    engine.isReady = true;
    for (let i = 0; i < 3; i += 1) connection.failed("network");
    expect(await check()).toMatchObject({
      status: 503,
      problems: ["component: 3 calls failed in a row (last error: network)"],
    });
    connection.succeeded();
    vi.advanceTimersByTime(61_000);
    expect(await check()).toMatchObject({
      status: 503,
      problems: ["component: no successful call for 61 s"],
    });
    expect(await (await app.request("/metrics")).text()).toContain("agent_factory_worker_connected 0");
    connection.succeeded();
    control.requestStop("SIGTERM");
    expect(await check()).toMatchObject({ status: 503, problems: ["worker: draining"] });
    control.finished();
  });

  it("serves series that a real run has moved", async () => {
    const world = loopWith([
      aJob("m1"),
      aJob("m2", { reply: { text: "r", parts: 1, nextPart: 0, ambiguousParts: [] } }),
      aJob("m3"),
    ]);
    world.engine.answer = ({ messageId }) =>
      new Promise((resolve) =>
        setTimeout(() => resolve({ text: messageId }), messageId === "m3" ? 5_000 : 1_500),
      );
    let dropped = false;
    world.transport.onSettle = (request) => {
      if (dropped || request.sendingPart === undefined) return null;
      dropped = true;
      throw new TransportError("network", "settle: ECONNRESET", true);
    };
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(4_000);
    const app = healthApp(world);
    const during = await (await app.request("/metrics")).text();
    world.transport.onHeartbeat = () => ({ ok: false, reason: "lease_lost" });
    await vi.advanceTimersByTimeAsync(4_000);
    world.control.requestStop("test");
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
    const after = await (await app.request("/metrics")).text();
    for (const line of ["in_flight 1", "connected 1", "claiming 1"])
      expect(during).toContain(`agent_factory_worker_${line}`);
    for (const line of [
      'claims_total{result="job"} 1',
      'claims_total{result="chained"} 2',
      'claims_total{result="empty"}',
      'messages_total{outcome="done"} 2',
      'messages_total{outcome="lease_lost"} 1',
      "replies_resumed_total 1",
      'engine_seconds_count{result="ok"} 1',
      'engine_seconds_count{result="aborted"} 1',
      'delivery_parts_total{result="sent"} 2',
      'retries_total{operation="settle"} 1',
      'heartbeats_total{result="ok"}',
      'heartbeats_total{result="lost"} 1',
      "lease_losses_total 1",
      "in_flight 0",
      "claiming 0",
    ]) {
      expect(after).toContain(`agent_factory_worker_${line}`);
    }
  });

  it("serves Prometheus's plain text to who asks for it, and OpenMetrics else", async () => {
    const app = healthApp(loopWith([]));
    const typeFor = async (accept?: string): Promise<string> => {
      const response = await app.request("/metrics", accept === undefined ? {} : { headers: { accept } });
      const text = await response.text();
      expect(text.includes("# EOF")).toBe(response.headers.get("content-type")?.startsWith("application/"));
      expect(text).toContain('agent_factory_worker_claims_total{result="job"} 0');
      return response.headers.get("content-type") ?? "";
    };
    const open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    expect(await typeFor()).toBe(open);
    expect(await typeFor("*/*")).toBe(open);
    expect(await typeFor("text/plain")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await typeFor("text/plain;version=0.0.4;q=0.9,*/*;q=0.1")).toContain("text/plain");
    const prometheus =
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    expect(await typeFor(prometheus)).toBe(open);
  });

  it.each(["::", "[::]"])("on %s a machine of IPv4 only and one of IPv6 only reach it", async (host) => {
    vi.useRealTimers();
    const server = await startHealthServer(loopWith([]), host, 0);
    try {
      for (const address of ["127.0.0.1", "[::1]"])
        expect((await fetch(`http://${address}:${server.port}/healthz`)).status).toBe(503);
    } finally {
      await server.close();
    }
  });

  it("listens where told and refuses a taken port", async () => {
    vi.useRealTimers();
    const world = loopWith([]);
    const server = await startHealthServer(world, "127.0.0.1", 0);
    try {
      expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(503);
      await expect(startHealthServer(world, "127.0.0.1", server.port)).rejects.toMatchObject({
        code: "EADDRINUSE",
      });
    } finally {
      await server.close();
    }
  });
});

describe("signals", () => {
  it("the first drains, the second exits at once", () => {
    const { control, states } = loopWith([]);
    const emitter = new EventEmitter();
    const exited: string[] = [];
    const stopListening = drainOnSignals(control, emitter as unknown as NodeJS.Process, (signal) =>
      exited.push(signal),
    );
    emitter.emit("SIGTERM", "SIGTERM");
    expect([states, exited]).toEqual([["stopping", "draining"], []]);
    emitter.emit("SIGINT", "SIGINT");
    expect(exited).toEqual(["SIGINT"]);
    control.finished();
    stopListening();
    expect(emitter.listenerCount("SIGTERM")).toBe(0);
  });
});

describe("logs", () => {
  it("hold no secret, wherever it is put", () => {
    const lines: string[] = [];
    const secrets = ["worker-token-value"];
    const log = createLogger({
      level: "info",
      workerId: "w1",
      secrets,
      destination: { write: (line) => void lines.push(line) },
    });
    log.info(
      { url: "https://api.telegram.org/bot123:AAsecret/sendMessage", job: { telegramBotToken: "9:x" } },
      "a",
    );
    log.warn({ err: new Error("Bearer abc.def sk-proj-12345678 worker-token-value") }, "b");
    const text = lines.join("");
    expect(text).not.toMatch(/AAsecret|9:x|abc\.def|12345678|worker-token-value/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", workerId: "w1", event: "a" });
  });
});
