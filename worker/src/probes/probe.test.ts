import { createServer, type Server } from "node:net";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { json, startTestServer, type TestServer } from "../../../test/worker/httpServer.js";
import type { ProbeOrder, ProbeResult } from "../../../src/contract/probes.js";
import { readEnv } from "../env.js";
import { TransportError } from "../transport/transport.js";
import { createProber } from "./answer.js";
import { probePlaces } from "../engines/chosen.js";
import { runProbe, type ProbePlaces } from "./probe.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const nothing: ProbePlaces = { workerId: "w1", model: null, gatewayUrl: null };
const clock = { now: () => Date.now() };
const order = (kind: ProbeOrder["kind"], target: string | null = null, timeoutMs = 2_000): ProbeOrder => ({
  probeId: "p1",
  kind,
  target,
  timeoutMs,
});
const probed = (asked: ProbeOrder, places: Partial<ProbePlaces> = {}): Promise<ProbeResult> =>
  runProbe(asked, { places: { ...nothing, ...places }, clock });

async function served(answer: Parameters<typeof startTestServer>[0]): Promise<TestServer> {
  const server = await startTestServer(answer);
  closing.push(() => server.close());
  return server;
}
/** Accepts connections and says nothing. */
async function silent(): Promise<number> {
  const server: Server = createServer((socket) => void socket.on("error", () => undefined));
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
async function closedPort(): Promise<number> {
  const port = await silent();
  await closing.pop()?.();
  return port;
}

describe("a probe of a host", () => {
  it("is reached where something listens", async () => {
    const port = await silent();
    const result = await probed(order("host", `127.0.0.1:${port}`));
    expect(result).toMatchObject({ ok: true, code: "reached" });
    expect(result.message).toBe(`127.0.0.1:${port} accepts connections, from the network of worker w1`);
  });

  it("says what failed and on whose network", async () => {
    const result = await probed(order("host", `127.0.0.1:${await closedPort()}`));
    expect(result).toMatchObject({ ok: false, code: "refused" });
    expect(result.message).toBe(
      "it could not be reached (ECONNREFUSED). This is the network of worker w1, not the control plane's: check there",
    );
  });

  it("of a name that nobody has is `dns`", async () => {
    expect(await probed(order("host", "nobody.invalid:80", 5_000))).toMatchObject({ ok: false, code: "dns" });
  });
});

describe("a probe of a URL", () => {
  it("tells how it answered, not what, without credentials and without following", async () => {
    const server = await served((_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/elsewhere" }).end("the secret page");
    });
    const result = await probed(order("url", `${server.baseUrl}/x?y=1`));
    expect(result).toMatchObject({ ok: true, code: "reached", httpStatus: 302 });
    expect(JSON.stringify(result)).not.toContain("secret page");
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });

  it("that fails by itself is `http`, one that says nothing is `timeout`", async () => {
    const server = await served((_, response) => void response.writeHead(503).end());
    expect(await probed(order("url", server.baseUrl))).toMatchObject({
      ok: false,
      code: "http",
      httpStatus: 503,
    });
    const slow = await probed(order("url", `http://127.0.0.1:${await silent()}`, 150));
    expect(slow).toMatchObject({ ok: false, code: "timeout" });
    expect(slow.message).toContain("no answer within 150 ms");
    expect(slow.latencyMs).toBeGreaterThanOrEqual(140);
  });

  it.each([
    ["url", "file:///etc/passwd"],
    ["url", "http://user:password@127.0.0.1/"],
    ["url", null],
    ["host", "127.0.0.1"],
    ["host", "a b:80; rm -rf /"],
    ["host", "x:99999"],
    ["model", "http://127.0.0.1:1/steal-the-key"],
    ["gateway", "127.0.0.1:1"],
  ] as const)("of %s %s is not one", async (kind, target) => {
    expect(await probed(order(kind, target))).toMatchObject({ ok: false, code: "invalid" });
  });
});

describe("a probe of the worker's own places", () => {
  it("asks the model endpoint of the configuration with its key", async () => {
    const server = await served((_, response) => json(response, 200, { data: [] }));
    const model = { baseUrl: `${server.baseUrl}/v1`, apiKey: "the-key" };
    expect(await probed(order("model"), { model })).toMatchObject({ ok: true, httpStatus: 200 });
    expect(server.received[0]).toMatchObject({ method: "GET", path: "/v1/models" });
    expect(server.received[0]?.headers.authorization).toBe("Bearer the-key");
  });

  it("tells a refused key from an endpoint that is not reached", async () => {
    const server = await served((_, response) => json(response, 401, {}));
    const model = { baseUrl: server.baseUrl, apiKey: "wrong" };
    const result = await probed(order("model"), { model });
    expect(result).toMatchObject({ ok: false, code: "denied", httpStatus: 401 });
    expect(JSON.stringify(result)).not.toContain("wrong");
  });

  it("connects to the gateway, and says so where there is none", async () => {
    const gatewayUrl = `ws://127.0.0.1:${await silent()}`;
    expect(await probed(order("gateway"), { gatewayUrl })).toMatchObject({ ok: true });
    expect(await probed(order("gateway"))).toMatchObject({ ok: false, code: "not_configured" });
    expect(await probed(order("model"))).toMatchObject({ ok: false, code: "not_configured" });
  });

  it("knows those of the chosen engine only", () => {
    const base = {
      BASE_INTERNAL_URL: "http://127.0.0.1:1/x",
      AGENT_TOKEN: "t",
      MODEL: "m",
      OPENAI_API_KEY: "k",
    };
    const placesOf = (more: Record<string, string>) => {
      const read = readEnv({ ...base, ...more }, () => "w1");
      return read.ok ? probePlaces(read.env) : read.problems;
    };
    expect(placesOf({ ENGINE: "echo" })).toEqual(nothing);
    expect(placesOf({ ENGINE: "openai" })).toEqual({
      ...nothing,
      model: { baseUrl: "https://api.openai.com/v1", apiKey: "k" },
    });
    expect(placesOf({ ENGINE: "openclaw", OPENCLAW_GATEWAY_TOKEN: "t" })).toEqual({
      ...nothing,
      gatewayUrl: "ws://127.0.0.1:18789",
    });
  });
});

describe("the orders of a poll", () => {
  const log = pino({ level: "silent" });
  const signal = new AbortController().signal;
  function prober(enabled = true, report: () => Promise<boolean> = () => Promise.resolve(true)) {
    const reported: unknown[] = [];
    const transport = {
      reportProbe: (answer: unknown) => {
        reported.push(answer);
        return report();
      },
    };
    return { reported, prober: createProber({ places: nothing, clock, transport, log, enabled }) };
  }

  it("are answered one by one; one that is not understood hides no other and does nothing", async () => {
    const { reported, prober: it } = prober();
    await it.answer(
      [
        { probeId: "x", kind: "exec", target: "id > /tmp/x", timeoutMs: 1_000 },
        "rubbish",
        { ...order("gateway"), command: "id" },
      ],
      signal,
    );
    expect(reported).toMatchObject([{ probeId: "p1", result: { code: "not_configured" } }]);
  });

  it("are declined where the owner wants none", async () => {
    const { reported, prober: it } = prober(false);
    await it.answer([order("host", "127.0.0.1:1")], signal);
    expect(reported).toMatchObject([{ probeId: "p1", result: { ok: false, code: "disabled" } }]);
  });

  it("whose answer could not be told end nothing", async () => {
    const failing = () => Promise.reject(new TransportError("network", "down", true));
    const { reported, prober: it } = prober(true, failing);
    await it.answer([order("gateway"), order("model")], signal);
    expect(reported).toHaveLength(2);
  });
});
