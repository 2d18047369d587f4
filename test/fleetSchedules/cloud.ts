/**
 * The way to the provider, and what goes wrong on it. Each call takes its time before it takes effect and after; its caller may have
 * given up meanwhile, or have died. Listings may lie. Behind it stands the simulated Fly (`sim/fly`).
 */
import { interruptAction, isInterrupted } from "../../sim/engine/index.js";
import {
  createFlySimulator,
  NO_FLY_LIMITS,
  PretendLauncher,
  type CloudFaultInput,
  type FlySimulator,
  type PretendProcess,
} from "../../sim/fly/index.js";
import { seeded, type Random } from "../simulation/random.js";
import type { Plan, Trouble } from "./plan.js";
import type { FleetTime } from "./time.js";

export const APP = "workers";
const OTHER_APP = "others";

type Lie = "empty" | "partial" | "old" | "torn";

/** What a call meets. */
interface Fate {
  beforeMs: number;
  afterMs: number;
  /** Answered with this instead of being carried out. */
  status: number | null;
  /** The connection is cut: before it arrives, or after it was carried out. */
  cut: "before" | "after" | null;
  /** The action that makes it dies: before it arrives, or after it was carried out. */
  dies: "before" | "after" | null;
}

/** A stretch of time in which something goes wrong. */
interface Spell<What> {
  from: number;
  to: number;
  what: What;
}

export interface CloudEvents {
  /** A call was carried out, or answered without. */
  called(text: string): void;
  machineMade(id: string): void;
  /** Before a volume is deleted. */
  volumeGoes(id: string): void;
  crashed(action: string): void;
}

export class Cloud {
  readonly fly: FlySimulator;
  private readonly random: Random;
  private readonly lies: Spell<Lie>[];
  private readonly outages: Spell<number>[];
  /** Faults of single machines, by name. */
  private readonly doomed: CloudFaultInput[] = [];
  isCalm = false;

  constructor(
    private readonly plan: Plan,
    private readonly time: FleetTime,
    private readonly events: CloudEvents,
    processes: { started: (process: PretendProcess) => void; toldToStop: (machineId: string) => void },
  ) {
    this.random = seeded(plan.seed * 31 + 5);
    this.fly = createFlySimulator({
      apps: [APP, OTHER_APP],
      clock: time.clock,
      launcher: new PretendLauncher({
        onStart: processes.started,
        ignoresStop: ({ machineId }) => {
          processes.toldToStop(machineId);
          return true;
        },
      }),
      rateLimits: NO_FLY_LIMITS,
      bootMs: 2_000,
      destroyMs: 1_500,
      claimReleaseMs: 20_000,
      seed: plan.seed + 1,
    });
    this.lies = this.spells("lies", 2, 40 * 60, () =>
      this.random.pick<Lie>(["empty", "empty", "partial", "old", "torn"]),
    );
    this.outages = this.spells("refusals", 1, 10 * 60, () => this.random.pick([500, 503, 429, 0]));
    if (plan.silence) {
      const { afterMs, forMs, refusesMs } = plan.silence;
      const from = time.now() + afterMs;
      this.outages.unshift({ from, to: from + forMs + refusesMs, what: 401 });
    }
    time.fetch = (url, init) => this.fetch(url, init);
    time.onCrash = (action) => events.crashed(action);
  }

  /** No trouble any more. */
  calm(): void {
    this.isCalm = true;
    this.time.crashChance = 0;
  }

  private has(trouble: Trouble): boolean {
    return !this.isCalm && this.plan.troubles.has(trouble);
  }

  private spells<What>(trouble: Trouble, most: number, mostSeconds: number, draw: () => What): Spell<What>[] {
    const count = this.random.between(1, most);
    const start = this.time.now();
    const spells = Array.from({ length: count }, () => {
      const from = start + this.random.between(0, this.plan.troubledMs);
      const seconds = this.random.chance(0.7)
        ? this.random.between(5, 120)
        : this.random.between(60, mostSeconds);
      return { from, to: from + seconds * 1_000, what: draw() };
    });
    return this.plan.troubles.has(trouble) ? spells : [];
  }

  private now<What>(spells: readonly Spell<What>[]): What | null {
    if (this.isCalm) return null;
    const now = this.time.now();
    return spells.find(({ from, to }) => from <= now && now < to)?.what ?? null;
  }

  private fate(): Fate {
    const { random } = this;
    const slow = (): number => {
      const share = random.next();
      const long = random.next();
      if (!this.has("delays") || share < 0.75) return 50 + long * 900;
      if (share < 0.93) return 1_000 + long * 7_000;
      return 8_000 + long * 70_000;
    };
    const [beforeMs, afterMs] = [slow(), slow()];
    const outage = this.now(this.outages);
    const refused = this.has("refusals") && random.chance(0.06) ? random.pick([429, 500, 502, 503]) : null;
    const cut = random.chance(0.04) ? random.pick(["before", "after"] as const) : null;
    const dies = random.chance(0.03) ? random.pick(["before", "after"] as const) : null;
    return {
      beforeMs,
      afterMs,
      status: outage === null || outage === 0 ? refused : outage,
      cut: outage === 0 ? "before" : this.has("refusals") ? cut : null,
      dies: this.has("crashes") ? dies : null,
    };
  }

  /** As the component's adapter calls it. The effect comes whether its caller still waits or not. */
  private async fetch(url: string, init: RequestInit): Promise<Response> {
    if (isInterrupted()) throw new TypeError("fetch failed");
    const call = `${init.method ?? "GET"} ${new URL(url).pathname.replace("/v1/apps/", "")}`;
    const fate = this.fate();
    const signal = init.signal ?? undefined;
    const gone = new Promise<never>((_resolve, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
    );
    gone.catch(() => undefined);
    if (fate.dies === "before") {
      this.events.crashed(`at ${call}`);
      interruptAction();
      throw new TypeError("fetch failed");
    }
    const answer = this.later(fate, call, url, init);
    answer.catch(() => undefined);
    const response = await Promise.race([answer, gone]);
    if (fate.dies === "after") {
      this.events.crashed(`after ${call}`);
      interruptAction();
    }
    return response;
  }

  private async later(fate: Fate, call: string, url: string, init: RequestInit): Promise<Response> {
    const { time, events } = this;
    const askedAt = time.now();
    await time.sleep(fate.beforeMs);
    const cut = () => new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
    const late = () => (init.signal?.aborted ? " (its caller has given up)" : "");
    const took = () => `${Math.round(time.now() - askedAt)} ms`;
    if (fate.cut === "before") {
      events.called(`${call}: lost before it arrived`);
      throw cut();
    }
    if (fate.status !== null) {
      events.called(`${call}: ${fate.status} after ${took()}${late()}`);
      await time.sleep(fate.afterMs);
      return new Response(JSON.stringify({ error: "made up" }), { status: fate.status });
    }
    const { status, text } = await time.during(() => this.perform(call, url, init));
    events.called(`${call}: ${status} after ${took()}${late()}`);
    await time.sleep(fate.afterMs);
    if (fate.cut === "after") {
      events.called(`${call}: its answer is lost`);
      throw cut();
    }
    return new Response(text, { status });
  }

  /** The effect, in one moment. */
  private async perform(
    call: string,
    url: string,
    init: RequestInit,
  ): Promise<{ status: number; text: string }> {
    const lists = call === `GET ${APP}/machines` || call === `GET ${APP}/volumes`;
    const lie = lists ? this.now(this.lies) : null;
    if (lie !== null) this.events.called(`${call}: the list is ${lie}`);
    if (call === `POST ${APP}/machines`) this.doom(init.body as string);
    const old: CloudFaultInput[] =
      lie === "old" ? [{ kind: "staleList", ms: this.random.between(5, 300) * 1_000, count: 1 }] : [];
    this.fly.setCloudFaults([...old, ...this.doomed]);
    const [, volume] = /^DELETE workers\/volumes\/(.+)$/.exec(call) ?? [];
    const attached = this.fly.volumes().find(({ id }) => id === volume)?.attachedMachineId;
    if (volume !== undefined && attached === null) this.events.volumeGoes(volume);
    const { signal: _signal, ...rest } = init;
    const response = await this.fly.fetch(url, rest);
    const text = await response.text();
    if (call === `POST ${APP}/machines` && response.status === 200)
      this.events.machineMade((JSON.parse(text) as { id: string }).id);
    return { status: response.status, text: lie === null || lie === "old" ? text : this.untrue(lie, text) };
  }

  private untrue(lie: Lie, text: string): string {
    const items = JSON.parse(text) as unknown[];
    if (lie === "empty") return "[]";
    if (lie === "torn") return JSON.stringify([...items.slice(1), { id: 7 }]);
    return JSON.stringify(items.filter(() => this.random.chance(0.5)));
  }

  /** Some machines never come up. */
  private doom(body: string): void {
    if (!this.has("deaths")) return;
    const { name } = JSON.parse(body) as { name: string };
    const share = this.random.next();
    if (share < 0.15) this.doomed.push({ kind: "dieAtBoot", name, outOfMemory: this.random.chance(0.5) });
    else if (share < 0.2) this.doomed.push({ kind: "neverBoot", name });
    else if (share < 0.25) this.doomed.push({ kind: "launchFailed", name });
  }

  /** Machines and volumes that are nobody's business here. */
  async addForeign(): Promise<void> {
    const { fly, time } = this;
    const post = (path: string, body: unknown) =>
      time.during(() =>
        fly.fetch(`https://fly.test/v1/apps/${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${fly.token}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
    const tag = {
      agent_factory_deployment: "https://other.convex.cloud|agentFactory",
      agent_factory_worker: "afw-1-x",
    };
    await post(`${APP}/machines`, { name: "afw-1-x", region: "iad", config: { image: "x", metadata: tag } });
    await post(`${APP}/machines`, { name: "database", region: "iad", config: { image: "x" } });
    await post(`${APP}/volumes`, { name: "data_other", region: "iad", size_gb: 1 });
    await post(`${OTHER_APP}/machines`, { name: "web", region: "iad", config: { image: "x" } });
  }

  /** Machines of this deployment that exist, which is what is paid for. */
  ours = () =>
    this.fly.machines().filter(({ destroyedAt, env }) => destroyedAt === null && env.MODE === "worker");
}
