import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { buildImage } from "../demo/image.js";
import { Relay } from "../demo/relay.js";
import { chatOf, messageNamedIn, type Planned } from "../demo/traffic.js";
import { parseJson } from "../deployment/functionApi.js";
import { startTelegramServer } from "../telegram/index.js";
import type { CallErrors } from "./calls.js";
import type { Ledger } from "./ledger.js";
import type { Stage, WorkerSeat } from "./stage.js";

const LOOK_EVERY_MS = 50;
/** From SIGTERM to SIGKILL: a worker that holds a message finishes it first. */
const STOP_GRACE_MS = 5_000;
const OUTPUT_TAIL_CHARS = 600;
const CONNECTION_CUT = "connection_cut";

const refusalSchema = z.object({ ok: z.literal(false), error: z.object({ code: z.string() }) });

/** Worker processes with the echo engine, and the Telegram that their answers go to. */
export interface WorkerProcesses {
  readonly pids: readonly number[];
  /** Resolves when each has called once. @throws when one ends before. */
  ready(): Promise<void>;
  /** Looks at the answers until all messages have one. @throws when a worker ends by itself. */
  untilAnswered(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts one worker per seat, each this repository's own with nothing changed. Their calls pass a relay, which notes what is
 * claimed, ended and refused.
 */
export async function startProcesses(
  stage: Stage,
  planned: readonly Planned[],
  { ledger, errors, signal }: { ledger: Ledger; errors: CallErrors; signal: AbortSignal },
): Promise<WorkerProcesses> {
  const stops: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const telegram = await startTelegramServer({ bots: [stage.bot], rateLimits: false });
    stops.push(() => telegram.close());
    for (const conversation of new Set(planned.map((message) => message.conversation)))
      telegram.addChat({ chatId: chatOf(conversation) });
    const called = new Set<string>();
    const relay = await Relay.start(stage.deployment.siteUrl, {
      called: (worker) => called.add(worker),
      claimed: (_worker, held) => {
        const message = messageNamedIn(held.text);
        if (message) ledger.claimed(message, Date.now());
      },
      saved: () => undefined,
      restored: () => undefined,
    });
    stops.push(() => relay.close());
    relay.treat = async (call) => {
      // The end of the message in hand is on its way: the next one may be claimed before its answer is here.
      const ended = call.request.outcome === undefined ? null : messageNamedIn(call.held?.text ?? "");
      if (ended) ledger.ends(ended);
      const answer = await call.forward().catch(() => null);
      if (answer === null) {
        if (!signal.aborted) errors.count(CONNECTION_CUT);
        return "drop";
      }
      const refused = refusalSchema.safeParse(parseJson(answer.body));
      if (refused.success) errors.count(refused.data.error.code);
      else if (answer.status >= 400) errors.count(`http_${answer.status}`);
      return answer;
    };
    const image = await buildImage();
    stops.push(() => image.remove());
    const workers = stage.seats.map(
      (seat) =>
        new Worker(seat, image.command, {
          BASE_INTERNAL_URL: `${relay.urlFor(seat.workerId)}/agent-factory`,
          TELEGRAM_API_BASE_URL: telegram.url,
        }),
    );
    const lastResort = () => workers.forEach((worker) => worker.kill());
    process.once("exit", lastResort);
    stops.push(async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      process.off("exit", lastResort);
    });
    const until = async (met: () => boolean, over: AbortSignal) => {
      while (!met()) {
        for (const worker of workers) worker.throwIfEnded();
        await sleep(LOOK_EVERY_MS, undefined, { signal: over });
      }
    };
    let looked = 0;
    return {
      pids: workers.flatMap(({ pid }) => pid ?? []),
      ready: () => until(() => called.size === workers.length, signal),
      untilAnswered: (over) =>
        until(() => {
          const outbox = telegram.outbox();
          // A long answer comes in parts, of which one names the message.
          for (const { chatId, text, at } of outbox.slice(looked)) {
            const message = messageNamedIn(text);
            if (message && chatOf(message.conversation) === chatId) ledger.answered(message, at);
          }
          looked = outbox.length;
          return ledger.isComplete;
        }, over),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One worker process. */
class Worker {
  private readonly child: ChildProcess;
  private output = "";
  private stopping = false;

  constructor(
    private readonly seat: WorkerSeat,
    { file, args, cwd }: { file: string; args: readonly string[]; cwd?: string | undefined },
    env: Record<string, string>,
  ) {
    this.child = spawn(file, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        AGENT_TOKEN: seat.token,
        WORKER_ID: seat.workerId,
        ENGINE: "echo",
        SKILLS_BOOTSTRAP_MODE: "off",
        POLL_INTERVAL_MS: "100",
        HEALTH_PORT: "0",
        LOG_LEVEL: "warn",
        ...env,
      },
    });
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString("utf8")).slice(-OUTPUT_TAIL_CHARS);
    };
    this.child.stdout?.on("data", keep);
    this.child.stderr?.on("data", keep);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  throwIfEnded(): void {
    const { exitCode, signalCode } = this.child;
    if (this.stopping || (exitCode === null && signalCode === null)) return;
    throw new Error(
      `${this.seat.workerId} ended by itself (${exitCode ?? signalCode}): ${this.output.trim()}`,
    );
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    const late = setTimeout(() => this.kill(), STOP_GRACE_MS);
    await ended;
    clearTimeout(late);
  }
}
