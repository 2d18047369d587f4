import { afterEach, describe, expect, test } from "vitest";
import { RawClient } from "./client.testing.js";
import { type FakeGatewayOptions, type FakeOpenClawGateway, startFakeOpenClawGateway } from "./index.js";

const opened: { end(): void }[] = [];
let gateway: FakeOpenClawGateway;

afterEach(async () => {
  opened.splice(0).forEach((client) => client.end());
  await gateway.close();
});

async function setup(options: Partial<FakeGatewayOptions> = {}): Promise<void> {
  gateway = await startFakeOpenClawGateway({ token: "secret", ...options });
}

function client(headers?: Record<string, string>): RawClient {
  const raw = new RawClient(gateway.url, headers);
  opened.push(raw);
  return raw;
}

async function connected(options: Partial<FakeGatewayOptions> = {}): Promise<RawClient> {
  await setup(options);
  const raw = client();
  await raw.connect();
  return raw;
}

const job = (key: string, message = "hi", sessionKey = "agent:main:af:c1") => ({
  message,
  sessionKey,
  idempotencyKey: key,
});

describe("handshake", () => {
  test.each([
    ["protocol 1 to 2", { minProtocol: 1, maxProtocol: 2 }, "INVALID_REQUEST", "PROTOCOL_MISMATCH", 1002],
    ["protocol 3 only", { maxProtocol: 3 }, "INVALID_REQUEST", "PROTOCOL_MISMATCH", 1002],
    ["wrong token", { auth: { token: "no" } }, "INVALID_REQUEST", "AUTH_TOKEN_MISMATCH", 1008],
    ["no token", { auth: undefined }, "NOT_PAIRED", "DEVICE_IDENTITY_REQUIRED", 1008],
    ["unknown param", { extra: 1 }, "INVALID_REQUEST", undefined, 1008],
    [
      "unknown client id",
      { client: { id: "mine", version: "1", platform: "linux", mode: "backend" } },
      "INVALID_REQUEST",
      undefined,
      1008,
    ],
  ])("%s is refused", async (_name, overrides, code, detail, closeCode) => {
    await setup();
    const raw = client();
    const response = await raw.connect(overrides);
    expect(response).toMatchObject({ ok: false, error: { code } });
    expect(response.error).toMatchObject(detail ? { details: { code: detail } } : {});
    expect(await raw.closed()).toBe(closeCode);
  });

  test("anything but connect first is refused", async () => {
    await setup();
    const raw = client();
    await raw.event("connect.challenge");
    expect((await raw.call("health", {})).error?.message).toBe(
      "invalid handshake: first request must be connect",
    );
    expect(await raw.closed()).toBe(1008);
  });

  test("an Origin header is refused", async () => {
    await setup();
    const response = await client({ Origin: "http://example.test" }).connect();
    expect(response.error).toMatchObject({ details: { code: "CONTROL_UI_ORIGIN_NOT_ALLOWED" } });
  });

  test("a client that does not answer the challenge is dropped", async () => {
    await setup({ handshakeTimeoutMs: 20 });
    expect(await client().closed()).toBe(1000);
  });

  test("a starting gateway asks to come back", async () => {
    await setup({ starting: true });
    const raw = client();
    expect((await raw.connect()).error).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      retryAfterMs: 500,
      details: { reason: "startup-sidecars" },
    });
    expect(await raw.closed()).toBe(1013);
    const readyz = gateway.url.replace("ws:", "http:") + "/readyz";
    expect((await fetch(readyz)).status).toBe(503);
    gateway.setStarting(false);
    expect((await fetch(readyz)).status).toBe(200);
    expect(await client().connect()).toMatchObject({ ok: true, payload: { type: "hello-ok", protocol: 4 } });
  });

  test("the token is also accepted as password", async () => {
    await setup();
    expect((await client().connect({ auth: { password: "secret" } })).ok).toBe(true);
  });
});

describe("agent", () => {
  test("is accepted, reports events and ends with the answer under the same id", async () => {
    const raw = await connected({ tickIntervalMs: 10 });
    const id = raw.send("agent", job("k1"));
    expect((await raw.response(id)).payload).toMatchObject({ runId: "k1", status: "accepted" });
    expect((await raw.response(id, 1)).payload).toMatchObject({
      status: "ok",
      result: { payloads: [{ text: "echo: hi" }] },
    });
    const kinds = raw.frames.filter((frame) => frame.type === "event").map((frame) => frame.event);
    expect(kinds).toEqual(expect.arrayContaining(["agent", "chat"]));
    await raw.event("tick");
  });

  test("refuses unknown params, unknown methods and a missing key", async () => {
    const raw = await connected();
    expect((await raw.call("agent", { ...job("k1"), conversation: "c1" })).error?.message).toContain(
      "unexpected property 'conversation'",
    );
    expect((await raw.call("agent", { message: "hi" })).error?.code).toBe("INVALID_REQUEST");
    expect((await raw.call("agents", {})).error?.message).toBe("unknown method: agents");
    expect(gateway.modelCalls).toEqual([]);
  });

  test("a thinking level the model lacks fails the run", async () => {
    const raw = await connected();
    const response = await raw.call("agent", { ...job("k1"), thinking: "medium" });
    expect(response).toMatchObject({
      ok: false,
      error: { code: "UNAVAILABLE" },
      payload: { status: "error" },
    });
  });

  test("runs of one session are serial, runs of two sessions are not", async () => {
    let started = 0;
    let release: () => void = () => undefined;
    const twoStarted = new Promise<void>((resolve) => (release = resolve));
    const raw = await connected({
      answer: async ({ text }) => {
        started += 1;
        if (started === 2) release();
        await twoStarted;
        return text;
      },
    });
    const ids = [
      raw.send("agent", job("a1", "first", "s:a")),
      raw.send("agent", job("a2", "second", "s:a")),
      raw.send("agent", job("b1", "other", "s:b")),
    ];
    await Promise.all(ids.map((id) => raw.response(id, 1)));
    const calls = gateway.modelCalls.map((call) => call.text);
    expect(calls.slice(0, 2).sort()).toEqual(["first", "other"]);
    expect(calls[2]).toBe("second");
  });

  test("a key answers from the cache, errors included, until the gateway restarts", async () => {
    const raw = await connected({ faults: [{ kind: "unavailable" }] });
    const failed = await raw.response(raw.send("agent", job("k1")), 1);
    expect(failed).toMatchObject({ ok: false, error: { code: "UNAVAILABLE" }, payload: { status: "error" } });
    expect(await raw.call("agent", job("k1"))).toMatchObject({ ok: false, payload: { status: "error" } });
    const good = await raw.response(raw.send("agent", job("k2")), 1);
    expect((await raw.call("agent", job("k2"))).payload).toEqual(good.payload);
    expect(gateway.modelCalls).toHaveLength(1);

    gateway.crash();
    gateway.boot();
    const again = client();
    await again.connect();
    expect(await again.response(again.send("agent", job("k2")), 1)).toMatchObject({
      ok: true,
      payload: { status: "error", summary: "keyed user is outside the current turn" },
    });
    expect(gateway.modelCalls).toHaveLength(1);
  });

  test("/new wipes the session without a model call", async () => {
    const raw = await connected();
    await raw.response(raw.send("agent", job("k1")), 1);
    const reset = await raw.response(raw.send("agent", job("k2", "/new")), 1);
    expect(reset.payload).toMatchObject({ result: { payloads: [{ isStatusNotice: true }] } });
    expect(gateway.transcript("agent:main:af:c1")).toEqual([]);
    expect(gateway.modelCalls).toHaveLength(1);
  });

  test("media lines become media urls", async () => {
    const raw = await connected({ answer: () => "see\nMEDIA:/w/a.png" });
    const { payload } = await raw.response(raw.send("agent", job("k1")), 1);
    expect(payload).toMatchObject({ result: { payloads: [{ text: "see", mediaUrl: "/w/a.png" }] } });
  });

  test("the run's own timeout ends it", async () => {
    const raw = await connected({ faults: [{ kind: "timeout" }] });
    const { ok, payload } = await raw.response(raw.send("agent", job("k1")), 1);
    expect(ok).toBe(true);
    expect(payload).toMatchObject({ status: "timeout", timeoutPhase: "provider" });
  });
});

describe("around a run", () => {
  test("agent.wait returns the end of a run, or a bare timeout", async () => {
    const raw = await connected({ modelMs: 40 });
    raw.send("agent", job("k1"));
    expect((await raw.call("agent.wait", { runId: "k1", timeoutMs: 1 })).payload).toEqual({
      runId: "k1",
      status: "timeout",
    });
    expect((await raw.call("agent.wait", { runId: "k1" })).payload).toMatchObject({
      status: "ok",
      terminalReply: { disposition: "visible", text: "echo: hi" },
    });
  });

  test("a key in use is not run twice", async () => {
    const raw = await connected({ modelMs: 40 });
    raw.send("agent", job("k1"));
    expect((await raw.call("agent", job("k1"))).payload).toMatchObject({ status: "in_flight" });
  });

  test("chat.abort ends a run", async () => {
    const raw = await connected({ modelMs: 60_000 });
    const id = raw.send("agent", job("k1"));
    await raw.response(id);
    const params = { sessionKey: "agent:main:af:c1", runId: "k1" };
    expect((await raw.call("chat.abort", params)).payload).toMatchObject({ aborted: true, runIds: ["k1"] });
    expect((await raw.response(id, 1)).payload).toMatchObject({
      status: "timeout",
      summary: "aborted",
      stopReason: "rpc",
    });
    expect((await raw.call("chat.abort", params)).payload).toMatchObject({ aborted: false });
  });

  test("chat.history shows keyed user rows and whether a run is active", async () => {
    const raw = await connected({ modelMs: 30 });
    const id = raw.send("agent", job("k1"));
    await raw.response(id);
    const during = await raw.call("chat.history", { sessionKey: "agent:main:af:c1", limit: 10 });
    expect(during.payload).toMatchObject({ sessionInfo: { hasActiveRun: true } });
    await raw.response(id, 1);
    const after = await raw.call("chat.history", { sessionKey: "agent:main:af:c1", limit: 10 });
    expect(after.payload).toMatchObject({
      messages: [{ role: "user", idempotencyKey: "k1:user" }, { role: "assistant" }],
      sessionInfo: { hasActiveRun: false },
    });
  });

  test("shutdown lets runs finish, announces itself and closes with 1012", async () => {
    const raw = await connected({ modelMs: 20 });
    const id = raw.send("agent", job("k1"));
    await raw.response(id);
    await gateway.shutdown();
    expect((await raw.response(id, 1)).payload).toMatchObject({ status: "ok" });
    await raw.event("shutdown");
    expect(await raw.closed()).toBe(1012);
  });

  test("after a crash mid-run the next boot resumes the turn and tells nobody", async () => {
    const raw = await connected({ faults: [{ kind: "crash-mid-run" }] });
    raw.send("agent", job("k1"));
    await raw.closed();
    expect(gateway.modelCalls).toEqual([]);
    gateway.boot();
    await expect.poll(() => gateway.transcript("agent:main:af:c1").length, { interval: 5 }).toBe(3);
    expect(gateway.modelCalls).toMatchObject([{ text: "hi", resumed: true }]);
    expect(gateway.transcript("agent:main:af:c1")).toMatchObject([
      { role: "user", content: "hi", idempotencyKey: "k1:user" },
      // The real gateway gives its own row a key as well; only the provenance tells.
      {
        role: "user",
        idempotencyKey: expect.stringMatching(/.:user$/),
        provenance: { kind: "internal_system" },
      },
      { role: "assistant", content: [{ type: "text", text: "echo: hi" }] },
    ]);
  });
});
