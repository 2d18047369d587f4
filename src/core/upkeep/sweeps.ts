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
import { sweepPairing } from "../identity/expirePairing.js";
import { sweepProbes } from "../probes/sweep.js";
import { sweepLateJobs, sweepPushes } from "../pushing/sweep.js";
import { runNet, sweepQueue } from "../queue/sweep.js";
import { sweepSecrets } from "../secrets/sweep.js";
import { sweepSnapshots } from "../snapshots/sweep.js";
import { sweepAlbums } from "../telegram/albums.js";
import { sweepParkedUpdates } from "../telegram/parked.js";
import { sweepMeters } from "../workers/deployments/meter.js";
import { sweepReports } from "../workers/deployments/hello.js";
import { forgetWorkers, noteSilentWorkers } from "../workers/silent.js";
import { sweepWakes } from "../workers/sweepWakes.js";
import { sweepRefusals } from "../workers/tokens/refusals.js";
import { isDue, looks, type SweepName } from "./looks.js";

/** Each returns how many rows it acted upon: 0 means that another batch would do nothing either. */
const sweeps: Record<SweepName, (ctx: MutationCtx) => Promise<number>> = {
  queueNet: async (ctx) => Object.values(await runNet(ctx)).reduce((sum, count) => sum + count, 0),
  silentWorkers: noteSilentWorkers,
  fleetPass: rescueFleet,
  lateJobs: sweepLateJobs,
  fetches: sweepFetches,
  probes: sweepProbes,
  sealAudit,
  queueRetention: sweepQueue,
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

/** These see to their own continuation: a pass and a sealing step go on by themselves. */
const ONCE: readonly SweepName[] = ["fleetPass", "sealAudit"];

/** One batch. With `until` (epoch ms) it goes on by itself while there is more, batch by batch, up to that time. */
export const sweep = asMutation({
  args: { name: vSweepName, until: v.optional(v.number()) },
  returns: v.number(),
})(async (ctx, { name, until }) => {
  const done = await sweeps[name](ctx);
  const mayGoOn = done > 0 && !ONCE.includes(name) && until !== undefined && Date.now() < until;
  if (mayGoOn && (await isDue(name, ctx, Date.now())))
    await ctx.scheduler.runAfter(0, internal.upkeep.sweep, { name, until });
  return done;
});
