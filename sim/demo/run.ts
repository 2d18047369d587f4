import { setTimeout as sleep } from "node:timers/promises";
import { startModelServer } from "../model/index.js";
import { startTelegramServer } from "../telegram/index.js";
import { Cloud } from "./cloud.js";
import { openDeployment } from "../deployment/index.js";
import { configure, defaultLease, demoBot, demoLease, idleTimeoutOf } from "./deployment.js";
import { startGateway } from "./gateway.js";
import { generatingAt, generatingBehind } from "./generating.js";
import { isClean, judge, type Sent, type Verdict } from "./judge.js";
import { stayUp } from "./keep.js";
import { Killer } from "./killer.js";
import { Notes } from "./notes.js";
import { isStateful, type DemoOptions } from "./options.js";
import { pairUsers, pushTo, type PlannedPush } from "./people.js";
import { Relay } from "./relay.js";
import { sabotage } from "./sabotage.js";
import { tableOf } from "./table.js";
import { Timeline, type Terminal } from "./timeline.js";
import { planTraffic, type Planned } from "./traffic.js";
import { Watch } from "./watch.js";

/** Long enough to be found in mid-answer on a slow machine, short enough to finish soon. */
const MODEL_LATENCY = { firstTokenMs: 150, perTokenMs: 5 };
const SEND_EVERY_MS = 20;
/** Sending takes at most this long in total, so that many messages make a burst. */
const SEND_WITHIN_MS = 10_000;
/** Share of the messages answered before a machine is killed. */
const KILL_AFTER = 0.3;
/** Without anything new for this long the rest counts as lost. Far above lease, boot and retirement together. */
const STALLED_MS = 40_000;
/** After the last answer the outbox is watched for a lease, its reaping and a retry: a second answer would come then. */
const WATCH_MS = demoLease.leaseMs + demoLease.reapGridMs + 3_500;

/**
 * Runs the demo and stops everything it started, whatever happens.
 * @param signal ends it early: then it rejects with the signal's reason.
 * @param report gets the figures once, before the run stays up (`keep`) or ends.
 * @returns whether every promise was kept (`isClean`) and, without a sabotage, a machine was killed in mid-message.
 * @throws Error when something could not be started.
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
  const stops: (() => Promise<void>)[] = [];
  try {
    timeline.event(`starting Telegram, Fly, the model${options.target ? "" : " and the platform"}`);
    const telegram = await startTelegramServer({ bots: [demoBot], allowHttpWebhooks: true });
    stops.push(() => telegram.close());
    const model = await startModelServer(MODEL_LATENCY);
    stops.push(() => model.close());
    const gateway = options.engine === "openclaw" ? await startGateway() : undefined;
    if (gateway) stops.push(() => gateway.close());
    const cloud = await Cloud.start({
      started: (worker, pid) =>
        timeline.event(`machine ${watch.nameOf(worker)} started (pid ${pid ?? "none"})`),
      failed: (worker, detail) => timeline.event(`machine ${watch.nameOf(worker)} failed: ${detail}`),
    });
    stops.push(() => cloud.close());
    const deployment = await openDeployment({
      target: options.target,
      env: { TELEGRAM_API_BASE_URL: telegram.url, FLY_API_BASE_URL: cloud.fly.baseUrl },
      callsBack: true,
      tell: (line) => timeline.event(line),
      signal: over,
    });
    stops.push(() => deployment.close());
    await configure(deployment, cloud.fly, options, {
      telegramUrl: telegram.url,
      modelUrl: model.baseUrl,
      gateway,
    });
    timeline.event(`the webhook is set: ${deployment.siteUrl}`);
    timeline.event(
      `lease ${demoLease.leaseMs} ms for this run (default ${defaultLease.leaseMs} ms), idle after ${idleTimeoutOf(options)} ms`,
    );
    await pairUsers(deployment, telegram, options.conversations, over);
    timeline.event(`${options.conversations} users paired by /start <code>; ${machinesOf(cloud)}`);

    const notes = new Notes();
    const watch = new Watch({ telegram, cloud, notes, timeline }, over);
    const broken = options.sabotage && sabotage(options.sabotage, over);
    if (options.sabotage) timeline.event(`SABOTAGE ${options.sabotage}: this run has to fail`);
    const killer = new Killer(
      cloud,
      gateway ? generatingBehind(gateway) : options.engine === "openai" ? generatingAt(model) : undefined,
      (kill) =>
        timeline.event(
          `KILL -9 machine ${watch.nameOf(kill.worker)} (pid ${kill.pid}) in the middle of "${kill.text}"`,
        ),
      fault,
    );
    const ready = new Set<string>();
    let snapshots = 0;
    const relay = await Relay.start(deployment.siteUrl, {
      called: (worker) => {
        if (!ready.has(worker)) timeline.event(`machine ${watch.nameOf(worker)} calls`);
        ready.add(worker);
      },
      claimed: (worker, held) => {
        if (held.attempt > 1)
          timeline.event(`${watch.nameOf(worker)} takes over "${held.text}", attempt ${held.attempt}`);
        broken?.claimed(held);
        killer.claimed(worker, held);
      },
      saved: (worker) => {
        snapshots += 1;
        timeline.event(`${watch.nameOf(worker)} saved its memory`);
      },
      restored: (worker) => timeline.event(`${watch.nameOf(worker)} restores a saved memory`),
    });
    stops.push(() => relay.close());
    cloud.leadOver((worker) => `${relay.urlFor(worker)}/agent-factory`);
    relay.treat = async (call) =>
      (await killer.treat(call)) ?? (await (broken?.treat(call) ?? call.forward()));

    // A sabotage is fault enough, and may need its other machines.
    const wantsKill = options.sabotage === undefined;
    const plan = planTraffic(
      options.messages,
      options.conversations,
      isStateful(options) ? options.workers : 0,
    );
    const sent: Sent[] = [];
    let push: PlannedPush | undefined;
    const answers = () =>
      judge(sent, watch.seen(), { kill: killer.kill, push, tookMs: watch.answeredAt - startedAt });
    const send = async (messages: readonly Planned[]) => {
      for (const message of messages) {
        sent.push({ ...message, sentAt: Date.now() });
        telegram.userSends({ chatId: message.chatId, text: message.text });
        await sleep(Math.min(SEND_EVERY_MS, SEND_WITHIN_MS / messages.length), undefined, { signal: over });
      }
    };
    const untilAnswered = async (messages: readonly Planned[]): Promise<boolean> => {
      const expected = sent.length + messages.length;
      const sending = send(messages);
      sending.catch(() => undefined);
      const all = await watch.until(
        () => answers().answered === expected && (push === undefined || answers().pushed),
        STALLED_MS,
        () => {
          const { answered } = answers();
          timeline.progress(sent.length, answered, options.messages);
          if (wantsKill && answered >= Math.max(1, Math.floor(plan.first.length * KILL_AFTER))) killer.arm();
        },
      );
      await sending;
      return all;
    };
    const untilEmpty = async (): Promise<boolean> => {
      timeline.event("no more messages: idle machines save their memory and go");
      const quiet = () => Date.now() - watch.answeredAt > WATCH_MS;
      const empty = await watch.until(() => cloud.isEmpty && quiet(), STALLED_MS);
      timeline.event(`${machinesOf(cloud)}, ${snapshots} snapshots so far`);
      return empty;
    };

    const startedAt = Date.now();
    timeline.event(`round one: ${plan.first.length} messages`);
    if (plan.second.length === 0) push = await pushTo(deployment, 1);
    const complete = await untilAnswered(plan.first);
    const emptied = await untilEmpty();
    if (plan.second.length > 0 && complete && emptied) {
      timeline.event(
        `round two: ${plan.second.length} users ask for what their agent noted, one gets a push`,
      );
      push = await pushTo(deployment, 1);
      await untilAnswered(plan.second);
      await untilEmpty();
    }
    timeline.end();

    const counts = cloud.fly.counts();
    const { pushed, ...figures } = answers();
    const verdict: Verdict = {
      ...figures,
      machinesPeak: counts.machinesPeak,
      machinesAtEnd: counts.machinesNow,
      volumesAtEnd: counts.volumesNow,
      snapshots,
      memoryRestored: isStateful(options) ? emptied && notes.wereTold(plan.second, watch.seen()) : null,
      providerCalls: counts.providerCalls,
      pushed,
    };
    const { kill } = killer;
    const ok = isClean(verdict) && (!wantsKill || verdict.recoveredAfterKillMs !== null);
    terminal.write(tableOf(verdict, options, kill && watch.nameOf(kill.worker)));
    if (!kill && wantsKill) terminal.write("no machine could be killed in the middle of a message\n");
    if (!ok) for (const line of deployment.log().slice(-10)) terminal.write(`deployment: ${line}\n`);
    report(verdict);
    if (options.keep) await stayUp({ terminal, over, telegram, cloud, deployment });
    return ok;
  } catch (error) {
    timeline.end();
    throw over.aborted ? over.reason : error;
  } finally {
    // The last started goes first.
    for (const stop of stops.reverse()) await stop();
  }
}

function machinesOf({ fly }: Cloud): string {
  const { machinesNow, volumesNow } = fly.counts();
  return `${machinesNow} machines, ${volumesNow} volumes`;
}
