/** What the action of a retirement records; fenced by the attempt like the steps of a launch. */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { backoffMs } from "../../policy/retry/backoff.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { findWorker } from "../workers/register.js";
import { transitionWorker } from "../workers/transition.js";
import { revokeToken } from "../workers/tokens/revokeToken.js";
import { meterEnded } from "./machineHours.js";
import { noteMade } from "./made.js";
import { forgetVolume, keepVolume } from "./quarantine.js";
import { currentRow, vIntent } from "./reports.js";
import { noteForPass, wakeFleet } from "../signals/fleet.js";

const BACKOFF = { baseMs: 5_000, maxMs: 300_000 };

/** The machine is on its way; look again. */
export const recordProgress = asMutation({
  args: {
    ...vIntent,
    againInMs: v.number(),
    askedToStop: v.boolean(),
    machineId: v.optional(v.string()),
    volumeId: v.optional(v.string()),
    inline: v.boolean(),
  },
  returns: v.null(),
})(async (ctx, { againInMs, askedToStop, machineId, volumeId, inline, ...intent }) => {
  const row = await currentRow(ctx, intent, "retiring");
  if (!row) return null;
  const now = Date.now();
  const { fleet } = (await loadRuntime(ctx)).policies;
  const stop = row.stop ?? { reason: "drained", at: now };
  if (machineId !== undefined) await noteMade(ctx, row, { machineId, volumeId }, { fleet, isNews: true });
  await ctx.db.patch(row._id, {
    stop: askedToStop ? { ...stop, askedAt: now } : stop,
    failures: 0,
    stepDeadlineAt: now + againInMs + fleet.stepDeadlineMs,
  });
  await again(ctx, row, againInMs, inline);
  return null;
});

export const recordRetireFailure = asMutation({
  args: {
    ...vIntent,
    code: v.string(),
    message: v.string(),
    retryable: v.boolean(),
    kind: v.optional(v.string()),
    inline: v.boolean(),
  },
  returns: v.null(),
})(async (ctx, { code, message, inline, machine, attempt }) => {
  const row = await currentRow(ctx, { machine, attempt }, "retiring");
  if (!row) return null;
  const now = Date.now();
  const failures = row.failures + 1;
  const waitMs = backoffMs(failures, BACKOFF);
  await ctx.db.patch(row._id, {
    failures,
    problem: { code, message, at: now },
    stepDeadlineAt: now + waitMs + 60_000,
  });
  console.warn(`fleet.retireFailed worker=${row.worker} code=${code} failures=${failures}`);
  await again(ctx, row, waitMs, inline);
  return null;
});

/** With a token that was given for one call only, the next pass by hand goes on; nothing could be scheduled with it. */
async function again(ctx: MutationCtx, row: Doc<"machines">, inMs: number, inline: boolean): Promise<void> {
  if (inline) return;
  await ctx.scheduler.runAfter(inMs, internal.cloud.runRetirement, {
    machine: row._id,
    attempt: row.attempt,
  });
}

/** The provider confirmed it: the machine is gone, and its volume too unless it is kept. `stopped` is final. */
export const recordGone = asMutation({
  args: { ...vIntent, kept: v.union(v.null(), v.object({ id: v.string(), region: v.string() })) },
  returns: v.null(),
})(async (ctx, { kept, ...intent }) => {
  const row = await currentRow(ctx, intent, "retiring");
  if (!row) return null;
  const now = Date.now();
  const { fleet } = (await loadRuntime(ctx)).policies;
  if (kept) await keepVolume(ctx, row, kept, fleet);
  else if (row.volumeId !== undefined) await forgetVolume(ctx, row.volumeId);
  const worker = await findWorker(ctx, row.worker);
  if (worker) await transitionWorker(ctx, worker, "stopped");
  for (const tokenId of row.tokenIds) await revokeToken(ctx, tokenId, "component");
  await ctx.db.patch(row._id, { live: false, step: "stopped", stoppedAt: now, problem: undefined });
  if (row.launchedAt !== undefined) await meterEnded(ctx, row.launchedAt, now);
  // Anything but a plain run may have left a volume behind: a second one of the same name, or one that would not go.
  if (row.attempt > 2 || row.failures > 0) await noteForPass(ctx, { kind: "volumes" });
  await wakeFleet(ctx, now);
  return null;
});
