/** One trial's own world: a lane, a chat platform, a model, the wires to them, and the worker. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startModelServer, type ModelServer } from "../sim/model/index.js";
import { startTelegramServer, type TelegramServer } from "../sim/telegram/index.js";
import { kitTimings, type RowId } from "./rows.js";
import type { Stage, UserMessage } from "./stage.js";
import { askedOf, holdingsOf, operationOf, sentOf, type Holding, type Sent } from "./trace.js";
import { TrialOver, type Verdict } from "./verdict.js";
import { Wire, type Exchange } from "./wire.js";
import { WorkerProcess } from "./workerProcess.js";

const lookEveryMs = 20;
/** What an ended worker set going has arrived after this long. */
const endedForMs = 1_000;
/** The chats that exist on the chat platform of every trial. */
export const chats = [7_001, 7_002, 7_003, 7_004] as const;

export interface RigOptions {
  name: string;
  command: readonly [string, ...string[]];
  stage: Stage;
  verdict: Verdict;
  /** Ends every wait. */
  signal: AbortSignal;
}

export class Rig {
  readonly workers: WorkerProcess[] = [];
  readonly kills: number[] = [];
  /** What the worker is told; a trial may change it before the start. */
  env: Record<string, string> = {};
  readonly secrets: { token: string; apiKey: string; botToken: string };
  tokenId = "";
  /** The worker's TMPDIR: one that is killed leaves files behind. */
  private readonly scratch = mkdtempSync(path.join(tmpdir(), "conformance-"));
  readonly workerId: string;

  private constructor(
    private readonly options: RigOptions,
    private readonly lane: string,
    readonly telegram: TelegramServer,
    readonly model: ModelServer,
    readonly wires: { gateway: Wire; model: Wire; telegram: Wire },
    secrets: { token: string; apiKey: string; botToken: string },
  ) {
    this.workerId = `kit-${lane}`;
    this.secrets = secrets;
  }

  static async start(options: RigOptions): Promise<Rig> {
    const lane = `${options.name.toLowerCase()}-${randomBytes(3).toString("hex")}`;
    const botToken = `${4_000_000_000 + randomBytes(3).readUIntBE(0, 3)}:${randomBytes(30).toString("hex").slice(0, 35)}`;
    const apiKey = `sk-kit-${randomBytes(16).toString("hex")}`;
    const stops: { close(): Promise<void> }[] = [];
    const started = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
      const server = await starting;
      stops.push(server);
      return server;
    };
    try {
      const telegram = await started(
        startTelegramServer({ bots: [{ token: botToken, username: "kit_bot" }] }),
      );
      for (const chatId of chats) telegram.addChat({ chatId });
      const model = await started(startModelServer({ apiKeys: [apiKey] }));
      const wires = {
        gateway: await started(Wire.start(options.stage.siteUrl)),
        model: await started(Wire.start(model.url)),
        telegram: await started(Wire.start(telegram.url)),
      };
      await options.stage.addLane(lane, botToken);
      const { token, tokenId } = await options.stage.mintToken(lane, `kit-${lane}`);
      const rig = new Rig(options, lane, telegram, model, wires, { token, apiKey, botToken });
      rig.tokenId = tokenId;
      rig.env = {
        BASE_INTERNAL_URL: `${wires.gateway.url}/agent-factory`,
        AGENT_TOKEN: token,
        WORKER_ID: rig.workerId,
        ENGINE: "openai",
        OPENAI_BASE_URL: `${wires.model.url}/v1`,
        OPENAI_API_KEY: apiKey,
        MODEL: "sim-1",
        TELEGRAM_API_BASE_URL: wires.telegram.url,
        POLL_INTERVAL_MS: String(kitTimings.pollIntervalMs),
        HTTP_TIMEOUT_MS: String(kitTimings.httpTimeoutMs),
        ENGINE_TIMEOUT_MS: "20000",
        SHUTDOWN_GRACE_MS: "20000",
        HEALTH_PORT: "0",
        LOG_LEVEL: "info",
      };
      return rig;
    } catch (error) {
      await Promise.all(stops.map((server) => server.close()));
      throw error;
    }
  }

  /** Starts the worker, again if need be. */
  launch(): WorkerProcess {
    const worker = new WorkerProcess(this.options.command, {
      ...process.env,
      TMPDIR: this.scratch,
      ...this.env,
    });
    this.workers.push(worker);
    return worker;
  }

  get worker(): WorkerProcess {
    const worker = this.workers.at(-1);
    if (!worker) throw new Error("the worker was not started");
    return worker;
  }

  /** Kills it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.kills.push(Date.now());
    await this.worker.kill();
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.killNow();
    await Promise.all(this.workers.map(({ ended }) => ended));
    rmSync(this.scratch, { recursive: true, force: true });
    const { gateway, model, telegram } = this.wires;
    await Promise.all([gateway, model, telegram, this.model, this.telegram].map((server) => server.close()));
  }

  /** A user writes: resolves with the message's id. */
  says(chatId: number, text: string, more: Partial<UserMessage> = {}): Promise<string> {
    return this.options.stage.enqueue(this.lane, { chatId, text, ...more });
  }
  revokeToken(): Promise<void> {
    return this.options.stage.revoke(this.tokenId);
  }

  judge(id: RowId, ok: boolean, why: string): void {
    this.options.verdict.judge(id, ok, `${this.options.name}: ${why}`);
  }
  /** Waits until it is so. A row that waited in vain has failed, and the trial is over. */
  async until(id: RowId, what: string, isSo: () => boolean, withinMs = 15_000): Promise<void> {
    const limit = Date.now() + withinMs;
    while (!isSo()) {
      this.options.signal.throwIfAborted();
      const endedAt = this.worker.endedAt ?? Infinity;
      if (Date.now() > limit || Date.now() - endedAt > endedForMs) {
        const why = endedAt === Infinity ? `not within ${withinMs} ms` : "the worker ended before";
        this.judge(id, false, `${why}: ${what}`);
        throw new TrialOver(what);
      }
      await sleep(lookEveryMs);
    }
    this.judge(id, true, what);
  }
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.options.signal });
  }
  /** Waits for the end of the process and judges it: exit code 0 or not. */
  async untilEnded(id: RowId, withinMs: number, zero: boolean): Promise<void> {
    await this.until(id, "the worker ends", () => !this.worker.running, withinMs);
    const { exitCode } = this.worker;
    this.judge(id, (exitCode === 0) === zero, `the worker ended with exit code ${exitCode ?? "none"}`);
  }

  get holdings(): Holding[] {
    return holdingsOf(this.wires.gateway.exchanges, this.kills);
  }
  get sent(): Sent[] {
    return sentOf(this.wires.telegram.exchanges, this.holdings);
  }
  /** What users of a chat see. */
  seen(chatId: number): string[] {
    return this.telegram
      .outbox()
      .filter((message) => message.chatId === chatId)
      .map(({ text }) => text);
  }
  /** Requests to the model for this text. */
  asked(text: string): number {
    return this.wires.model.exchanges.filter((exchange) => askedOf(exchange)?.text === text).length;
  }
  calls(operation: string): Exchange[] {
    return this.wires.gateway.exchanges.filter((exchange) => operationOf(exchange) === operation);
  }
}
