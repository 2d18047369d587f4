import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Engine, EngineRequest } from "../../worker/src/engine/engine.js";
import {
  createOpenClawEngine,
  type OpenClawConfig,
  type OpenClawTiming,
} from "../../worker/src/engines/openclaw/engine.js";
import { type FakeGatewayOptions, type FakeOpenClawGateway, startFakeOpenClawGateway } from "./index.js";

const SESSION = "agent:main:af:c1";
const timing: OpenClawTiming = {
  reconnectMinMs: 5,
  reconnectMaxMs: 20,
  requestTimeoutMs: 500,
  waitSliceMs: 15,
  pollMs: 5,
  resumeGraceMs: 100,
  ownReconnectMs: 5,
  stopGraceMs: 2_000,
  restartMinMs: 10,
  restartMaxMs: 40,
};

let gateway: FakeOpenClawGateway;
let engine: Engine;
let log: string[];

beforeEach(() => {
  log = [];
});

afterEach(async () => {
  await engine.stop();
  await gateway.close();
});

async function setup(
  options: Partial<FakeGatewayOptions> = {},
  config: Partial<OpenClawConfig> = {},
): Promise<void> {
  gateway = await startFakeOpenClawGateway({ token: "secret", tickIntervalMs: 60, ...options });
  const note = (fields: object, message: string) => log.push(message + JSON.stringify(fields));
  engine = createOpenClawEngine(
    { url: gateway.url, token: "secret", timeoutMs: 5_000, connectTimeoutMs: 1_000, ...config },
    { timing, log: { info: note, warn: note } },
  );
}

async function started(options: Partial<FakeGatewayOptions> = {}, config: Partial<OpenClawConfig> = {}) {
  await setup(options, config);
  await engine.start();
}

function message(overrides: Partial<EngineRequest> = {}): EngineRequest {
  return {
    messageId: "m1",
    attempt: 1,
    conversationId: "c1",
    agentKey: "default",
    text: "hello",
    history: [],
    metadata: {},
    signal: new AbortController().signal,
    ...overrides,
  };
}

const keysSent = () =>
  gateway.requests
    .filter((request) => request.method === "agent")
    .map((request) => (request.params as { idempotencyKey: string }).idempotencyKey);
const methods = () => gateway.requests.map((request) => request.method);
const modelRunning = () => expect.poll(() => gateway.transcript(SESSION).length, { interval: 2 }).toBe(1);

describe("connecting", () => {
  test.each([
    ["a wrong token", {}, { token: "wrong-token" }, "AUTH_TOKEN_MISMATCH"],
    ["a protocol from the future", { protocol: 5 }, {}, "PROTOCOL_MISMATCH"],
  ])("%s makes start reject for good", async (_name, options, config, code) => {
    await setup(options, config);
    await expect(engine.start()).rejects.toMatchObject({
      kind: "refused",
      retryable: false,
      message: expect.stringContaining(code),
    });
    expect(engine.ready()).toBe(false);
    expect(log.join()).not.toContain("wrong-token");
  });

  test("a gateway that is not there makes start reject as unavailable", async () => {
    await setup({}, { connectTimeoutMs: 40 });
    gateway.crash();
    await expect(engine.start()).rejects.toMatchObject({ kind: "unavailable", retryable: true });
  });

  test("a starting gateway is asked again after the time it names", async () => {
    await setup({ starting: true, startingRetryAfterMs: 30 });
    const opening = engine.start();
    await expect.poll(() => log.length, { interval: 2 }).toBe(1);
    const { waitMs } = JSON.parse(log[0]!.slice(log[0]!.indexOf("{"))) as { waitMs: number };
    expect(waitMs).toBeGreaterThanOrEqual(30);
    expect(waitMs).toBeLessThanOrEqual(42);
    gateway.setStarting(false);
    await opening;
    expect(engine.ready()).toBe(true);
  });

  test("a gateway of protocol 3 is accepted", async () => {
    await started({ protocol: 3 });
    expect(await engine.run(message())).toEqual({ text: "echo: hello" });
  });
});

describe("a run", () => {
  test("answers, in a session of its conversation, under a key of its attempt", async () => {
    await started();
    expect(await engine.run(message({ systemPrompt: "be kind" }))).toEqual({ text: "echo: hello" });
    expect(gateway.requests).toEqual([
      {
        method: "agent",
        params: {
          message: "hello",
          sessionKey: SESSION,
          idempotencyKey: "m1:1",
          timeout: 6,
          extraSystemPrompt: "be kind",
        },
      },
    ]);
  });

  test("thinking is passed only when configured", async () => {
    await started({}, { thinking: "off" });
    await engine.run(message());
    expect(gateway.requests[0]?.params).toMatchObject({ thinking: "off" });
  });

  test.each(["/new", "  /reset now", "/status"])("%j from a user is no command", async (text) => {
    await started();
    await engine.run(message({ messageId: "m0" }));
    const { text: answer } = await engine.run(message({ text }));
    expect(answer).toContain(text.trim());
    expect(gateway.transcript(SESSION)).toHaveLength(4);
  });

  test.each([
    ["unavailable", "crashed", "provider down"],
    ["error-status", "crashed", "agent run failed"],
    ["error-payload", "crashed", "failed before producing"],
    ["timeout", "timeout", "too long"],
    ["empty", "crashed", "generate a response"],
  ] as const)("fault %s is an error of kind %s", async (kind, expected, text) => {
    await started({
      faults: [kind === "unavailable" ? { kind, message: "provider down secret" } : { kind }],
    });
    const error: unknown = await engine.run(message()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: expected, retryable: true, message: expect.stringContaining(text) });
    expect(String(error)).not.toContain("secret");
    expect(await engine.run(message({ attempt: 2 }))).toEqual({ text: "echo: hello" });
  });

  test.each(["MEDIA:/w/a.png", "MEDIA:/w/a.png\nMEDIA:./b.png"])(
    "%j, media only, of files that may not be sent, says so",
    async (said) => {
      await started({ answer: () => said });
      const { text, files } = await engine.run(message());
      expect(text).toMatch(/^\[files that could not be sent: a\.png/);
      expect(files).toEqual([]);
    },
  );

  test("a busy gateway is asked again, under a new key", async () => {
    await started({ faults: [{ kind: "busy", retryAfterMs: 10 }] });
    expect(await engine.run(message())).toEqual({ text: "echo: hello" });
    expect(keysSent()).toEqual(["m1:1", "m1:1:r1"]);
  });

  test("a lost lease aborts the run here and at the gateway", async () => {
    await started({ modelMs: 60_000 });
    const lease = new AbortController();
    const running = engine.run(message({ signal: lease.signal }));
    await modelRunning();
    lease.abort();
    await expect(running).rejects.toMatchObject({ kind: "aborted" });
    await expect
      .poll(() => gateway.requests.at(-1), { interval: 2 })
      .toEqual({
        method: "chat.abort",
        params: { sessionKey: SESSION, runId: "m1:1" },
      });
    await expect(engine.run(message({ signal: lease.signal }))).rejects.toMatchObject({ kind: "aborted" });
    expect(keysSent()).toEqual(["m1:1"]);
  });

  test("a run that takes too long is aborted at the gateway", async () => {
    await started({ faults: [{ kind: "delay", delayMs: 80_000 }] }, { timeoutMs: 40 });
    await expect(engine.run(message())).rejects.toMatchObject({ kind: "timeout", retryable: true });
    await expect.poll(methods, { interval: 2 }).toEqual(["agent", "chat.abort"]);
    // The session is free again: the next message is not stuck behind the aborted one.
    expect(await engine.run(message({ messageId: "m2" }))).toEqual({ text: "echo: hello" });
  });
});

describe("a lost connection", () => {
  test.each([3, 4])(
    "mid-run, protocol %i: the answer is fetched without a second model call",
    async (protocol) => {
      await started({ protocol, modelMs: 40, faults: [{ kind: "close-mid-run" }] });
      expect(await engine.run(message())).toEqual({ text: "echo: hello" });
      expect(keysSent()).toEqual(["m1:1"]);
      expect(methods()).toContain("agent.wait");
      expect(gateway.modelCalls).toHaveLength(1);
      expect(gateway.handshakes).toBeGreaterThanOrEqual(2);
    },
  );

  test("a run that fails meanwhile is reported as failed", async () => {
    await started({ modelMs: 20, faults: [{ kind: "close-mid-run" }], answer: () => "" });
    await expect(engine.run(message())).rejects.toMatchObject({ kind: "crashed" });
    expect(keysSent()).toEqual(["m1:1"]);
  });

  test("a silent socket is noticed after two ticks and replaced", async () => {
    await started({ faults: [{ kind: "silent-mid-run" }] });
    expect(await engine.run(message())).toEqual({ text: "echo: hello" });
    expect(gateway.modelCalls).toHaveLength(1);
    expect(log.join()).toContain("silent for two tick intervals");
  });

  test("an idle silent socket makes the engine unready until it is back", async () => {
    await started();
    gateway.goSilent();
    await expect.poll(() => engine.ready(), { interval: 2 }).toBe(false);
    await expect.poll(() => engine.ready(), { interval: 2 }).toBe(true);
  });

  test("a look at the gateway resolves with its connection, and not without", async () => {
    await started();
    await engine.check?.(new AbortController().signal);
    await gateway.close();
    await expect.poll(() => engine.ready(), { interval: 2 }).toBe(false);
    await expect(engine.check?.(AbortSignal.timeout(50))).rejects.toThrow();
  });

  test("ticks alone keep a quiet connection", async () => {
    await started({ modelMs: 200 });
    await engine.run(message());
    expect(gateway.handshakes).toBe(1);
  });

  test("after a crash mid-run the turn the gateway resumes by itself is the answer", async () => {
    await started({ modelMs: 30, faults: [{ kind: "crash-mid-run" }] });
    const running = engine.run(message());
    await expect.poll(() => engine.ready(), { interval: 2 }).toBe(false);
    gateway.boot();
    expect(await running).toEqual({ text: "echo: hello" });
    expect(gateway.modelCalls).toMatchObject([{ resumed: true }]);
    expect(keysSent()).toEqual(["m1:1"]);
  });

  test("a turn that a crash left without answer is sent again under a new key", async () => {
    await started({ faults: [{ kind: "crash-mid-run", count: 1 }] });
    const running = engine.run(message());
    await expect.poll(() => engine.ready(), { interval: 2 }).toBe(false);
    gateway.boot({ resume: false });
    expect(await running).toEqual({ text: "echo: hello" });
    expect(keysSent()).toEqual(["m1:1", "m1:1:r1"]);
    expect(gateway.modelCalls).toHaveLength(1);
  });

  test("a gateway that stays away fails the run as unavailable", async () => {
    await started({ faults: [{ kind: "crash-mid-run" }] }, { connectTimeoutMs: 40 });
    await expect(engine.run(message())).rejects.toMatchObject({ kind: "unavailable", retryable: true });
    expect(engine.ready()).toBe(false);
  });

  test("a shutdown lets the run finish, takes no new one, and the next gateway is found", async () => {
    await started({ modelMs: 30 });
    const running = engine.run(message());
    await modelRunning();
    await gateway.shutdown();
    expect(await running).toEqual({ text: "echo: hello" });
    await expect.poll(() => engine.ready(), { interval: 2 }).toBe(false);
    // The shutdown is announced first; the close with its code follows on the wire.
    await expect.poll(() => log.join(), { interval: 2 }).toContain("1012");
    const next = engine.run(message({ messageId: "m2" }));
    gateway.boot();
    expect(await next).toEqual({ text: "echo: hello" });
  });
});

describe("a later attempt", () => {
  test("takes the answer an earlier attempt got but could not deliver", async () => {
    await started();
    await engine.run(message());
    expect(await engine.run(message({ attempt: 2 }))).toEqual({ text: "echo: hello" });
    expect(gateway.modelCalls).toHaveLength(1);
    expect(keysSent()).toEqual(["m1:1"]);
  });

  test("waits for an earlier attempt that is still running", async () => {
    await started({ modelMs: 40 });
    const first = engine.run(message());
    await modelRunning();
    const second = engine.run(message({ attempt: 2 }));
    expect(await Promise.all([first, second])).toEqual([{ text: "echo: hello" }, { text: "echo: hello" }]);
    expect(gateway.modelCalls).toHaveLength(1);
  });

  test("takes the turn that the gateway resumed while no worker was there", async () => {
    await started({ faults: [{ kind: "crash-mid-run" }] }, { timeoutMs: 50, connectTimeoutMs: 1_000 });
    await expect(engine.run(message())).rejects.toMatchObject({ kind: "timeout" });
    gateway.boot();
    expect(await engine.run(message({ attempt: 2 }))).toEqual({ text: "echo: hello" });
    expect(gateway.modelCalls).toMatchObject([{ resumed: true }]);
  });

  test("is sent when no earlier attempt reached the gateway, also next to another message's answer", async () => {
    await started();
    await engine.run(message({ messageId: "m10" }));
    expect(await engine.run(message({ attempt: 2, text: "again" }))).toEqual({ text: "echo: again" });
    expect(keysSent()).toEqual(["m10:1", "m1:2"]);
  });
});

test("stop ends a running turn and leaves no connection", async () => {
  await started({ modelMs: 60_000 });
  const running = engine.run(message());
  const outcome = expect(running).rejects.toMatchObject({ kind: "unavailable" });
  await modelRunning();
  await engine.stop();
  await outcome;
  await expect.poll(() => gateway.connections, { interval: 2 }).toBe(0);
  expect(engine.ready()).toBe(false);
});
