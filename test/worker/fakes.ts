/** A component, an engine and a delivery in memory, for tests of the worker's loop. */
import { createFileExchange } from "../../worker/src/attachments/exchange.js";
import type { OutgoingFile } from "../../worker/src/attachments/files.js";
import { pino } from "pino";
import type { HydrationBundle, Job } from "../../src/contract/queue.js";
import type { Outbound, SendResult } from "../../worker/src/channels/channel.js";
import { Channels } from "../../worker/src/channels/registry.js";
import type { Engine, EngineRequest } from "../../worker/src/engine/engine.js";
import type { LoopDeps } from "../../worker/src/loop.js";
import { createMetrics } from "../../worker/src/metrics.js";
import { RunControl } from "../../worker/src/shutdown.js";
import { createConnectionStatus } from "../../worker/src/status.js";
import { systemClock } from "../../worker/src/clock.js";
import type {
  RenewResult,
  SettleRequest,
  SettleResult,
  Transport,
} from "../../worker/src/transport/transport.js";

export const leaseLost = { ok: false, reason: "lease_lost" } as const;
export const heartbeatMs = 1_000;

/** A claimed Telegram message; `hydration` changes its bundle. */
export function aJob(
  id: string,
  hydration: Partial<HydrationBundle> = {},
  overrides: Partial<Job> = {},
): Job {
  const payload = { provider: "telegram", providerUserId: "77", messageText: `question ${id}` };
  const named = { messageId: id, conversationId: "c", agentKey: "a" };
  return {
    ...named,
    leaseId: `lease-${id}`,
    leaseExpiresAt: Date.now() + 4 * heartbeatMs,
    payload,
    attempt: 1,
    maxAttempts: 5,
    heartbeatIntervalMs: heartbeatMs,
    hydration: {
      ...named,
      payload,
      conversationState: { contextHistory: [], pendingToolCalls: [] },
      telegramBotToken: "1:token",
      bridgeRuntimeConfig: null,
      ...hydration,
    },
    ...overrides,
  };
}

interface Call {
  operation: "claim" | "settle" | "heartbeat" | "controlState";
  messageId?: string;
  request?: SettleRequest;
}

/** Hands out `jobs` in turn and remembers every call. The hooks may be replaced by a test. */
class FakeTransport implements Transport {
  readonly calls: Call[] = [];
  onSettle: (request: SettleRequest, signal?: AbortSignal) => SettleResult | Promise<SettleResult> | null =
    () => null;
  onHeartbeat: () => RenewResult | Promise<RenewResult> = () => ({
    ok: true,
    leaseExpiresAt: Date.now() + 4 * heartbeatMs,
    shouldStop: false,
  });
  onClaim: () => void = () => undefined;
  shouldStop = false;

  constructor(readonly jobs: Job[]) {}

  async claim(): Promise<Job | null> {
    this.calls.push({ operation: "claim" });
    this.onClaim();
    return this.jobs.shift() ?? null;
  }
  async settle(
    held: { messageId: string },
    request: SettleRequest,
    signal?: AbortSignal,
  ): Promise<SettleResult> {
    this.calls.push({ operation: "settle", messageId: held.messageId, request });
    const scripted = this.onSettle(request, signal);
    if (scripted !== null) return await scripted;
    const status =
      request.outcome === undefined ? "held" : request.outcome.kind === "complete" ? "done" : "queued";
    const next = request.claimNext === undefined ? null : (this.jobs.shift() ?? null);
    return { ok: true, status, nextScheduledFor: null, next };
  }
  async heartbeat(): Promise<RenewResult> {
    this.calls.push({ operation: "heartbeat" });
    return await this.onHeartbeat();
  }
  async controlState(): Promise<{ shouldStop: boolean }> {
    this.calls.push({ operation: "controlState" });
    return { shouldStop: this.shouldStop };
  }

  /** The calls of one message in short form, claims and heartbeats left out. */
  settles(messageId: string): string[] {
    return this.calls
      .filter((call) => call.operation === "settle" && call.messageId === messageId)
      .map(({ request = {} }) => {
        const { turns, reply, ambiguousParts, sendingPart, outcome } = request;
        const words = [];
        if (turns !== undefined) words.push("turns");
        if (reply !== undefined) words.push("reply");
        if (ambiguousParts !== undefined) words.push(`doubt ${ambiguousParts.join(" ")}`);
        if (sendingPart !== undefined) words.push(`sending ${sendingPart}`);
        if (outcome?.kind === "complete") words.push("complete");
        if (outcome?.kind === "fail")
          words.push(`fail:${outcome.retryable === true ? "retry" : "dead"}:${outcome.errorMessage}`);
        return words.join("+");
      });
  }
  count(operation: Call["operation"]): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }
}

export class FakeEngine implements Engine {
  readonly name = "fake";
  readonly stateful = false;
  readonly requests: EngineRequest[] = [];
  isReady = true;
  answer: (request: EngineRequest) => Promise<{ text: string }> = ({ text }) =>
    Promise.resolve({ text: `answer to ${text}` });
  start(): Promise<void> {
    return Promise.resolve();
  }
  ready(): boolean {
    return this.isReady;
  }
  run(request: EngineRequest): Promise<{ text: string }> {
    this.requests.push(request);
    return this.answer(request);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Splits at "|" and remembers what was sent; of a file, its name. */
class FakeDelivery implements Outbound {
  readonly sent: string[] = [];
  onSend: (part: string, signal: AbortSignal) => SendResult | Promise<SendResult> = () => ({ kind: "sent" });
  problem({ credential }: { credential: string | null }): string | null {
    return credential === null ? "telegram bot token missing" : null;
  }
  render(text: string): string[] {
    return text.split("|");
  }
  async send(part: string, _recipient: unknown, signal: AbortSignal): Promise<SendResult> {
    this.sent.push(part);
    return await this.onSend(part, signal);
  }
  async sendFile({ file }: OutgoingFile, recipient: unknown, signal: AbortSignal): Promise<SendResult> {
    return await this.send(file.fileName, recipient, signal);
  }
  progress(): Promise<void> {
    return Promise.resolve();
  }
}

export const pollIntervalMs = 1_000;

/** Everything `runLoop` needs, with fakes, under the test's (fake) timers. */
export function loopWith(jobs: Job[], graceMs = 10_000) {
  const transport = new FakeTransport(jobs);
  const engine = new FakeEngine();
  const delivery = new FakeDelivery();
  const metrics = createMetrics();
  const clock = { ...systemClock, random: () => 0.5 };
  const states: string[] = [];
  const control = new RunControl(clock, graceMs, (state) => states.push(state));
  const connection = createConnectionStatus(clock, metrics, 60_000);
  const deps: LoopDeps = {
    transport,
    engine,
    channels: new Channels([{ kind: "app" }, { kind: "telegram", outbound: delivery }]),
    files: createFileExchange({ uploadUrl: () => Promise.reject(new Error("no files here")) }),
    metrics,
    clock,
    control,
    connection,
    log: pino({ level: "silent" }),
    engineTimeoutMs: 30_000,
    pollIntervalMs,
  };
  return { deps, transport, engine, delivery, metrics, control, connection, states };
}
