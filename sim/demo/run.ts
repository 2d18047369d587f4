import { setTimeout as sleep } from "node:timers/promises";
import { startModelServer } from "../model/index.js";
import { startTelegramServer } from "../telegram/index.js";
import { configure, defaultLease, demoBot, demoLease, mintToken, startDeployment } from "./deployment.js";
import { startGateway } from "./gateway.js";
import { generatingAt, generatingBehind, modelNameOf } from "./generating.js";
import { isClean, judge, type Sent, type Verdict } from "./judge.js";
import { Killer } from "./killer.js";
import type { DemoOptions } from "./options.js";
import { Relay } from "./relay.js";
import { sabotage } from "./sabotage.js";
import { formatTable, Timeline, type Terminal } from "./timeline.js";
import { messageNamedIn, planTraffic } from "./traffic.js";
import { WorkerProcesses } from "./workers.js";

const LOOK_EVERY_MS = 40;
/** Long enough to be found in mid-answer on a slow machine, short enough to finish soon. */
const MODEL_LATENCY = { firstTokenMs: 150, perTokenMs: 5 };
const SEND_EVERY_MS = 20;
/** Sending takes at most this long in total, so that many messages make a burst. */
const SEND_WITHIN_MS = 10_000;
/** Share of the messages answered before the worker is killed. */
const KILL_AFTER = 0.3;
/** Without any new answer for this long the rest counts as lost. Far above lease, reaping and retry delay together. */
const STALLED_MS = 40_000;
/** After the last answer the outbox is watched for a lease, its reaping and a retry: a second answer would come then. */
const WATCH_MS = demoLease.leaseMs + demoLease.reapGridMs + 3_500;

/**
 * Runs the demo and stops everything it started, whatever happens.
 * @param signal ends it early: then it rejects with the signal's reason.
 * @param report gets the figures once, before the run stays up (`keep`) or ends.
 * @returns whether everything was answered, once, in order, and a worker was killed in mid-message.
 * @throws Error when something could not be started or a worker ended by itself.
 */
export async function runDemo(
  options: DemoOptions,
  terminal: Terminal,
  signal: AbortSignal,
  report: (verdict: Verdict) => void,
): Promise<boolean> {
  const timeline = new Timeline(terminal);
  const failed = new AbortController();
  const over = AbortSignal.any([signal, failed.signal]);
  const fault = (error: unknown) => failed.abort(error);
  const workers = new WorkerProcesses((name, detail) =>
    fault(new Error(`worker ${name} ended by itself: ${detail}`)),
  );
  const stops: (() => Promise<void>)[] = [() => workers.stopAll()];
  const lastResort = () => workers.killAllNow();
  process.once("exit", lastResort);
  try {
    timeline.event("starting Telegram, the model and the platform");
    const telegram = await startTelegramServer({ bots: [demoBot], allowHttpWebhooks: true });
    stops.push(() => telegram.close());
    const model = await startModelServer(MODEL_LATENCY);
    stops.push(() => model.close());
    const gateway = options.engine === "openclaw" ? await startGateway() : undefined;
    if (gateway) stops.push(() => gateway.close());
    const background: string[] = [];
    const platform = await startDeployment(telegram.url, (line) => background.push(line));
    stops.push(() => platform.close());
    await configure(platform);
    timeline.event(`the webhook is set: ${platform.siteUrl}`);
    timeline.event(`lease ${demoLease.leaseMs} ms for this run (default ${defaultLease.leaseMs} ms)`);

    const broken = options.sabotage && sabotage(options.sabotage, over);
    if (options.sabotage) timeline.event(`SABOTAGE ${options.sabotage}: this run has to fail`);
    const killer = new Killer(
      workers,
      gateway ? generatingBehind(gateway) : options.engine === "openai" ? generatingAt(model) : undefined,
      (kill) => {
        timeline.event(`KILL -9 ${kill.worker} (pid ${kill.pid}) in the middle of "${kill.text}"`);
        void startWorker(`w${++started}`).catch(fault);
      },
      fault,
    );
    const ready = new Set<string>();
    const relay = await Relay.start(platform.siteUrl, {
      called: (worker) => {
        if (!ready.has(worker)) timeline.event(`worker ${worker} asks for work`);
        ready.add(worker);
      },
      claimed: (worker, held) => {
        if (held.attempt > 1) timeline.event(`${worker} takes over "${held.text}", attempt ${held.attempt}`);
        broken?.claimed(held);
        killer.claimed(worker, held);
      },
    });
    stops.push(() => relay.close());
    relay.treat = async (call) =>
      (await killer.treat(call)) ?? (await (broken?.treat(call) ?? call.forward()));

    const startWorker = async (name: string) => {
      const token = await mintToken(platform, name);
      const pid = workers.start(name, {
        BASE_INTERNAL_URL: `${relay.urlFor(name)}/agent-factory`,
        AGENT_TOKEN: token,
        WORKER_ID: name,
        ENGINE: options.engine,
        ENGINE_COMMAND: "tail -n 1",
        OPENAI_BASE_URL: model.baseUrl,
        MODEL: modelNameOf(name),
        ...(gateway && { OPENCLAW_GATEWAY_URL: gateway.url, OPENCLAW_GATEWAY_TOKEN: gateway.token }),
        TELEGRAM_API_BASE_URL: telegram.url,
        POLL_INTERVAL_MS: "200",
        HEALTH_PORT: "0",
        LOG_LEVEL: "warn",
      });
      timeline.event(`worker ${name} started (pid ${pid ?? "none"})`);
    };
    let started = 0;
    for (; started < options.workers; started += 1) await startWorker(`w${started + 1}`);

    while (ready.size < options.workers) await sleep(LOOK_EVERY_MS, undefined, { signal: over });

    const planned = planTraffic(options.messages, options.conversations);
    const sent: Sent[] = [];
    const startedAt = Date.now();
    const seen = () => telegram.outbox().map(({ chatId, text, at }) => ({ chatId, text, at }));
    const sending = (async () => {
      for (const message of planned) {
        sent.push({ ...message, sentAt: Date.now() });
        telegram.userSends({ chatId: message.chatId, text: message.text });
        await sleep(Math.min(SEND_EVERY_MS, SEND_WITHIN_MS / planned.length), undefined, { signal: over });
      }
    })();
    sending.catch(() => undefined);

    let told = 0;
    let changedAt = Date.now();
    let answeredAt: number | undefined;
    for (;;) {
      over.throwIfAborted();
      const outbox = seen();
      for (const answer of outbox.slice(told)) {
        const named = messageNamedIn(answer.text);
        timeline.event(
          named ? `answered conversation ${named.conversation}, message ${named.sequence}` : "answered ?",
        );
      }
      if (outbox.length > told) changedAt = Date.now();
      told = outbox.length;
      const { answered } = judge(sent, outbox, null, 0);
      timeline.progress(sent.length, answered, planned.length);
      if (answered >= Math.max(1, Math.floor(planned.length * KILL_AFTER))) killer.arm();
      if (answered === planned.length) answeredAt ??= Date.now();
      if (answeredAt !== undefined && Date.now() - Math.max(answeredAt, changedAt) > WATCH_MS) break;
      if (Date.now() - changedAt > STALLED_MS) break;
      await sleep(LOOK_EVERY_MS, undefined, { signal: over });
    }
    await sending;
    timeline.end();

    const { kill } = killer;
    const verdict = judge(sent, seen(), kill ?? null, (answeredAt ?? Date.now()) - startedAt);
    const ok = isClean(verdict) && kill !== undefined && verdict.recoveredAfterKillMs !== null;
    terminal.write(tableOf(verdict, options, kill));
    if (!kill) terminal.write("no worker could be killed in the middle of a message\n");
    if (!ok) for (const line of background.slice(-10)) terminal.write(`platform: ${line}\n`);
    report(verdict);
    if (options.keep) {
      const query = "-H 'content-type: application/json' -d '{\"args\":{}}'";
      terminal.write(
        "still up, Ctrl-C ends it; to look at it:\n" +
          `  what users saw        curl ${telegram.url}/__sim/outbox\n` +
          (options.engine === "openai" ? `  the model's requests  curl ${model.url}/__sim/requests\n` : "") +
          `  the queue             curl ${platform.cloudUrl}/api/run/operator/queueStats -H 'authorization: Convex ${platform.adminKey}' ${query}\n`,
      );
      await new Promise<void>((resolve) => {
        if (over.aborted) resolve();
        over.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return ok;
  } catch (error) {
    timeline.end();
    throw over.aborted ? over.reason : error;
  } finally {
    // The last started goes first: workers at the very end would find nobody to report to.
    await workers.stopAll();
    for (const stop of stops.reverse()) await stop();
    process.off("exit", lastResort);
  }
}

function tableOf(verdict: Verdict, options: DemoOptions, kill: { worker: string } | undefined): string {
  const ms = (value: number | null) => (value === null ? "-" : `${value} ms`);
  return formatTable([
    ["engine, workers, conversations", `${options.engine}, ${options.workers}, ${options.conversations}`],
    ["messages", String(verdict.messages)],
    ["answered", String(verdict.answered)],
    ["lost", String(verdict.lost)],
    ["answered twice", String(verdict.duplicated)],
    ["out of order", String(verdict.outOfOrder)],
    ["worker killed", kill?.worker ?? "-"],
    ["its message answered after", ms(verdict.recoveredAfterKillMs)],
    ["wait, median", ms(verdict.p50Ms)],
    ["wait, 99 %", ms(verdict.p99Ms)],
    ["first message to last answer", `${verdict.seconds} s`],
  ]);
}
