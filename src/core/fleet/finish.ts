/** The end of a pass: what it saw and could not do, for operators and for the next one. Writes `fleetState` and nothing of a worker. */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { afterLaunches } from "../../policy/fleet/launchPause.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { vListing, vVolumeListing } from "./listing.js";
import { noteMachineOrphans, noteVolumeOrphans } from "./orphans.js";
import { launchOutcomes, waitsForPause } from "./state.js";
import { machineOf, wakeFleet } from "../signals/fleet.js";

const MAX_BLOCKED_KEPT = 50;
/** A pass that could not even look is tried again after this, or twice it when that can hardly help. */
export const AFTER_FAILURE_MS = 30_000;

const failureFields = {
  code: v.string(),
  message: v.string(),
  retryable: v.boolean(),
  kind: v.optional(v.string()),
};

/** What the provider's listings say of machines and volumes, before a pass reads and plans. Returns how many volumes are orphans. */
export const noteListing = asMutation({
  args: {
    listing: v.union(v.null(), vListing),
    goneOrphans: v.array(v.string()),
    volumes: v.union(v.null(), vVolumeListing),
  },
  returns: v.number(),
})(async (ctx, { listing, goneOrphans, volumes }) => {
  const { fleet } = (await loadRuntime(ctx)).policies;
  if (listing?.complete) await noteMachineOrphans(ctx, listing, goneOrphans, fleet);
  return volumes ? await noteVolumeOrphans(ctx, volumes, fleet) : 0;
});

/** What a pass saw of its machines. */
export const noteSeen = asMutation({
  args: {
    machines: v.array(
      v.object({ worker: v.string(), missed: v.number(), lastUseAt: v.optional(v.number()) }),
    ),
  },
  returns: v.null(),
})(async (ctx, { machines }) => {
  for (const { worker, missed, lastUseAt = 0 } of machines) {
    const row = await machineOf(ctx, worker);
    if (!row) continue;
    const used = lastUseAt > (row.lastUseAt ?? 0) ? { lastUseAt } : {};
    await ctx.db.patch(row._id, { missed, ...used });
  }
  return null;
});

export const finish = asMutation({
  args: {
    /** Of a pass that was woken; null: by hand. */
    startedAt: v.union(v.number(), v.null()),
    listed: v.boolean(),
    /** When the list was begun, if it was whole. */
    listedWholeAt: v.union(v.number(), v.null()),
    volumesListed: v.boolean(),
    /** What it knew when it decided what to ask. */
    notes: v.array(v.id("fleetNotes")),
    /** It looked at everything that was ready up to here; null: not at everything. */
    seenReadyAt: v.union(v.number(), v.null()),
    blocked: v.array(v.object({ conversationId: v.string(), reason: v.string() })),
    /** The provider could not be asked; the pass did what needs no provider. */
    problem: v.union(v.null(), v.object(failureFields)),
    nextPassAt: v.union(v.number(), v.null()),
  },
  returns: v.null(),
})(async (ctx, pass) => {
  const now = Date.now();
  const heeded = await takeNotes(ctx, pass);
  const state = await ctx.db.query("fleetState").first();
  const record = afterLaunches(state ?? {}, launchOutcomes(heeded));
  await patchState(ctx, state, {
    ...ended(state, pass.startedAt),
    lastPassAt: now,
    ...(pass.listed ? { lastListedAt: now } : {}),
    ...(pass.listedWholeAt === null
      ? {}
      : { listedWholeAt: Math.max(pass.listedWholeAt, state?.listedWholeAt ?? 0) }),
    ...(pass.volumesListed ? { lastVolumesListedAt: now } : {}),
    ...(pass.seenReadyAt === null ? {} : { seenReadyAt: pass.seenReadyAt }),
    ...record,
    // A launch that failed is still worth knowing; that passes work again is said by this one.
    ...(record.launchFailures === 0 ? { problem: undefined } : {}),
    ...(pass.problem === null
      ? {}
      : { problem: { code: pass.problem.code, message: pass.problem.message, at: now } }),
    blocked: pass.blocked.slice(0, MAX_BLOCKED_KEPT),
  });
  if (pass.nextPassAt === null) return null;
  const { launchesPausedUntil: pausedUntil = 0 } = record;
  // Who waits for the end of the launches' pause waits no longer.
  const resumesAt =
    waitsForPause(pass) && pass.problem === null && pausedUntil > now ? pausedUntil : Infinity;
  await wakeFleet(ctx, Math.min(resumesAt, pass.nextPassAt));
  return null;
});

/** The pass could not even look. Said where the operator sees it; tried again after a while. */
export const failed = asMutation({ args: { startedAt: v.number(), ...failureFields }, returns: v.null() })(
  async (ctx, { startedAt, code, message, retryable }) => {
    const now = Date.now();
    const state = await ctx.db.query("fleetState").first();
    await patchState(ctx, state, { ...ended(state, startedAt), problem: { code, message, at: now } });
    console.warn(`fleet.passFailed code=${code}`);
    await wakeFleet(ctx, now + (retryable ? AFTER_FAILURE_MS : AFTER_FAILURE_MS * 2));
    return null;
  },
);

/** The provider would not list for a pass by hand. */
export const refused = asMutation({ args: { code: v.string(), message: v.string() }, returns: v.null() })(
  async (ctx, { code, message }) => {
    const state = await ctx.db.query("fleetState").first();
    await patchState(ctx, state, { refused: { code, message, at: Date.now() } });
    return null;
  },
);

/** Deletes the notes that this pass has heeded: a wish for a listing stays until one was made. */
async function takeNotes(
  ctx: MutationCtx,
  pass: { notes: Doc<"fleetNotes">["_id"][]; listed: boolean; volumesListed: boolean },
): Promise<Doc<"fleetNotes">[]> {
  const heeded: Doc<"fleetNotes">[] = [];
  for (const id of pass.notes) {
    const note = await ctx.db.get(id);
    if (!note || (note.kind === "list" && !pass.listed)) continue;
    if (note.kind === "volumes" && !pass.volumesListed) continue;
    await ctx.db.delete(id);
    heeded.push(note);
  }
  return heeded;
}

type State = Doc<"fleetState"> | null;

/** A pass that was given up, and comes back late, ends none that began after it. */
const ended = (state: State, startedAt: number | null) =>
  startedAt === null ? {} : { endedPass: Math.max(startedAt, state?.endedPass ?? 0) };

async function patchState(
  ctx: MutationCtx,
  state: State,
  fields: Partial<Omit<Doc<"fleetState">, "_id" | "_creationTime">>,
): Promise<void> {
  if (state) await ctx.db.patch(state._id, fields);
  else await ctx.db.insert("fleetState", fields);
}
