/**
 * The one cron of the component: once a minute, every sweep that may have something due. Each runs in a transaction of its
 * own, so that one that fails holds up no other; each looks at one index range and does a bounded batch.
 */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { sweepAttachments } from "../attachments/sweep.js";
import { sealAudit } from "../audit/seal.js";
import { sweepAudit } from "../audit/truncate.js";
import { sweepFleet } from "../fleet/sweep.js";
import { sweepPairing } from "../identity/expirePairing.js";
import { sweepProbes } from "../probes/sweep.js";
import { sweepPushes } from "../pushing/sweep.js";
import { runNet, sweepQueue } from "../queue/sweep.js";
import { sweepSecrets } from "../secrets/wipe.js";
import { sweepSnapshots } from "../snapshots/sweep.js";
import { sweepAlbums } from "../telegram/albums.js";
import { sweepParkedUpdates } from "../telegram/parked.js";
import { sweepMeters } from "../workers/deployments/meter.js";
import { sweepReports } from "../workers/deployments/hello.js";
import { removeSilentWorkers } from "../workers/silent.js";
import { sweepWakes } from "../workers/wakeRing.js";
import { sweepRefusals } from "../workers/tokens/refusals.js";

/** In the order in which they run: what unblocks messages first. */
const sweeps: Record<string, (ctx: MutationCtx) => Promise<number>> = {
  queueNet: async (ctx) => Object.values(await runNet(ctx)).reduce((sum, count) => sum + count, 0),
  silentWorkers: removeSilentWorkers,
  fleet: sweepFleet,
  pushes: sweepPushes,
  pairing: sweepPairing,
  queueRetention: sweepQueue,
  snapshots: sweepSnapshots,
  parkedUpdates: sweepParkedUpdates,
  albums: sweepAlbums,
  attachments: sweepAttachments,
  secrets: sweepSecrets,
  probes: sweepProbes,
  refusals: sweepRefusals,
  wakes: sweepWakes,
  deployments: async (ctx) => (await sweepMeters(ctx)) + (await sweepReports(ctx)),
  sealAudit,
  auditRetention: sweepAudit,
};

export const tick = asMutation({ args: {}, returns: v.null() })(async (ctx) => {
  for (const name of Object.keys(sweeps)) {
    try {
      await ctx.runMutation(internal.upkeep.sweep, { name });
    } catch (error) {
      console.error(`upkeep.sweepFailed sweep=${name}`, error);
    }
  }
  return null;
});

export const sweep = asMutation({ args: { name: v.string() }, returns: v.number() })(
  async (ctx, { name }) => (await sweeps[name]?.(ctx)) ?? 0,
);
