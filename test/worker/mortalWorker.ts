/** A worker's loop against the real component, whose process can be killed at every call that leaves it. */
import { pino } from "pino";
import { createFileExchange } from "../../worker/src/attachments/exchange.js";
import { systemClock } from "../../worker/src/clock.js";
import type { Outbound } from "../../worker/src/channels/channel.js";
import { Channels } from "../../worker/src/channels/registry.js";
import { Journal } from "../../worker/src/journal/journal.js";
import { runLoop } from "../../worker/src/loop.js";
import { createMetrics } from "../../worker/src/metrics.js";
import { RunControl } from "../../worker/src/shutdown.js";
import { createConnectionStatus } from "../../worker/src/status.js";
import type { SettleRequest, Transport } from "../../worker/src/transport/transport.js";
import type { World } from "../component/world.js";

/** What happened outside of the workers. */
export interface Outside {
  /** Every part that Telegram got, in order. */
  sent: string[];
  engineRuns: string[];
}

/**
 * Each call that leaves the process passes two gates: before it has its effect and after it, before its answer is heard.
 * The process dies at gate `killAt` (from 1): from then on nothing of it ever happens again.
 */
export class Mortal {
  readonly passed: string[] = [];
  dead = false;
  /** Throws in place of a call while the network is away. */
  network: () => void = () => undefined;

  constructor(private readonly killAt = Infinity) {}

  async call<T>(name: string, effect: () => Promise<T>): Promise<T> {
    await this.gate(`before ${name}`);
    const result = await effect();
    await this.gate(`after ${name}`);
    return result;
  }
  private async gate(name: string): Promise<void> {
    if (!this.dead) {
      this.passed.push(name);
      this.dead = this.passed.length >= this.killAt;
    }
    if (this.dead) await new Promise<never>(() => undefined);
  }
}

const nameOf = ({ reply, sendingPart, outcome }: SettleRequest): string =>
  outcome?.kind ?? (sendingPart === undefined ? (reply === undefined ? "note" : "record") : "sending");

/** Starts the process. Its journal is the directory's; `stop` lets it end. */
export function startMortal(world: World, outside: Outside, workerId: string, dir: string, mortal: Mortal) {
  const clock = { ...systemClock, random: () => 0.5 };
  const metrics = createMetrics();
  const control = new RunControl(clock, 10_000);
  const { t, lib } = world;
  const settleAs =
    (name: string): Transport["settle"] =>
    (held, request) =>
      mortal.call(`settle ${nameOf(request)}`, async () => {
        mortal.network();
        const { messageId, leaseId } = held;
        return await t.mutation(lib.settle, { workerId: name, messageId, leaseId, ...request });
      });
  const transport: Transport = {
    claim: () =>
      mortal.call("claim", async () => {
        mortal.network();
        return await t.mutation(lib.claim, { workerId, hydrate: true });
      }),
    settle: settleAs(workerId),
    heartbeat: ({ messageId, leaseId }) =>
      mortal.call("heartbeat", async () => {
        mortal.network();
        return await t.mutation(lib.renewLease, { workerId, messageId, leaseId });
      }),
    controlState: () => Promise.resolve({ shouldStop: false }),
  };
  const outbound: Outbound = {
    problem: () => null,
    render: (text) => text.split("|"),
    send: (part) =>
      mortal.call("send", async () => {
        outside.sent.push(part);
        return Promise.resolve({ kind: "sent" });
      }),
    sendFile: ({ file }) =>
      mortal.call("send", async () => {
        outside.sent.push(file.fileName);
        return Promise.resolve({ kind: "sent" });
      }),
  };
  const { journal } = Journal.open(dir, workerId);
  const running = runLoop({
    transport,
    transportFor: (name) => ({ settle: settleAs(name) }),
    journal,
    engine: {
      name: "fake",
      stateful: false,
      start: () => Promise.resolve(),
      ready: () => true,
      stop: () => Promise.resolve(),
      run: ({ text }) =>
        mortal.call("engine", () => {
          outside.engineRuns.push(text);
          return Promise.resolve({ text: `${text} a|${text} b` });
        }),
    },
    channels: new Channels([{ kind: "app" }, { kind: "telegram", outbound }]),
    files: createFileExchange({ uploadUrl: () => Promise.reject(new Error("no files here")) }),
    metrics,
    clock,
    control,
    connection: createConnectionStatus(clock, metrics, 60_000),
    log: pino({ level: "silent" }),
    engineTimeoutMs: 30_000,
    pollIntervalMs: 1_000,
  });
  return { stop: () => control.requestStop("test"), running, journal };
}
