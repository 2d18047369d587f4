/** What a pass asks the provider, and how much of the answer it believes (`policy/fleet/doubt.ts`). */
import { asQuery } from "../functions.js";
import { v } from "convex/values";
import type { ProviderConfig } from "../../contract/providers.js";
import { isDoubtful, isSilent } from "../../policy/fleet/doubt.js";
import type { MachineView, Observation, Seen } from "../../policy/fleet/types.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { settingsOf } from "../providers/registry.js";
import { isGone, type MachineProvider } from "../providers/provider.js";
import { unsettledRows } from "./due.js";
import { deploymentTag, providerFor, type Inline } from "./credentials.js";
import { LATECOMERS_MS, LIST_IDLE_EVERY_MS } from "./due.js";
import { failureOf } from "../providers/providerError.js";
import {
  listed,
  listingOf,
  volumeListingOf,
  type Answers,
  type Listing,
  type VolumeListing,
} from "./listing.js";
import { MAX_MACHINES } from "./observe.js";
import { readFleetState } from "./state.js";

/** While every machine just serves, its state at the provider is looked at this often. */
const LIST_EVERY_MS = 60_000;
/** Machines that are asked for one by one in a pass; the others wait for the next. */
const MAX_ASKED = 20;

/** What is worth asking the provider in this pass, and the notes that say so. */
export const asks = asQuery({
  args: { now: v.number() },
  returns: v.object({
    machines: v.boolean(),
    volumes: v.boolean(),
    /** Machines that are known to have no row: one that is not listed is asked for. */
    orphans: v.array(v.string()),
    notes: v.array(v.id("fleetNotes")),
    /** When what may come late for machines that have ended is looked for; null: it was. */
    lateAt: v.union(v.number(), v.null()),
  }),
})(async (ctx, { now }) => {
  const state = await readFleetState(ctx);
  const live = await ctx.db
    .query("machines")
    .withIndex("by_live", (q) => q.eq("live", true))
    .take(MAX_MACHINES);
  const orphans = await ctx.db.query("orphans").withIndex("by_firstSeenAt").take(MAX_MACHINES);
  const isOrphaned = (what: "machine" | "volume") => orphans.some(({ kind }) => kind === what);
  const unsettled = await unsettledRows(ctx, state.listedWholeAt ?? 0).first();
  const settledAt = unsettled?.settledAt ?? Infinity;
  const sinceList = now - (state.lastListedAt ?? 0);
  const changing = live.some(
    ({ step, drain }) => step === "booting" || (step === "running" && drain !== undefined),
  );
  const due =
    live.length === 0 && orphans.length === 0
      ? sinceList >= LIST_IDLE_EVERY_MS
      : sinceList >= LIST_EVERY_MS || changing;
  const sinceVolumes = now - (state.lastVolumesListedAt ?? 0);
  const ended = await ctx.db
    .query("machines")
    .withIndex("by_ended", (q) => q.eq("live", false))
    .order("desc")
    .first();
  const lateAt = (ended?.stoppedAt ?? 0) + LATECOMERS_MS;
  const nextAt = Math.min(settledAt > now ? settledAt : Infinity, ended && now < lateAt ? lateAt : Infinity);
  const mayBeLate = (lastAt = 0) => ended !== null && now >= lateAt && lastAt < lateAt;
  const noted = (kind: "list" | "volumes") => state.notes.some((note) => note.kind === kind);
  return {
    machines: due || orphans.length > 0 || settledAt <= now || noted("list") || mayBeLate(state.lastListedAt),
    volumes:
      noted("volumes") ||
      isOrphaned("volume") ||
      sinceVolumes >= LIST_IDLE_EVERY_MS * 24 ||
      mayBeLate(state.lastVolumesListedAt),
    orphans: orphans.flatMap(({ kind, providerId }) => (kind === "machine" ? [providerId] : [])),
    notes: state.notes.map(({ _id }) => _id),
    lateAt: nextAt === Infinity ? null : nextAt,
  };
});

export interface Look {
  listing: Listing | null;
  /** Orphans of which the provider, asked for this very machine, says that it is gone. */
  goneOrphans: string[];
  volumes: VolumeListing | null;
  /** The provider did not list; null: it did, or was not asked. */
  failure: ReturnType<typeof failureOf> | null;
}

/** Throws what the listing throws when `strict`; else that is part of the result, and nothing is known. */
export async function look(
  ctx: ActionCtx,
  provider: MachineProvider,
  wish: { machines: boolean; volumes: boolean; orphans: readonly string[] },
  { strict, inline }: { strict: boolean; inline: Inline },
): Promise<Look> {
  try {
    const tag = await deploymentTag(ctx);
    const begunAt = Date.now();
    const listing = wish.machines ? listingOf(await provider.listMachines(), tag, begunAt) : null;
    const goneOrphans = listing ? await goneOf(provider, listing, wish.orphans) : [];
    const volumes = wish.volumes ? await provider.listVolumes() : null;
    // From what an incomplete list lacks nothing can be concluded.
    return {
      listing,
      goneOrphans,
      volumes: volumes?.complete ? volumeListingOf(volumes.volumes) : null,
      failure: null,
    };
  } catch (error) {
    const failure = failureOf(error);
    if (!strict) return { listing: null, goneOrphans: [], volumes: null, failure };
    const { code, message } = failure;
    // With a credential for one call it says nothing about the next one.
    if (inline.token === undefined)
      await ctx.runMutation(internal.fleet.noteProviderRefusal, { code, message });
    throw error;
  }
}

/** An orphan costs money until it is certainly gone, which a list that lacks it does not say. */
async function goneOf(
  provider: MachineProvider,
  listing: Listing,
  orphans: readonly string[],
): Promise<string[]> {
  const listed = new Set(listing.machines.map(({ id }) => id));
  const gone: string[] = [];
  for (const id of orphans.filter((each) => !listed.has(each)).slice(0, MAX_ASKED))
    if (await isMachineGone(provider, id)) gone.push(id);
  return gone;
}

async function isMachineGone(provider: MachineProvider, id: string): Promise<boolean> {
  try {
    return isGone(await provider.getMachine(id));
  } catch {
    return false;
  }
}

/** Asks for the machines of which the list is doubted, those that are silent for longest first, each in the app in which it was made. */
export async function askDoubtful(
  ctx: ActionCtx,
  config: ProviderConfig,
  inline: Inline,
  view: Observation,
  listing: Listing,
): Promise<Answers> {
  const seenIn = listed(listing, settingsOf(config));
  const doubtful = view.machines
    .filter((machine) => isDoubtful(machine, seenIn(machine), view))
    .sort((a, b) => Number(isSilent(b, view)) - Number(isSilent(a, view)) || a.seenAt - b.seenAt);
  const answers = new Map<string, Seen>();
  const providers = new Map<string, MachineProvider>();
  for (const machine of doubtful.slice(0, MAX_ASKED)) {
    const { appName } = machine;
    const provider = providers.get(appName) ?? (await providerFor(ctx, config, inline, { appName }));
    providers.set(appName, provider);
    answers.set(machine.worker, await askFor(provider, machine));
  }
  // Not asked for: known no better than before.
  for (const { worker } of doubtful.slice(MAX_ASKED)) answers.set(worker, "unknown");
  return answers;
}

async function askFor(provider: MachineProvider, { machineId }: MachineView): Promise<Seen> {
  if (machineId === null) return "unknown";
  try {
    return (await provider.getMachine(machineId))?.state ?? "missing";
  } catch {
    return "unknown";
  }
}
