/**
 * One random schedule of the unmodified component on the engine: hosts and workers of all kinds, timers, the minute's cron
 * and looks run side by side, and chance says who goes on before every snapshot and every commit. The rows are checked after
 * every commit, what callers are told when they hear it, and in the end everything is worked off and at rest.
 */
import { Engine, Interleaving, type EngineStatistics, type ModuleMap } from "../../sim/engine/index.js";
import { isEnded, must, Violation } from "../simulation/invariants.js";
import { seeded } from "../simulation/random.js";
import { Caller } from "./caller.js";
import { clockIn } from "./clock.js";
import { runHost } from "./hosts.js";
import type { LifeTally } from "./lives.js";
import type { LookTally } from "./looks.js";
import { changesOf, COMPONENT } from "./mirror.js";
import type { Order } from "./order.js";
import { FORGET_AFTER_MS, planOf, TENANTS, type Kind, type Plan } from "./plan.js";
import { Returner } from "./returner.js";
import type { Stage, Tally } from "./stage.js";
import { Watch } from "./watch.js";
import { Worker } from "./worker.js";

const MINUTE_MS = 60_000;
/** Everything is done long before: a lost worker is noticed after 90 s, a message has three attempts. */
const PATIENCE_MS = 30 * MINUTE_MS;
/** The confirming look comes 20 s after the last one. */
const REST_MS = 45_000;
/** Whoever gives no sign of life for 90 s is noticed by the next minute's cron. */
const SILENT_MS = 180_000;

export interface Outcome {
  seed: number;
  kind: Kind;
  tally: Tally;
  looks: LookTally;
  lives: LifeTally;
  /** In a schedule of one worker. */
  order: Pick<Order, "worstOvertakes" | "outOfOrder" | "worstOutOfOrderMs" | "worstPassedOver"> | null;
  commits: number;
  expiries: number;
  deadLetters: number;
  /** Conflict errors that reached a caller, by function. */
  errors: Map<string, number>;
  statistics: EngineStatistics;
}

/** Throws a `Violation` that names the seed and the rule broken. */
export async function runSchedule(component: ModuleMap, seed: number): Promise<Outcome> {
  const plan = planOf(seed);
  const { kind, stallChance, stallMs, stepMs, transactionMs } = plan;
  const time = new Interleaving({ seed, stepMs, stallChance, stallMs });
  const watch = new Watch(() => time.now(), { stallMs, isOrdered: kind === "single" });
  const engine = await Engine.start({
    components: [
      { path: "", modules: {} },
      { path: COMPONENT, modules: component, env: {} },
    ],
    pace: time,
    transactionMs,
    log: (line) => watch.hear(line),
  });
  watch.attach(engine);
  const stage = stageOf(plan, time, engine, watch);
  try {
    await engine.loadAll();
    await time.drive(Promise.race([play(stage, engine), watch.violation]));
  } catch (error) {
    if (error instanceof Violation)
      throw new Violation(`seed ${seed} (${kind}): ${error.message}\n  ${watch.trace()}`);
    throw error;
  } finally {
    stage.stop.abort();
    engine.close();
  }
  return outcomeOf(stage, engine);
}

function stageOf(plan: Plan, time: Interleaving, engine: Engine, watch: Watch): Stage {
  const random = seeded(plan.seed + 1_000_000);
  return {
    plan,
    time,
    random,
    clock: clockIn(time, random),
    watch,
    caller: new Caller(engine, time, random),
    stop: new AbortController(),
    tally: { enqueues: 0, claims: 0, failures: 0, crashes: 0, zombies: 0, repeats: 0, redrives: 0 },
    subscribe: (worker, heard) => {
      const tell = (seq: number) => time.at(time.now() + random.between(1, 80), () => heard(seq));
      engine.onCommit((commit) => {
        for (const { after } of changesOf(commit, "wakes")) if (after?.worker === worker) tell(after.seq);
      });
      tell(watch.mirror.rows("wakes").find((wake) => wake.worker === worker)?.seq ?? 0);
    },
  };
}

async function play(stage: Stage, engine: Engine): Promise<void> {
  const { plan, time, watch, caller } = stage;
  const workers = await setUp(stage);
  const cron = async () => {
    for (;;) {
      await time.sleep(MINUTE_MS);
      await caller.call("tick:everyMinute", {});
      watch.lives.check(time.now());
    }
  };
  // Whoever meets a violation ends the schedule; nobody else ends before it is over.
  const actors = Promise.all([cron(), ...workers.map((worker) => worker.run())]).then(() => undefined);
  const share = Math.ceil(plan.messages / plan.hosts);
  const playing = (async () => {
    await Promise.all(Array.from({ length: plan.hosts }, () => runHost(stage, share)));
    await workOff(stage);
    stage.stop.abort();
    await time.sleep(REST_MS);
    must(watch.looks.isAtRest, "nobody looks when nothing waits");
    must(
      engine.documents(COMPONENT, "alarms").every(({ kind }) => kind === "reap"),
      "no alarm is left behind",
    );
    if ([...plan.workers, ...plan.returners].some(({ isStateful }) => isStateful)) {
      await time.sleep(SILENT_MS);
      watch.lives.end();
    }
  })();
  await Promise.race([playing, actors.then(() => playing)]);
}

async function setUp({ plan, caller, ...stage }: Stage): Promise<Worker[]> {
  for (let tenant = 0; tenant < TENANTS; tenant += 1)
    await caller.lib("configureAgent", {
      agentKey: `agent${tenant}`,
      version: "1",
      secretsRef: [],
      enabled: true,
      workspace: `tenant${tenant}`,
    });
  if (plan.kind === "returns")
    await caller.lib("setPolicies", { policies: { lease: { forgetAfterMs: FORGET_AFTER_MS } } });
  if (plan.hasShortLeases) {
    const lease = { leaseMs: 10_000, heartbeatIntervalMs: 2_500, reapGridMs: 2_500 };
    await caller.lib("setPolicies", { policies: { lease } });
  }
  const workers: Worker[] = [];
  for (const [index, worker] of plan.workers.entries()) {
    const scope = {
      tags: [...worker.lanes],
      ...(worker.workspace === null ? {} : { workspace: worker.workspace }),
    };
    const token = worker.hasToken
      ? (await caller.lib<{ token: string }>("createAgentWorkerToken", scope)).token
      : undefined;
    workers.push(new Worker({ plan, caller, ...stage }, `w${index}`, worker, token));
  }
  for (const [index, returner] of plan.returners.entries()) {
    const workerId = `r${index}`;
    const mint = async (tags: string[]) =>
      (await caller.lib<{ token: string }>("createAgentWorkerToken", { tags, workerId })).token;
    const tokens = { first: await mint([...returner.lanes]), other: await mint(["red"]) };
    const processes = returner.hasTwin ? ["a", "b"] : ["a"];
    for (const process of processes)
      workers.push(
        new Returner({ plan, caller, ...stage }, workerId, returner, tokens, `${workerId}/${process}`),
      );
  }
  return workers;
}

/** Until every message has ended and every conversation rests. */
async function workOff({ time, watch }: Stage): Promise<void> {
  const until = time.now() + PATIENCE_MS;
  for (;;) {
    const { messages, conversations } = watch.mirror.queue();
    if (messages.every(isEnded) && conversations.every(({ state }) => state === "idle")) return;
    must(time.now() < until, "every accepted message ends, and all conversations rest in the end");
    await time.sleep(1_000);
  }
}

function outcomeOf({ plan, tally, watch, caller }: Stage, engine: Engine): Outcome {
  const { messages, leases } = watch.mirror.queue();
  return {
    seed: plan.seed,
    kind: plan.kind,
    tally,
    looks: watch.looks.tally,
    lives: watch.lives.tally,
    order: watch.order,
    commits: watch.commits,
    expiries: leases.filter(({ state }) => state === "expired").length,
    deadLetters: messages.filter(({ status }) => status === "dead_letter").length,
    errors: caller.errors,
    statistics: engine.stats(),
  };
}
