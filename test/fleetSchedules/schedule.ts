/**
 * One random schedule of the whole fleet: the unmodified component on the engine, its adapter, the simulated Fly behind a bad
 * connection, and workers in machines. For a while there is trouble; then there is none, everything must be answered, and
 * nothing may cost money any more.
 */
import { Engine, type EngineStatistics, type ModuleMap } from "../../sim/engine/index.js";
import { Caller } from "../schedules/caller.js";
import { clockIn } from "../schedules/clock.js";
import { COMPONENT } from "../schedules/mirror.js";
import { isEnded, must, Violation } from "../simulation/invariants.js";
import { seeded } from "../simulation/random.js";
import { defaultPolicies } from "../../src/contract/defaultPolicies.js";
import { Agent } from "./agent.js";
import { APP, Cloud } from "./cloud.js";
import { VolumeDisk } from "./disk.js";
import { checkEnd } from "./ending.js";
import { explainOften } from "./explaining.js";
import { planOf, type Plan, type Trouble } from "./plan.js";
import type { Stage, Tally } from "./stage.js";
import { FleetTime, liveIn } from "./time.js";
import { Watch } from "./watch.js";
import { CONFIG } from "../fleet/config.js";

const MINUTE_MS = 60_000;
/** Longer than a launch that rests, a boot, a drain and a lease together. */
const PATIENCE_MS = 90 * MINUTE_MS;
const IDLE_MS = 30 * MINUTE_MS;
const CLOUD_URL = "https://happy-animal-123.convex.cloud";

export interface Outcome {
  plan: Plan;
  tally: Tally;
  commits: number;
  peak: number;
  providerCalls: number;
  statistics: EngineStatistics;
}

/** Throws a `Violation` that names the rule broken, the seed, and what happened before. */
export async function runFleetSchedule(
  component: ModuleMap,
  seed: number,
  without: readonly Trouble[] = [],
): Promise<Outcome> {
  const plan = planOf(seed, without);
  const time = new FleetTime(seed);
  liveIn(time);
  const stage = await stageOf(plan, time, component);
  const { watch, cloud, engine } = stage;
  try {
    await time.drive(Promise.race([play(stage), watch.violation]));
  } catch (error) {
    if (error instanceof Violation) throw new Violation(`seed ${seed}: ${error.message}\n  ${watch.trace()}`);
    throw new Error(`seed ${seed}: the schedule itself failed\n  ${watch.trace()}`, { cause: error });
  } finally {
    watch.end();
    stage.stop.abort();
    engine.close();
    liveIn(null);
  }
  const { providerCalls, machinesCreated } = cloud.fly.counts();
  stage.tally.machines = machinesCreated;
  return {
    plan,
    tally: stage.tally,
    commits: watch.commits,
    peak: watch.peak,
    providerCalls,
    statistics: engine.stats(),
  };
}

async function stageOf(plan: Plan, time: FleetTime, component: ModuleMap): Promise<Stage> {
  const disks = new Map<string, VolumeDisk>();
  const agents = new Map<string, Agent>();
  const diskOf = new Map<string, VolumeDisk>();
  const random = seeded(plan.seed + 1_000_000);
  const tally: Tally = {
    sent: 0,
    answers: 0,
    machines: 0,
    crashes: 0,
    deaths: 0,
    losses: 0,
    saves: 0,
    lateEffects: 0,
    keptVolumes: 0,
    redrives: 0,
    explained: 0,
  };
  const watch: Watch = new Watch(
    {
      now: () => time.now(),
      machines: () => cloud.ours().length,
      disk: (id) => disks.get(id),
      diskOf: (worker) => diskOf.get(worker),
      heardAt: (worker) => {
        const agent = [...agents.values()].find(({ workerId }) => workerId === worker);
        return agent?.isReachable && agent.heardAt > 0 ? agent.heardAt : null;
      },
    },
    plan.scaling.maxWorkers ?? defaultPolicies.scaling.maxWorkers,
  );
  const cloud: Cloud = new Cloud(
    plan,
    time,
    {
      called: (text) => {
        if (text.includes("given up")) tally.lateEffects += 1;
        watch.note(text);
      },
      machineMade: (id) => watch.machineMade(id),
      volumeGoes: (id) => watch.volumeGoes(id),
      crashed: (where) => {
        tally.crashes += 1;
        watch.note(`the action dies ${where}`);
      },
    },
    {
      started: (process) => {
        const { machineId } = process.job;
        const volume = cloud.fly.volumes().find(({ attachedMachineId }) => attachedMachineId === machineId);
        if (process.job.env.MODE !== "worker" || !volume) return;
        const disk = disks.get(volume.id) ?? new VolumeDisk(volume.id, volume.name, time.now());
        disks.set(volume.id, disk);
        const agent = new Agent(stage, process, disk);
        watch.note(`machine ${machineId} of ${agent.workerId.slice(-6)} runs on volume ${volume.name}`);
        agents.set(machineId, agent);
        diskOf.set(agent.workerId, disk);
        void agent.run().catch((error: unknown) =>
          watch.guard(() => {
            throw error;
          }),
        );
      },
      toldToStop: (machineId) => agents.get(machineId)?.told(),
    },
  );
  const engine = await Engine.start({
    components: [
      { path: "", modules: {} },
      {
        path: COMPONENT,
        modules: component,
        env: {
          CONVEX_CLOUD_URL: CLOUD_URL,
          CONVEX_SITE_URL: "https://happy-animal-123.convex.site",
          FLY_API_BASE_URL: "https://fly.test/v1",
        },
      },
    ],
    pace: time,
    transactionMs: 5,
    log: (line) => {
      if (line.includes("unexpected error") && !line.includes("The action was cut off"))
        watch.guard(() => must(false, line));
      if (line.includes("queue.netRepaired")) watch.note(line);
    },
  });
  await engine.loadAll();
  watch.attach(engine);
  const stage: Stage = {
    plan,
    time,
    random,
    clock: clockIn(time, random),
    engine,
    caller: new Caller(engine, time, random),
    watch,
    cloud,
    tally,
    agents,
    disks,
    stop: new AbortController(),
  };
  return stage;
}

async function play(stage: Stage): Promise<void> {
  const { plan, time, cloud, watch, agents, tally } = stage;
  await setUp(stage);
  const startedAt = time.now();
  const pace = { cronMs: MINUTE_MS };
  watch.note(`troubles: ${[...plan.troubles].join(", ")}; ${JSON.stringify(plan.scaling)}`);
  if (plan.troubles.has("crashes")) time.crashChance = 0.01;
  const background = Promise.all([cron(stage, pace), explainOften(stage)]).then(() => undefined);
  const silent = silence(stage);
  const playing = (async () => {
    await host(stage);
    await time.sleep(Math.max(0, startedAt + plan.troubledMs - time.now()));
    await silent;
    watch.note("the trouble is over");
    cloud.calm();
    for (const agent of agents.values()) agent.heal();
    await workOff(stage);
    watch.note("everything is answered");
    await time.sleep((plan.scaling.idleTimeoutMs ?? defaultPolicies.scaling.idleTimeoutMs) + IDLE_MS);
    tally.keptVolumes = await checkEnd(stage, pace);
  })();
  await Promise.race([playing, background.then(() => playing)]);
}

async function setUp({ caller, plan, cloud }: Stage): Promise<void> {
  await cloud.addForeign();
  // Each workspace has an agent of its own, of the same name.
  for (const workspace of ["default", "acme"])
    await caller.lib("configureAgent", {
      agentKey: workspace,
      workspace,
      version: "1",
      secretsRef: [],
      enabled: true,
    });
  await caller.lib("setProviderRuntimeConfig", {
    providerConfig: { ...CONFIG, appName: APP },
  });
  await caller.lib("importSecret", { secretRef: "fly.apiToken", plaintextValue: cloud.fly.token });
  await caller.lib("importSecret", { secretRef: "convex.url", plaintextValue: CLOUD_URL });
  await caller.lib("setPolicies", { policies: { scaling: plan.scaling } });
}

/** More than a day in which nothing moves but machines that die. */
async function silence({ plan, time, watch, agents, random }: Stage): Promise<void> {
  if (!plan.silence) return;
  const { afterMs, forMs, refusesMs } = plan.silence;
  await time.sleep(afterMs);
  for (const agent of agents.values()) if (random.chance(0.5)) agent.perish();
  time.standStill(forMs);
  watch.note("everything stood still");
  await time.sleep(refusesMs);
}

async function cron({ time, caller, stop }: Stage, pace: { cronMs: number }): Promise<void> {
  while (!stop.signal.aborted) {
    await time.sleep(pace.cronMs);
    await caller.call("tick:everyMinute", {});
  }
}

async function host({ plan, random, time, caller, tally }: Stage): Promise<void> {
  for (let sent = 0; sent < plan.messages; sent += 1) {
    const conversation = random.between(0, plan.conversations - 1);
    await caller.lib("enqueue", {
      conversationId: `c${conversation}`,
      agentKey: conversation % plan.tenants === 0 ? "default" : "acme",
      payload: { provider: "app", providerUserId: "u", messageText: "hello" },
    });
    tally.sent += 1;
    await time.sleep(random.between(0, plan.pauseMs));
  }
}

/** Until every message is answered; what is dead by then is sent round again, as an operator would. */
async function workOff({ time, watch, caller, tally }: Stage): Promise<void> {
  const until = time.now() + PATIENCE_MS;
  for (;;) {
    const messages = watch.mirror.rows("messageQueue");
    for (const { _id, status } of messages)
      if (status === "dead_letter") {
        tally.redrives += 1;
        await caller.lib("redriveDeadLetter", { messageId: _id });
      }
    if (messages.every((message) => isEnded(message) && message.status === "done")) return;
    must(time.now() < until, "every waiting message is finally answered");
    await time.sleep(5_000);
  }
}
