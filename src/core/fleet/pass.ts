/**
 * One pass: observe → plan → carry out. Level-triggered: it looks at what is, not at what happened, so a lost or repeated wake-up
 * changes nothing but the time. The provider is listed only when its answer can matter. The action reads and plans, and
 * each command is a transaction of its own (`orders.ts`): none makes another, or the plan, start again.
 */
import { asMutation, asAction } from "../functions.js";
import { v } from "convex/values";
import type { ProviderConfig } from "../../contract/providers.js";
import type { Policies } from "../../contract/policies.js";
import { planFleet } from "../../policy/fleet/plan.js";
import type { Command, FleetView, Observation, Steering, WaitingView } from "../../policy/fleet/types.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import type { HandedOut } from "./orders.js";
import { checkConfig, providerFor, urlsFor, type Inline } from "./credentials.js";
import { findFence, setFence } from "./fences.js";
import { settingsOf } from "../providers/registry.js";
import { failureOf } from "../providers/providerError.js";
import { carryOut } from "./carryOut.js";
import { AFTER_FAILURE_MS } from "./finish.js";
import { withListing, type Answers, type Listing } from "./listing.js";
import { askDoubtful, look } from "./look.js";
import { MAX_MACHINES } from "./observe.js";
import { glanceAtFleet, wakeFleet } from "../signals/fleet.js";

/** Two passes are this far apart unless somebody asks for one by hand; one that is wanted while another runs looks this often. */
const MIN_PAUSE_MS = 2_000;
/** What became ready this shortly before a pass may not have been in its snapshot: one more pass looks. */
const OVERLAP_MS = 2_000;
/** A worker that has rested for this long is noted to have worked until then; leases tell it for longer. */
const NOTE_USE_AFTER_MS = 60_000;

/**
 * The handler of a wake-up: takes all that it sees and begins a pass, unless one runs or has just ended; then it wakes again. What it
 * searches is stale. It really reads the fence, which nothing but the beginning of passes writes: two of those conflict, and
 * that keeps passes single.
 */
export const begin = asMutation({ args: { wake: v.id("fleetWakes") }, returns: v.null() })(async (
  ctx,
  { wake },
) => {
  if ((await ctx.db.get(wake)) === null) return null;
  const seen = await glanceAtFleet(ctx);
  for (const id of new Set([wake, ...seen.wakes])) if (await ctx.db.get(id)) await ctx.db.delete(id);
  if (!seen.hasConfig) return null;
  const now = Date.now();
  const latest = await findFence(ctx, "pass");
  // Beyond its deadline it died with its action.
  const running = latest !== null && latest.value > seen.endedPass && (latest.until ?? 0) > now;
  const freeAt = (running ? now : Math.max(latest?.value ?? 0, seen.lastPassAt)) + MIN_PAUSE_MS;
  if (now < freeAt) {
    await wakeFleet(ctx, freeAt);
    return null;
  }
  const { fleet } = (await loadRuntime(ctx)).policies;
  await setFence(ctx, "pass", { value: now, until: now + fleet.stepDeadlineMs });
  await ctx.scheduler.runAfter(0, internal.cloud.runPass, { startedAt: now });
  return null;
});

export const run = asAction({ args: { startedAt: v.number() }, returns: v.null() })(async (
  ctx,
  { startedAt },
) => {
  const config = await ctx.runQuery(internal.fleet.storedConfig, {});
  if (!config) return null;
  try {
    checkConfig(config);
    await runPass(ctx, config, { launch: true, workspace: null, inline: {}, startedAt });
  } catch (error) {
    await ctx.runMutation(internal.fleet.recordPassFailure, { startedAt, ...failureOf(error) });
  }
  return null;
});

export interface PassOptions {
  launch: boolean;
  workspace: string | null;
  inline: Inline;
  scaling?: Policies["scaling"];
  /** Ask the provider whatever the state says. */
  list?: boolean;
  /** When it began; null: by hand. */
  startedAt: number | null;
}

/** Throws what `providerFor` and `urlsFor` throw, and by hand what the listing throws; everything else is recorded where it belongs. */
export async function runPass(ctx: ActionCtx, config: ProviderConfig, options: PassOptions) {
  const provider = await providerFor(ctx, config, options.inline);
  // A launch could not work without them; better said before anything is ordered.
  if (options.launch) await urlsFor(ctx, options.inline);
  const asked = await ctx.runQuery(internal.fleet.passAsks, { now: Date.now() });
  const wish = { ...asked, machines: options.list === true || asked.machines };
  const { failure, ...seenThere } = await look(ctx, provider, wish, {
    strict: options.startedAt === null,
    inline: options.inline,
  });
  const { listing, volumes } = seenThere;
  // Before anything is planned: what the lists show has its place, too.
  const lostVolumes = listing || volumes ? await ctx.runMutation(internal.fleet.noteListing, seenThere) : 0;
  const { seen, answers } = await observed(ctx, config, listing, options);
  const { now } = seen.view;
  // A launch would fail as the listing did; what needs no provider goes on.
  const view = viewOf(seen.view, config, listing, answers, {
    ...options,
    launch: options.launch && !failure,
  });
  const plan = planFleet(view);
  const work = new Work(ctx, orderOptions(config, view.fleet, !isInline(options)), seen.launches);
  for (const command of plan.commands) await work.carryOut(command);
  await noteSeen(ctx, seen.view, view);
  const live = view.machines.length + work.spawned;
  const rearmed = live > 0 || view.waiting.length > 0 || view.orphans + lostVolumes > 0 || failure !== null;
  const pauseMs = Math.max(view.scaling.reconcileIntervalMs, failure ? AFTER_FAILURE_MS : 0);
  await ctx.runMutation(internal.fleet.finishPass, {
    startedAt: options.startedAt,
    listed: listing !== null,
    listedWholeAt: listing?.complete ? listing.begunAt : null,
    volumesListed: volumes !== null,
    notes: asked.notes,
    seenReadyAt: options.launch && !failure && options.workspace === null ? now - OVERLAP_MS : null,
    blocked: plan.blocked,
    problem: failure,
    nextPassAt: rearmed ? Math.min(now + pauseMs, asked.lateAt ?? Infinity) : asked.lateAt,
  });
  if (isInline(options)) {
    for (const intent of work.intents) await carryOut(ctx, intent, options.inline);
  }
  const active = view.machines.filter(({ status }) => status === "active").length;
  return {
    activeWorkers: active + work.spawned - work.terminated,
    spawned: work.spawned,
    terminated: work.terminated,
    stopped: work.stopped,
    pending: view.machines.length - active + work.terminated,
    checked: view.machines.length,
    rearmed,
  };
}

/** The rows, and what the provider answers about single machines where its list is doubted. That takes time, so the rows are read again. */
async function observed(
  ctx: ActionCtx,
  config: ProviderConfig,
  listing: Listing | null,
  { workspace, inline, scaling }: PassOptions,
) {
  const observe = () =>
    ctx.runQuery(internal.fleet.observe, {
      now: Date.now(),
      workspace,
      random: Math.random(),
      listedAt: listing?.complete ? listing.begunAt : 0,
      spawnStep: scaling?.spawnStep,
    });
  const seen = await observe();
  const answers = listing ? await askDoubtful(ctx, config, inline, seen.view, listing) : new Map();
  return { seen: answers.size === 0 ? seen : await observe(), answers };
}

/** Writes down what rows would not tell later. */
async function noteSeen(ctx: ActionCtx, before: Observation, view: FleetView): Promise<void> {
  const { now } = view;
  const news = view.machines.flatMap(({ worker, missed, busy, lastWorkAt, notedUseAt }, index) => {
    const rested = !busy && lastWorkAt > notedUseAt && lastWorkAt + NOTE_USE_AFTER_MS <= now;
    if (!rested && missed === before.machines[index]?.missed) return [];
    return [{ worker, missed, ...(rested ? { lastUseAt: lastWorkAt } : {}) }];
  });
  if (news.length > 0) await ctx.runMutation(internal.fleet.noteSeen, { machines: news });
}

/** With a credential for this call alone nothing can be scheduled: the pass carries its intents out itself. */
const isInline = ({ inline }: PassOptions): boolean => inline.token !== undefined;

function viewOf(
  observed: Observation,
  config: ProviderConfig,
  listing: Listing | null,
  answers: Answers,
  options: PassOptions,
): FleetView {
  const scaling = options.scaling ?? observed.scaling;
  const maxWorkers = Math.min(scaling.maxWorkers, MAX_MACHINES);
  return withListing(
    {
      ...observed,
      scaling: { ...scaling, maxWorkers },
      waiting: options.launch ? observed.waiting : [],
    },
    settingsOf(config),
    listing,
    answers,
  );
}

function orderOptions(config: ProviderConfig, fleet: Policies["fleet"], schedule: boolean) {
  const { appName, image, volume } = settingsOf(config);
  const machine = { provider: config.kind, appName, image, volumePrefix: volume?.prefix ?? "" };
  return { machine, fleet, schedule };
}

/** One pass's commands and their counts. */
class Work {
  spawned = 0;
  terminated = 0;
  stopped = 0;
  readonly intents: HandedOut[] = [];
  private outdated = false;

  constructor(
    private readonly ctx: ActionCtx,
    private readonly options: ReturnType<typeof orderOptions>,
    /** Launches that the plan knew of, and its own. */
    private known: number,
  ) {}

  async carryOut(command: Command): Promise<void> {
    if (command.kind === "launch") await this.launch(command.for);
    else await this.steer(command);
  }

  private async launch(waiting: WaitingView): Promise<void> {
    if (this.outdated) return;
    const args = { for: waiting, launches: this.known, ...this.options };
    const ordered = await this.ctx.runMutation(internal.fleet.orderLaunch, args);
    if (ordered === null) return;
    if (ordered === "outdated") {
      this.outdated = true;
      return;
    }
    this.intents.push(ordered);
    this.known += 1;
    this.spawned += 1;
  }

  private async steer(command: Steering): Promise<void> {
    const { fleet, schedule } = this.options;
    const steered = await this.ctx.runMutation(internal.fleet.steer, { command, fleet, schedule });
    if (steered.terminated) this.terminated += 1;
    if (steered.stopped) this.stopped += 1;
    if (steered.intent) this.intents.push(steered.intent);
  }
}
