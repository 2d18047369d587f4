import { seededRandom, type Random } from "../faults/index.js";
import { hostileCases, refusedWith, handsOut } from "./cases.js";
import { controlOf, webhookControl } from "./controls.js";
import { attempt, send, type Origins } from "./requests.js";
import type { Target } from "../deployment/index.js";
import { setStage, type Stage } from "./stage.js";
import { workerTargets } from "./targets.js";
import { callAs, userFunctions } from "./users/calls.js";
import type { HostileCase, Reply, Verdict } from "./types.js";

export interface AttackOptions {
  calls: number;
  seed: number;
  /** A given deployment; null: the local platform. */
  target: Target | null;
}
/** In flight at once: the calls of a real attacker overlap. */
const PARALLEL = 4;
/** So high that the flood shows what each call meets, not that there were many. */
const NO_LIMIT = 1_000_000;
const SMALL_LIMIT = 5;
const PROGRESS_EVERY = 1_000;

/**
 * Attacks a deployment and closes it again.
 * @param print progress and every call that did not meet what is documented, at most a few of a kind.
 * @param signal ends it early: then it rejects with the signal's reason.
 */
export async function runAttack(
  options: AttackOptions,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  const startedAt = performance.now();
  const { target } = options;
  print(target === null ? "starting the platform ..." : `attacking ${target.cloudUrl} and ${target.siteUrl}`);
  if (target !== null)
    print(
      "its crons run by themselves meanwhile: the local platform keeps them still, a given deployment cannot",
    );
  const stage = await setStage(target, print, signal);
  try {
    const origins: Origins = { cloudUrl: stage.deployment.cloudUrl, siteUrl: stage.deployment.siteUrl };
    const run = new Run(stage, origins, options, print, signal);
    const verdict = await run.all();
    return { ...verdict, seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
  } finally {
    await stage.close();
  }
}

class Run {
  private readonly verdict: Verdict;
  private readonly complaints = new Map<string, number>();

  constructor(
    private readonly stage: Stage,
    private readonly origins: Origins,
    private readonly options: AttackOptions,
    private readonly print: (line: string) => void,
    private readonly signal: AbortSignal,
  ) {
    this.verdict = {
      seed: options.seed,
      calls: 0,
      succeeded: 0,
      crashed: 0,
      undocumented: 0,
      controls: 0,
      controlsSucceeded: 0,
      kinds: {},
      seconds: 0,
    };
  }

  async all(): Promise<Verdict> {
    await this.stage.setRefusalLimit(NO_LIMIT);
    const exported = await this.exported();
    const cases = hostileCases(this.stage, this.origins, exported);
    const kinds = new Set(cases.map(({ kind }) => kind)).size;
    this.print(
      `${cases.length} kinds of hostile calls in ${kinds} classes; afterwards a control for each class and door`,
    );
    const flood = Math.max(0, this.options.calls - (SMALL_LIMIT + 3));
    await this.flood(plan(cases, flood, seededRandom(this.options.seed)));
    await this.controls(cases);
    await this.beyondTheLimit();
    return this.verdict;
  }

  /** Which functions the app exports; the others are no door. */
  private async exported(): Promise<Set<string>> {
    const names = new Set<string>();
    for (const target of workerTargets().filter(({ door }) => door === "api")) {
      const reply = await send(attempt(target, this.origins, null, {}), this.signal);
      if (reply.code !== "FunctionNotFound") names.add(target.name);
    }
    for (const fn of userFunctions) {
      const reply = await send(callAs(this.stage.users, this.origins, null, fn, {}), this.signal);
      if (reply.code !== "FunctionNotFound") names.add(fn.name);
    }
    return names;
  }

  private async flood(planned: { hostile: HostileCase; random: Random }[]): Promise<void> {
    let next = 0;
    const lane = async () => {
      for (let call = planned[next++]; call !== undefined; call = planned[next++]) {
        this.signal.throwIfAborted();
        const { hostile } = call;
        const reply = await this.hit(call);
        this.judge(hostile, reply);
        const damage = (await hostile.damage?.(reply)) ?? null;
        if (damage !== null) {
          this.verdict.succeeded += 1;
          this.complain(hostile.label, damage);
        }
        if (this.verdict.calls % PROGRESS_EVERY === 0) this.print(`${this.verdict.calls} calls`);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
  }

  private hit({ hostile, random }: { hostile: HostileCase; random: Random }): Promise<Reply> {
    return send(hostile.build(random), this.signal);
  }

  private judge(
    { kind, label, expected }: Pick<HostileCase, "kind" | "label" | "expected">,
    reply: Reply,
  ): void {
    this.verdict.calls += 1;
    this.verdict.kinds[kind] = (this.verdict.kinds[kind] ?? 0) + 1;
    const saidNo = "refusedBy" in expected && reply.ok && expected.refusedBy(reply.value);
    if (reply.ok && !saidNo) this.verdict.succeeded += 1;
    if (reply.status === 0 || reply.status >= 500 || reply.code === "ServerError") this.verdict.crashed += 1;
    const met =
      "refusedBy" in expected
        ? saidNo
        : !reply.ok && reply.status === expected.status && reply.code === expected.code;
    if (met) return;
    this.verdict.undocumented += 1;
    const wanted =
      "code" in expected ? `${expected.status} ${expected.code ?? ""}` : "200 with a value that says no";
    this.complain(label, `expected ${wanted}, got ${reply.status} ${reply.code ?? ""} ${short(reply.value)}`);
  }

  /** One per class and door, and one per target. */
  private async controls(cases: readonly HostileCase[]): Promise<void> {
    const done = new Set<string>();
    for (const { kind, door, target, control: own, label } of cases) {
      const byClass = `${kind} ${door}`;
      const byTarget = label.slice(label.lastIndexOf(" ") + 1);
      if (done.has(byClass) && done.has(byTarget)) continue;
      done.add(byClass).add(byTarget);
      this.signal.throwIfAborted();
      if (own) {
        this.count(`control ${label}`, await own((call) => send(call, this.signal)));
        continue;
      }
      const control =
        target === null
          ? webhookControl(this.stage, this.origins)
          : await controlOf(this.stage, this.origins, target);
      this.count(`control ${byTarget}`, control.fault(await send(control.attempt, this.signal)));
    }
  }

  private count(label: string, fault: string | null): void {
    this.verdict.controls += 1;
    if (fault === null) this.verdict.controlsSucceeded += 1;
    else this.complain(label, fault);
  }

  /** With a small limit, refusals beyond it are answered with 429 and when to come back, and good calls still pass. */
  private async beyondTheLimit(): Promise<void> {
    await this.stage.setRefusalLimit(SMALL_LIMIT);
    const target = workerTargets().find(({ door, call }) => door === "gateway" && handsOut(call));
    if (target === undefined) throw new Error("the gateway has no claim");
    const args = { workerId: this.stage.mallory.workerId };
    const limited = refusedWith("rate_limited", "gateway");
    const mismatch = refusedWith("worker_mismatch", "gateway");
    for (let i = 0; i < SMALL_LIMIT + 3; i += 1) {
      const reply = await send(attempt(target, this.origins, this.stage.unused, args), this.signal);
      const expected = i < SMALL_LIMIT ? mismatch : limited;
      this.judge({ kind: "rateLimit", label: `rateLimit ${i}`, expected }, reply);
      if (i >= SMALL_LIMIT && !/^[1-9][0-9]*$/.test(reply.retryAfter ?? ""))
        this.complain("rateLimit", "429 without Retry-After");
    }
    const control = await controlOf(this.stage, this.origins, target);
    this.count("control beyond the limit", control.fault(await send(control.attempt, this.signal)));
  }

  private complain(label: string, what: string): void {
    const times = (this.complaints.get(label) ?? 0) + 1;
    this.complaints.set(label, times);
    if (times <= 2) this.print(`UNEXPECTED ${label}: ${what}`);
  }
}

/**
 * Each kind once, then every other case, in an order of its own; then kinds at random, so that those with few cases are tried as
 * often. Each call has a generator of its own, so that their overlap changes nothing.
 */
function plan(
  cases: readonly HostileCase[],
  count: number,
  random: Random,
): { hostile: HostileCase; random: Random }[] {
  const shuffled = cases
    .map((hostile) => ({ hostile, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ hostile }) => hostile);
  const kinds = [...new Set(shuffled.map(({ kind }) => kind))].map((name) =>
    shuffled.filter(({ kind }) => kind === name),
  );
  const firsts = kinds.flatMap((ofKind) => ofKind.slice(0, 1));
  const isFirst = new Set(firsts);
  const once = [...firsts, ...shuffled.filter((hostile) => !isFirst.has(hostile))];
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  return Array.from({ length: count }, (_, index) => ({
    hostile: once[index] ?? pick(pick(kinds)),
    random: seededRandom(Math.floor(random() * 2 ** 32)),
  }));
}

const short = (value: unknown): string =>
  value === undefined ? "" : (JSON.stringify(value) ?? "").slice(0, 120);
