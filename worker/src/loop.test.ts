import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, loopWith, pollIntervalMs } from "../../test/worker/fakes.js";
import { outcomes, runFor } from "../../test/worker/runFor.js";
import { EngineError } from "./engine/engine.js";
import { runLoop } from "./loop.js";
import { TransportError } from "./transport/transport.js";

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => {
  // Nothing may outlive a loop that has ended.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const recorded = (text: string, nextPart = 0) => ({
  text,
  parts: text.split("|").length,
  nextPart,
  ambiguousParts: [],
});

describe("a message that goes well", () => {
  it("takes four calls, and the next one three, as its claim came with the ending write", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual(["turns+reply", "sending 0", "complete"]);
    expect(world.transport.settles("m2")).toEqual(["turns+reply", "sending 0", "complete"]);
    expect(world.transport.calls.map((call) => call.operation)).toEqual([
      "claim",
      ...Array<string>(6).fill("settle"),
    ]);
    expect(world.delivery.sent).toEqual(["answer to question m1", "answer to question m2"]);
    expect(await outcomes(world)).toEqual({ done: 2 });
    expect((await world.metrics.inFlight.get()).values[0]?.value).toBe(0);
  });

  it("records the answer before the first part is sent, and notes each part before sending it", async () => {
    const world = loopWith([aJob("m1")]);
    world.engine.answer = () => Promise.resolve({ text: "one|two" });
    const order: string[] = [];
    world.delivery.onSend = (part) => {
      order.push(`send ${part} after ${world.transport.settles("m1").at(-1) ?? ""}`);
      return { kind: "sent" };
    };
    await runFor(world, 10);
    expect(order).toEqual(["send one after sending 0", "send two after sending 1"]);
    expect(world.transport.settles("m1")).toEqual(["turns+reply", "sending 0", "sending 1", "complete"]);
    expect(world.transport.calls[1]?.request?.reply).toEqual({ text: "one|two", parts: 2 });
  });

  it("sends its files after the text, each a part of its own, and goes on at the right one", async () => {
    const file = (name: string) => ({
      ...{ storageId: name, kind: "document" as const, fileName: name, mimeType: "x/y", sizeBytes: 1 },
      downloadUrl: `http://files/${name}`,
    });
    const reply = { ...recorded("one|two", 1), parts: 4, files: [file("a"), file("b")] };
    const world = loopWith([aJob("m1", { reply })]);
    await runFor(world, 10);
    expect(world.delivery.sent).toEqual(["two", "a", "b"]);
    expect(world.transport.settles("m1")).toEqual(["sending 1", "sending 2", "sending 3", "complete"]);
  });

  it("runs no model for a chat that has blocked the bot", async () => {
    const world = loopWith([aJob("m1", { undeliverable: "telegram: the chat has blocked the bot" })]);
    await runFor(world, 10);
    expect(world.engine.requests).toEqual([]);
    expect(world.transport.calls[1]?.request?.outcome).toEqual({
      kind: "fail",
      errorMessage: "telegram: the chat has blocked the bot",
      retryable: false,
    });
  });

  it("needs one call and no delivery for another provider", async () => {
    const payload = { provider: "api", providerUserId: "u", messageText: "hello" };
    const world = loopWith([aJob("m1", { payload, telegramBotToken: null }, { payload })]);
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual(["turns+reply+complete"]);
    expect(world.delivery.sent).toEqual([]);
  });

  it("gives the engine text, system prompt, history, metadata and attempt", async () => {
    const contextHistory = [{ role: "user" as const, content: "before", at: 1 }];
    const payload = { provider: "telegram", providerUserId: "7", messageText: "now", metadata: { k: "v" } };
    const world = loopWith([
      aJob(
        "m1",
        { payload, systemPrompt: "be kind", conversationState: { contextHistory, pendingToolCalls: [] } },
        { attempt: 3 },
      ),
    ]);
    await runFor(world, 10);
    expect(world.engine.requests[0]).toMatchObject({
      text: "now",
      systemPrompt: "be kind",
      history: contextHistory,
      metadata: { k: "v" },
      attempt: 3,
    });
    // What becomes history is what the user said.
    const turns = world.transport.calls.flatMap(({ request }) => request?.turns ?? []);
    expect(turns.map(({ content }) => content)).toContain("now");
    expect(JSON.stringify(turns)).not.toContain("be kind");
  });
});

describe("resuming", () => {
  it("sends what is left of a recorded answer without running the engine", async () => {
    const world = loopWith([aJob("m1", { reply: recorded("one|two|three", 1) })]);
    await runFor(world, 10);
    expect(world.engine.requests).toEqual([]);
    expect(world.delivery.sent).toEqual(["two", "three"]);
    expect(world.transport.settles("m1")).toEqual(["sending 1", "sending 2", "complete"]);
  });

  it("only completes when every part went out", async () => {
    const world = loopWith([aJob("m1", { reply: recorded("one", 1) })]);
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual(["complete"]);
    expect(world.delivery.sent).toEqual([]);
  });
});

describe("failures", () => {
  const failing: [string, (world: ReturnType<typeof loopWith>) => void, string][] = [
    [
      "an empty answer",
      (w) => (w.engine.answer = () => Promise.resolve({ text: " \n" })),
      "fail:retry:fake: the answer is empty",
    ],
    [
      "a crash",
      (w) => (w.engine.answer = () => Promise.reject(new EngineError("crashed", "exit 1"))),
      "fail:retry:exit 1",
    ],
    [
      "a refusal",
      (w) => (w.engine.answer = () => Promise.reject(new EngineError("refused", "bad key"))),
      "fail:dead:bad key",
    ],
    [
      "a bug, without its text",
      (w) => (w.engine.answer = () => Promise.reject(new TypeError("secret"))),
      "fail:retry:fake: unexpected TypeError",
    ],
    [
      "a hang that ignores its signal",
      (w) => (w.engine.answer = never),
      "fail:retry:fake: no answer within 30000 ms",
    ],
  ];
  it.each(failing)("of the engine: %s", async (_, arrange, expected) => {
    const world = loopWith([aJob("m1")]);
    arrange(world);
    await runFor(world, 31_000);
    expect(world.transport.settles("m1")).toEqual([expected]);
    expect(world.delivery.sent).toEqual([]);
  });

  it("a missing bot token fails the message before the engine runs, and it may be retried", async () => {
    const world = loopWith([aJob("m1", { telegramBotToken: null })]);
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual(["fail:retry:telegram bot token missing"]);
    expect(world.engine.requests).toEqual([]);
  });

  it("a message without hydration is failed, not stranded", async () => {
    const world = loopWith([aJob("m1", {}, { hydration: undefined, hydrationError: "agent_not_found" })]);
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual([
      "fail:retry:the message could not be hydrated: agent_not_found",
    ]);
  });

  it("of the delivery: refused is final, transient is retried with the answer recorded, ambiguous goes on", async () => {
    const world = loopWith([aJob("m1"), aJob("m2"), aJob("m3")]);
    world.engine.answer = ({ messageId }) => Promise.resolve({ text: `${messageId}|second` });
    world.delivery.onSend = (part) => {
      if (part === "m1") return { kind: "refused", reason: "blocked" };
      if (part === "m2") return { kind: "transient", reason: "busy" };
      return part === "m3" ? { kind: "ambiguous", reason: "silence" } : { kind: "sent" };
    };
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual(["turns+reply", "sending 0", "fail:dead:blocked"]);
    expect(world.transport.settles("m2")).toEqual(["turns+reply", "sending 0", "fail:retry:busy"]);
    expect(world.transport.settles("m3")).toEqual([
      "turns+reply",
      "sending 0",
      "doubt 0+sending 1",
      "doubt 0+complete",
    ]);
    expect(world.delivery.sent).toEqual(["m1", "m2", "m3", "second"]);
    const { values } = await world.metrics.deliveries.get();
    expect(Object.fromEntries(values.map((v) => [v.labels.result, v.value]))).toEqual({
      withheld: 0,
      refused: 1,
      transient: 1,
      ambiguous: 1,
      sent: 1,
    });
  });

  it("an answer that the component refuses to record is final", async () => {
    const world = loopWith([aJob("m1")]);
    world.transport.onSettle = (request) => {
      if (request.reply) throw new TransportError("text_too_large", "settle: too large", false, 400);
      return null;
    };
    await runFor(world, 10);
    expect(world.transport.settles("m1")).toEqual(["turns+reply", "fail:dead:settle: too large"]);
  });

  it("a revoked token abandons the message, and with the next claim the worker stops and says why", async () => {
    const world = loopWith([aJob("m1"), aJob("m2")]);
    const revoked = () => {
      throw new TransportError("worker_token_revoked", "revoked", false, 403);
    };
    world.transport.onSettle = revoked;
    world.transport.onClaim = () => {
      if (world.transport.count("claim") >= 2) revoked();
    };
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await running).toBe("worker_token_revoked");
    expect(world.transport.count("claim")).toBe(2);
    expect(world.states).toEqual(["stopping", "stopped"]);
    expect(world.delivery.sent).toEqual([]);
    expect(await outcomes(world)).toMatchObject({ abandoned: 1 });
  });

  it.each(["worker_token_expired", "worker_token_invalid", "worker_mismatch", "workspace_mismatch"] as const)(
    "%s at a claim ends the worker; a limit that others fill does not",
    async (code) => {
      const world = loopWith([aJob("m1")]);
      world.transport.onClaim = () => {
        const full = world.transport.count("claim") < 3;
        throw new TransportError(full ? "worker_limit_reached" : code, "no", false, 403);
      };
      const running = runLoop(world.deps);
      await vi.advanceTimersByTimeAsync(120_000);
      expect(await running).toBe(code);
      expect(world.transport.count("claim")).toBe(3);
    },
  );
});

describe("idle", () => {
  it("polls at its interval, and once only after the last message", async () => {
    const world = loopWith([aJob("m1")]);
    await runFor(world, 3 * pollIntervalMs + 10);
    expect(world.transport.count("claim")).toBe(1 + 3);
    const { values } = await world.metrics.claims.get();
    expect(Object.fromEntries(values.map((v) => [v.labels.result, v.value]))).toMatchObject({
      job: 1,
      empty: 3,
    });
  });

  it("claims nothing while the engine is not ready", async () => {
    const world = loopWith([aJob("m1")]);
    world.engine.isReady = false;
    await runFor(world, 5_000);
    expect(world.transport.calls).toEqual([]);
  });

  it("asks now and then whether it should stop, and stops", async () => {
    const world = loopWith([]);
    world.transport.shouldStop = true;
    const running = runLoop(world.deps);
    await vi.advanceTimersByTimeAsync(16_000);
    await running;
    expect(world.transport.count("controlState")).toBe(1);
    expect(world.states).toEqual(["stopping", "stopped"]);
  });
});
