/**
 * What actions report of a machine after each provider call, and what becomes of its record (`policy/fleet/life.ts`). Every report names
 * the attempt it belongs to: an action that was given up, and comes back late, moves nothing; what it made is found by name or collected.
 */
import { asMutation } from "../functions.js";
import { v, type ObjectType } from "convex/values";
import type { Policies } from "../../contract/policies.js";
import { pauseMs } from "../../policy/fleet/launchPause.js";
import { came, failed, hadNoRoom, looked, wasTroubled } from "../../policy/fleet/life.js";
import { afterBegin, afterReport, settledAt, type Creation } from "../../policy/fleet/unsettled.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { glanceAtFleet, noteForPass, wakeFleet } from "../signals/fleet.js";
import { findWorker } from "../workers/register.js";
import { mintMachineCredential } from "../workers/tokens/mintMachine.js";
import { revokeToken } from "../workers/tokens/revokeToken.js";
import { transitionWorker } from "../workers/transition.js";
import { meterEnded } from "./machineHours.js";
import { forgetVolume, keepVolume, releaseVolume, takeVolume } from "./quarantine.js";

const HOUR_MS = 3_600_000;

type Machine = Doc<"machines">;
export const vIntent = { machine: v.id("machines"), attempt: v.number() };
export type Intent = ObjectType<typeof vIntent>;

/** The row, if `attempt` is still its current one and it is in that step. */
async function currentRow(
  ctx: MutationCtx,
  { machine, attempt }: Intent,
  step: Machine["step"],
): Promise<Machine | null> {
  const row = await ctx.db.get(machine);
  return row?.attempt === attempt && row.step === step ? row : null;
}

const clockNow = async (ctx: MutationCtx) => ({
  now: Date.now(),
  fleet: (await loadRuntime(ctx)).policies.fleet,
});

/** Creations whose outcome is not known, with when they are settled, by which they are found once their row has ended. */
const creationFields = (creations: Creation[]) => ({
  creations: creations.length === 0 ? undefined : creations,
  settledAt: settledAt(creations),
});

/** An attempt has reported, even if it is not the current one or its row has ended. */
async function noteReport(
  ctx: MutationCtx,
  row: Machine,
  attempt: number,
  unsettled: boolean,
): Promise<void> {
  if (!row.creations) return;
  const creations = afterReport(row.creations, attempt, { unsettled, now: Date.now() });
  await ctx.db.patch(row._id, creationFields(creations));
}

/**
 * A credential for the machine's worker, with which the attempt orders it: from here the creation counts as sent. Earlier attempts'
 * credentials stay valid: their machine may be the one that is adopted.
 */
export const mintCredential = asMutation({
  args: vIntent,
  returns: v.union(v.null(), v.object({ token: v.string(), alias: v.string() })),
})(async (ctx, intent) => {
  const row = await currentRow(ctx, intent, "launching");
  const worker = row && (await findWorker(ctx, row.worker));
  if (!row || !worker) return null;
  const { fleet } = await clockNow(ctx);
  const { token, tokenId, alias } = await mintMachineCredential(ctx, {
    workerId: row.worker,
    workspace: worker.binding?.workspace ?? worker.workspace,
    tags: worker.lanes,
    // It must outlive the machine's own maximum and its drain; it is revoked when the machine is gone.
    lifetimeMs: Math.min(fleet.maxMachineAgeMs + fleet.drainDeadlineMs + 24 * HOUR_MS, 400 * 24 * HOUR_MS),
    trusted: true,
  });
  await ctx.db.patch(row._id, {
    tokenIds: [...row.tokenIds, tokenId],
    ...creationFields(afterBegin(row.creations ?? [], row.attempt, row.stepDeadlineAt)),
  });
  return { token, alias };
});

export const recordVolume = asMutation({
  args: { ...vIntent, volumeId: v.string(), region: v.string() },
  returns: v.boolean(),
})(async (ctx, { volumeId, region, ...intent }) => {
  const row = await currentRow(ctx, intent, "launching");
  if (!row) {
    // It may have been made for nobody.
    await noteForPass(ctx, { kind: "volumes" });
    await wakeFleet(ctx, Date.now());
    return false;
  }
  if (!(await takeVolume(ctx, volumeId, row.worker))) return false;
  await ctx.db.patch(row._id, { volumeId, region });
  return true;
});

/** Made, or found under its name. A late attempt's word is worth knowing too, whoever is acting now. */
export const recordMachine = asMutation({
  args: {
    ...vIntent,
    machineId: v.string(),
    region: v.string(),
    volumeId: v.optional(v.string()),
    /** Something else that it sent may still take effect. */
    unsettled: v.boolean(),
  },
  returns: v.null(),
})(async (ctx, { machine, attempt, unsettled, ...made }) => {
  const row = await ctx.db.get(machine);
  const { fleet } = await clockNow(ctx);
  if (!row) return null;
  await noteReport(ctx, row, attempt, unsettled);
  await noteMade(ctx, row, made, { fleet, isNews: row.attempt === attempt });
  return null;
});

interface Made {
  machineId: string;
  region?: string | undefined;
  /** Absent: not known, or it has none. */
  volumeId?: string | undefined;
}

/**
 * What is learned of a row's machine at the provider, whoever learns it first: the launch that made it, a later attempt that found it,
 * a listing, a retirement. The volume is the one that the machine mounts, whatever was planned for it. `isNews` false: whoever says so
 * began before others did, so what is known stays and only what is not is filled in.
 */
export async function noteMade(
  ctx: MutationCtx,
  row: Machine,
  { machineId, region, volumeId }: Made,
  { fleet, isNews }: { fleet: Policies["fleet"]; isNews: boolean },
): Promise<void> {
  const now = Date.now();
  if (row.step === "stopped") {
    // Nobody's any more: the listings that the next passes make find it.
    await noteForPass(ctx, { kind: "list" });
    await wakeFleet(ctx, now);
    return;
  }
  if (row.machineId !== undefined && row.machineId !== machineId && !isNews) return;
  await ctx.db.patch(row._id, {
    machineId,
    launchedAt: row.launchedAt ?? now,
    ...(region === undefined ? {} : { region }),
    ...came(row, "made", { fleet, now }),
  });
  if (volumeId === undefined || row.volumeId === volumeId) return;
  // Another attempt's volume may be the one that was mounted; the one that was planned is free again, or nobody's.
  if (row.volumeId !== undefined) {
    await releaseVolume(ctx, row.volumeId, row.worker);
    await noteForPass(ctx, { kind: "volumes" });
  }
  await takeVolume(ctx, volumeId, row.worker);
  await ctx.db.patch(row._id, { volumeId });
}

/** A machine on its way out was looked at. `machineId`: the provider has it. */
export const recordLook = asMutation({
  args: {
    ...vIntent,
    askedToStop: v.boolean(),
    /** Its volume was not known before. */
    learned: v.boolean(),
    machineId: v.optional(v.string()),
    volumeId: v.optional(v.string()),
    inline: v.boolean(),
  },
  returns: v.null(),
})(async (ctx, { askedToStop, learned, machineId, volumeId, inline, ...intent }) => {
  const row = await currentRow(ctx, intent, "retiring");
  if (!row) return null;
  const clock = await clockNow(ctx);
  if (machineId !== undefined)
    await noteMade(ctx, row, { machineId, volumeId }, { fleet: clock.fleet, isNews: true });
  const { change, againInMs } = looked(row, { askedToStop, learned }, clock);
  await ctx.db.patch(row._id, change);
  if (!inline) await again(ctx, intent, againInMs);
  return null;
});

/** Of a retirement. With a token that was given for one call only the next pass by hand goes on: nothing could be scheduled with it. */
async function again(ctx: MutationCtx, { machine, attempt }: Intent, inMs: number): Promise<void> {
  await ctx.scheduler.runAfter(inMs, internal.cloud.carryOut, { machine, attempt });
}

const vFailure = {
  code: v.string(),
  message: v.string(),
  retryable: v.boolean(),
  kind: v.optional(v.string()),
};

export const recordFailure = asMutation({
  args: {
    ...vIntent,
    ...vFailure,
    step: v.union(v.literal("launching"), v.literal("retiring")),
    /** Something that it sent may still take effect. */
    unsettled: v.boolean(),
    inline: v.boolean(),
  },
  returns: v.null(),
})(async (ctx, { step, unsettled, inline, machine, attempt, ...failure }) => {
  const intent = { machine, attempt };
  const reported = await ctx.db.get(machine);
  if (reported && step === "launching") await noteReport(ctx, reported, attempt, unsettled);
  const row = await currentRow(ctx, intent, step);
  if (!row) return null;
  if (step === "launching") {
    await launchFailed(ctx, row, failure);
    return null;
  }
  const { change, againInMs } = failed(row, failure, { now: Date.now(), pauseMs: 0 });
  await ctx.db.patch(row._id, change);
  console.warn(`fleet.retireFailed worker=${row.worker} code=${failure.code} failures=${change.failures}`);
  if (!inline) await again(ctx, intent, againInMs);
  return null;
});

async function launchFailed(
  ctx: MutationCtx,
  row: Machine,
  failure: ObjectType<typeof vFailure>,
): Promise<void> {
  const now = Date.now();
  // Launching rests, longer each time until a machine boots. The next pass counts the failures; here a look is enough.
  const pause = pauseMs((await glanceAtFleet(ctx)).launchFailures + 1);
  const { change, againInMs } = failed(row, failure, { now, pauseMs: pause });
  // A kept volume was not mounted: it stays what it was.
  const { volumeId, worker } = row;
  const released = volumeId !== undefined && (await releaseVolume(ctx, volumeId, worker, hadNoRoom(failure)));
  await ctx.db.patch(row._id, { ...change, ...(released ? { volumeId: undefined } : {}) });
  const { code, message, kind = "none" } = failure;
  await noteForPass(ctx, { kind: "launchFailed", problem: { code, message, at: now } });
  await noteForPass(ctx, { kind: "volumes" });
  console.warn(`fleet.launchFailed worker=${worker} code=${code} kind=${kind}`);
  await wakeFleet(ctx, now + againInMs);
}

/** The provider confirmed it: the machine is gone, and its volume too unless it is kept. `stopped` is final. */
export const recordGone = asMutation({
  args: { ...vIntent, kept: v.union(v.null(), v.object({ id: v.string(), region: v.string() })) },
  returns: v.null(),
})(async (ctx, { kept, ...intent }) => {
  const row = await currentRow(ctx, intent, "retiring");
  if (!row) return null;
  const { now, fleet } = await clockNow(ctx);
  if (kept) await keepVolume(ctx, row, kept, fleet);
  else if (row.volumeId !== undefined) await forgetVolume(ctx, row.volumeId, row.worker);
  const worker = await findWorker(ctx, row.worker);
  if (worker) await transitionWorker(ctx, worker, "stopped");
  for (const tokenId of row.tokenIds) await revokeToken(ctx, tokenId, "component");
  await ctx.db.patch(row._id, { live: false, step: "stopped", stoppedAt: now, problem: undefined });
  if (row.launchedAt !== undefined) await meterEnded(ctx, row.launchedAt, now);
  if (wasTroubled(row)) await noteForPass(ctx, { kind: "volumes" });
  await wakeFleet(ctx, now);
  return null;
});
