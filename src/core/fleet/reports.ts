/**
 * What the actions of a launch record after each provider call. Every write names the attempt it belongs to: an action that was
 * given up, and comes back late, records nothing; what it made is found by name or collected.
 */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { pauseMs } from "../../policy/fleet/launchPause.js";
import { afterBegin } from "../../policy/fleet/unsettled.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { findWorker } from "../workers/register.js";
import { mintMachineCredential } from "../workers/tokens/mintMachine.js";
import { creationFields, noteReport } from "./creations.js";
import { noteMade } from "./made.js";
import { releaseVolume, takeVolume } from "./quarantine.js";
import { glanceAtFleet, noteForPass, wakeFleet } from "../signals/fleet.js";

const HOUR_MS = 3_600_000;

export const vIntent = { machine: v.id("machines"), attempt: v.number() };
type Intent = { machine: Id<"machines">; attempt: number };

/** The row, if `attempt` is still its current one and it is in that step. */
export async function currentRow(
  ctx: MutationCtx,
  { machine, attempt }: Intent,
  step: Doc<"machines">["step"],
): Promise<Doc<"machines"> | null> {
  const row = await ctx.db.get(machine);
  return row?.attempt === attempt && row.step === step ? row : null;
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
  const { fleet } = (await loadRuntime(ctx)).policies;
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
  const { fleet } = (await loadRuntime(ctx)).policies;
  if (!row) return null;
  await noteReport(ctx, row, attempt, unsettled);
  await noteMade(ctx, row, made, { fleet, isNews: row.attempt === attempt });
  return null;
});

export const recordLaunchFailure = asMutation({
  args: {
    ...vIntent,
    code: v.string(),
    message: v.string(),
    retryable: v.boolean(),
    kind: v.optional(v.string()),
    /** Something that it sent may still take effect. */
    unsettled: v.boolean(),
  },
  returns: v.null(),
})(async (ctx, { code, message, retryable, kind, unsettled, ...intent }) => {
  const reported = await ctx.db.get(intent.machine);
  if (reported) await noteReport(ctx, reported, intent.attempt, unsettled);
  const row = await currentRow(ctx, intent, "launching");
  if (!row) return null;
  const now = Date.now();
  const problem = { code, message, at: now };
  const failures = row.failures + 1;
  // Launching rests, longer each time until a machine boots. The next pass counts the failures; here a look is enough.
  const pause = pauseMs((await glanceAtFleet(ctx)).launchFailures + 1);
  // Only a capacity problem is about this volume's place; there the conversation gets another machine elsewhere.
  const noRoom = kind === "capacity";
  const giveUp = !retryable || noRoom;
  // A kept volume was not mounted: it stays what it was.
  const { volumeId } = row;
  const released = volumeId !== undefined && (await releaseVolume(ctx, volumeId, row.worker, noRoom));
  await ctx.db.patch(row._id, {
    problem,
    failures: giveUp ? Number.MAX_SAFE_INTEGER : failures,
    stepDeadlineAt: now + (giveUp ? 0 : pause),
    ...(released ? { volumeId: undefined } : {}),
  });
  await noteForPass(ctx, { kind: "launchFailed", problem });
  await noteForPass(ctx, { kind: "volumes" });
  console.warn(`fleet.launchFailed worker=${row.worker} code=${code} kind=${kind ?? "none"}`);
  await wakeFleet(ctx, now + (giveUp ? 0 : pause));
  return null;
});
