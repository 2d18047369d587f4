/** The sweeps that the cron's looks start. Each is a transaction of its own and does a batch, bounded in rows and bytes. */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { sweepAttachments, sweepFetches } from "../attachments/sweep.js";
import { sealAudit } from "../audit/seal.js";
import { sweepAudit } from "../audit/truncate.js";
import { sweepMachineHours } from "../fleet/machineHours.js";
import { rescueFleet, sweepMachines, sweepVolumes } from "../fleet/sweep.js";
import { sweepPairing } from "../identity/pairingCodes.js";
import { sweepProbes } from "../probes/sweep.js";
import { sweepLateJobs, sweepPushes } from "../pushing/sweep.js";
import { runNet, sweepLeases, sweepMessages, sweepTurns } from "../queue/sweep.js";
import { sweepSecrets } from "../secrets/wipe.js";
import { sweepSnapshots } from "../snapshots/sweep.js";
import { sweepAlbums, sweepParkedUpdates } from "../intake/sweep.js";
import { sweepMeters } from "../workers/deployments/meter.js";
import { sweepReports } from "../workers/deployments/sweep.js";
import { forgetWorkers, noteSilentWorkers } from "../workers/silent.js";
import { sweepWakes } from "../workers/sweepWakes.js";
import { sweepRefusals } from "../workers/tokens/sweep.js";
import { Batch } from "../bounds/batch.js";
import { isDue, looks, type SweepName } from "./looks.js";

/** Each returns how many rows it acted upon: 0 means that another batch would do nothing either. */
const sweeps: Record<SweepName, (ctx: MutationCtx, batch: Batch) => Promise<number>> = {
  queueNet: runNet,
  silentWorkers: noteSilentWorkers,
  fleetPass: rescueFleet,
  lateJobs: sweepLateJobs,
  fetches: sweepFetches,
  probes: sweepProbes,
  sealAudit,
  messages: sweepMessages,
  leases: sweepLeases,
  turns: sweepTurns,
  auditRetention: sweepAudit,
  secrets: sweepSecrets,
  snapshots: sweepSnapshots,
  attachments: sweepAttachments,
  pairing: sweepPairing,
  pushes: sweepPushes,
  parkedUpdates: sweepParkedUpdates,
  albums: sweepAlbums,
  refusals: sweepRefusals,
  wakes: sweepWakes,
  forgottenWorkers: forgetWorkers,
  meters: sweepMeters,
  reports: sweepReports,
  machineHours: sweepMachineHours,
  machines: sweepMachines,
  volumes: sweepVolumes,
};

const vSweepName = v.union(...(Object.keys(looks) as SweepName[]).map((name) => v.literal(name)));

/**
 * One batch. With `until` (epoch ms) it goes on by itself while there is more, up to that time: at once, or after large rows at a
 * pace that leaves others room to write.
 */
export const sweep = asMutation({
  args: { name: vSweepName, until: v.optional(v.number()) },
  returns: v.number(),
})(async (ctx, { name, until }) => {
  const batch = new Batch();
  const done = await sweeps[name](ctx, batch);
  const next = Date.now() + batch.pauseMs;
  const mayGoOn = done > 0 && batch.goesOn && until !== undefined && next < until;
  if (mayGoOn && (await isDue(name, ctx, Date.now())))
    await ctx.scheduler.runAt(next, internal.upkeep.sweep, { name, until });
  return done;
});
