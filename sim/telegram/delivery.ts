import { Agent } from "node:http";
import { z } from "zod";
import type { Random } from "../faults/index.js";
import { createClosing } from "../http/closing.js";
import { ChanceGate } from "./chanceGate.js";
import { postUpdate, type WebhookAnswer } from "./postUpdate.js";
import { retryDelaySeconds } from "./retryDelay.js";
import type { DeliveryFaults, DeliveryRecord } from "./types.js";
import type { PendingUpdate, UpdateQueue } from "./updateQueue.js";

/** A receiver that answers 410 for so long loses its webhook. */
const GONE_LIMIT_S = 23 * 3600;

const methodAnswerSchema = z.looseObject({ method: z.string() });

/** A webhook as set by the bot. */
export interface Webhook {
  url: string;
  secretToken: string | undefined;
  maxConnections: number;
}

/** What delivery needs from its surroundings. */
export interface DeliveryContext {
  botId: number;
  queue: UpdateQueue;
  random: Random;
  /** Wall-clock ms of one Telegram second. */
  secondMs: number;
  readTimeoutMs: number;
  onAttempt(record: DeliveryRecord): void;
  /** Runs a method named in the body of a 2xx answer; its result is thrown away. */
  execute(method: string, args: Record<string, unknown>): void;
}

/**
 * Posts the updates of one bot to its webhook: in order within a queue, queues in parallel up to
 * `max_connections`. A 2xx removes an update; anything else is retried until the update expires.
 */
export class Delivery {
  webhook: Webhook | undefined;
  /** Kept after recovery, like the real service does. `atMs` is epoch ms. */
  lastError: { atMs: number; message: string } | undefined;

  private readonly agent = new Agent({ keepAlive: true });
  private readonly closing = createClosing();
  private readonly ready: string[] = [];
  private readonly busy = new Set<string>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private goneSince: number | undefined;
  private duplicate: ChanceGate;
  private lose: ChanceGate;

  constructor(
    private readonly context: DeliveryContext,
    faults: DeliveryFaults,
  ) {
    this.duplicate = new ChanceGate(faults.duplicate, context.random);
    this.lose = new ChanceGate(faults.loseResponse, context.random);
    context.queue.onAdd = ({ queueKey }) => this.offer(queueKey);
  }

  setFaults(faults: DeliveryFaults): void {
    this.duplicate = new ChanceGate(faults.duplicate, this.context.random);
    this.lose = new ChanceGate(faults.loseResponse, this.context.random);
  }

  /** Starts, changes or (undefined) stops delivery. Waits of an earlier webhook end at once. */
  setWebhook(webhook: Webhook | undefined): void {
    this.webhook = webhook;
    this.goneSince = undefined;
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
    for (const key of this.context.queue.keys()) this.offer(key);
  }

  /** Cuts running posts and forgets waits; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.webhook = undefined;
    this.closing.abort();
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
    await Promise.all(this.running);
    this.agent.destroy();
  }

  private offer(key: string): void {
    if (this.busy.has(key) || this.waiting.has(key) || this.ready.includes(key)) return;
    this.ready.push(key);
    this.pump();
  }

  private pump(): void {
    while (this.webhook && this.busy.size < this.webhook.maxConnections) {
      const key = this.ready.shift();
      if (key === undefined) return;
      const pending = this.context.queue.head(key);
      if (!pending) continue;
      this.busy.add(key);
      const run: Promise<void> = this.attempt(pending, this.webhook).then((waitMs) => {
        this.running.delete(run);
        this.busy.delete(key);
        this.schedule(key, waitMs);
        this.pump();
      });
      this.running.add(run);
    }
  }

  private schedule(key: string, waitMs: number): void {
    if (!this.context.queue.head(key) || this.closing.signal.aborted) return;
    if (waitMs <= 0) return this.offer(key);
    this.waiting.set(
      key,
      setTimeout(() => {
        this.waiting.delete(key);
        this.offer(key);
      }, waitMs),
    );
  }

  /** One delivery. Returns the ms until the queue may be tried again. Never rejects. */
  private async attempt(pending: PendingUpdate, webhook: Webhook): Promise<number> {
    const { queue, random, secondMs } = this.context;
    if (Date.now() > pending.expiresAt) {
      queue.remove(pending);
      return 0;
    }
    const outcome = await this.post(pending, webhook);
    if (outcome.delivered) {
      this.goneSince = undefined;
      this.executeAnswer(outcome.answer);
      // Still pending meanwhile: an empty queue means that nothing more will arrive.
      if (this.duplicate.take()) await this.post(pending, webhook);
      queue.remove(pending);
      return 0;
    }
    if (this.closing.signal.aborted) return 0;
    this.lastError = { atMs: Date.now(), message: outcome.error };
    this.noteGone(outcome.answer);
    const waitMs = retryDelaySeconds(pending.attempts, random, outcome.answer?.retryAfter) * secondMs;
    if (Date.now() + waitMs > pending.expiresAt) queue.remove(pending);
    return waitMs;
  }

  private async post(pending: PendingUpdate, webhook: Webhook) {
    pending.attempts += 1;
    const record: DeliveryRecord = {
      botId: this.context.botId,
      updateId: pending.update.update_id,
      attempt: pending.attempts,
      at: Date.now(),
      status: 0,
    };
    const failed = (error: string, answer?: WebhookAnswer) => {
      this.context.onAttempt({ ...record, status: answer?.status ?? 0, error });
      return { delivered: false as const, error, answer };
    };
    let answer: WebhookAnswer;
    try {
      answer = await postUpdate({
        url: webhook.url,
        body: JSON.stringify(pending.update),
        secretToken: webhook.secretToken,
        agent: this.agent,
        readTimeoutMs: this.context.readTimeoutMs,
        closing: this.closing.signal,
      });
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
    if (answer.status < 200 || answer.status > 299) {
      return failed(`Wrong response from the webhook: ${answer.statusLine}`, answer);
    }
    if (this.lose.take()) return failed("Connection closed", { ...answer, retryAfter: undefined });
    this.context.onAttempt({ ...record, status: answer.status });
    return { delivered: true as const, answer };
  }

  private noteGone(answer: WebhookAnswer | undefined): void {
    if (answer?.status !== 410) {
      this.goneSince = undefined;
      return;
    }
    this.goneSince ??= Date.now();
    if (Date.now() - this.goneSince > GONE_LIMIT_S * this.context.secondMs) this.setWebhook(undefined);
  }

  private executeAnswer(answer: WebhookAnswer): void {
    if (!answer.contentType.includes("json")) return;
    let parsed: unknown;
    try {
      parsed = JSON.parse(answer.body);
    } catch {
      return;
    }
    const call = methodAnswerSchema.safeParse(parsed);
    if (call.success) this.context.execute(call.data.method, call.data);
  }
}
