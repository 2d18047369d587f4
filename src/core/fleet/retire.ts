/**
 * Carries one retirement out: cordon, stop, destroy, and the volume when it holds nothing that is not saved. One provider order
 * per state: the action looks, orders what that state needs, and comes back until the provider confirms that the machine
 * is gone. Repeating it at any point is harmless.
 */
import { asAction, asQuery } from "../functions.js";
import { v } from "convex/values";
import { factoryError } from "../../contract/errors.js";
import { vProviderConfig } from "../../contract/queue.js";
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { loadProviderConfig } from "../config/provider.js";
import { loadRuntime } from "../config/runtime.js";
import { isGone, isVolumeGone, type MachineProvider, type ObservedMachine } from "../providers/provider.js";
import { deploymentTag, providerFor, type Inline } from "./credentials.js";
import { failureOf } from "./launch.js";
import { DEPLOYMENT_TAG, WORKER_TAG } from "./listing.js";
import { isMachineSaved } from "./quarantine.js";
import { vIntent } from "./reports.js";

const MAX_VOLUME_FAILURES = 3;
type Intent = { machine: Id<"machines">; attempt: number };

export const run = asAction({ args: vIntent, returns: v.null() })(async (ctx, intent) => {
  await retireMachine(ctx, intent, {});
  return null;
});

const vRetirement = v.object({
  config: vProviderConfig,
  worker: v.string(),
  machineId: v.union(v.string(), v.null()),
  region: v.union(v.string(), v.null()),
  volumeId: v.union(v.string(), v.null()),
  /** Everything that its volume holds is in a snapshot, or it holds nothing. */
  saved: v.boolean(),
  /** When the machine was told to stop. */
  askedAt: v.union(v.number(), v.null()),
  stopTimeoutMs: v.number(),
  failures: v.number(),
});

export const inputs = asQuery({ args: vIntent, returns: v.union(v.null(), vRetirement) })(async (
  ctx,
  { machine, attempt },
) => {
  const row = await ctx.db.get(machine);
  const config = await loadProviderConfig(ctx);
  if (row?.step !== "retiring" || row.attempt !== attempt || !config) return null;
  const { fleet } = (await loadRuntime(ctx)).policies;
  return {
    // The machine lives in the app it was made in, whatever the configuration says by now.
    config: { ...config, appName: row.appName },
    worker: row.worker,
    machineId: row.machineId ?? null,
    region: row.region ?? null,
    volumeId: row.volumeId ?? null,
    saved: row.volumeId === undefined || (await isMachineSaved(ctx, row, row.volumeId)),
    askedAt: row.stop?.askedAt ?? null,
    stopTimeoutMs: fleet.stopTimeoutMs,
    failures: row.failures,
  };
});

/** A look now, and the one that is due in `againInMs`; null: the provider confirmed that everything is gone. */
type Progress = { againInMs: number; askedToStop?: boolean } | "done";

const LOOK_AGAIN_MS = 2_000;
const NOTED: Progress = { againInMs: 0 };

export async function retireMachine(ctx: ActionCtx, intent: Intent, inline: Inline): Promise<void> {
  const known = await ctx.runQuery(internal.fleet.retireInputs, intent);
  if (!known) return;
  try {
    const provider = await providerFor(ctx, known.config, inline);
    const machine = await findMachine(ctx, provider, known);
    const gone = isGone(machine);
    // What it mounts is known from itself while it is there; whether that is saved is asked again once it is written down.
    const [mounted] = gone ? [] : machine.volumeIds;
    const news = mounted !== undefined && mounted !== known.volumeId;
    const progress = gone ? "done" : news ? NOTED : await orderNext(provider, machine, known);
    if (progress !== "done") {
      await ctx.runMutation(internal.fleet.recordRetireProgress, {
        ...intent,
        againInMs: progress.againInMs,
        askedToStop: progress.askedToStop ?? false,
        machineId: machine?.id,
        volumeId: mounted,
        inline: inline.flyApiToken !== undefined,
      });
      return;
    }
    await ctx.runMutation(internal.fleet.recordGone, {
      ...intent,
      kept: known.volumeId === null ? null : await endVolume(provider, known.volumeId, known),
    });
  } catch (error) {
    await ctx.runMutation(internal.fleet.recordRetireFailure, {
      ...intent,
      ...failureOf(error),
      inline: inline.flyApiToken !== undefined,
    });
  }
}

/** Deletes a volume with nothing unsaved on it; else returns it, to be kept. That it cannot be found now is no proof that it is gone. */
async function endVolume(
  provider: MachineProvider,
  volumeId: string,
  { saved, region, failures }: { saved: boolean; region: string | null; failures: number },
): Promise<{ id: string; region: string } | null> {
  if (!saved) {
    const volume = await provider.getVolume(volumeId);
    const isDeleted = volume !== null && isVolumeGone(volume);
    return isDeleted ? null : { id: volumeId, region: volume?.region ?? region ?? "unknown" };
  }
  try {
    await provider.deleteVolume(volumeId);
  } catch (error) {
    // One that will not go holds up no machine: the collector of orphans goes on trying.
    if (failures < MAX_VOLUME_FAILURES) throw error;
  }
  return null;
}

/** By id; without one by name, because the launch may have died before it could record what it made. */
async function findMachine(
  ctx: ActionCtx,
  provider: MachineProvider,
  known: { machineId: string | null; worker: string },
): Promise<ObservedMachine | null> {
  if (known.machineId !== null) return await provider.getMachine(known.machineId);
  const tag = await deploymentTag(ctx);
  const { machines, complete } = await provider.listMachines();
  const found = machines.find(
    ({ name, metadata }) =>
      name === known.worker && metadata?.[DEPLOYMENT_TAG] === tag && metadata[WORKER_TAG] === known.worker,
  );
  if (found) return found;
  if (!complete)
    throw factoryError("provider_failed", "The provider's list of machines was incomplete.", {
      retryable: true,
    });
  return null;
}

async function orderNext(
  provider: MachineProvider,
  machine: ObservedMachine,
  { askedAt, saved, stopTimeoutMs }: { askedAt: number | null; saved: boolean; stopTimeoutMs: number },
): Promise<Progress> {
  const running = machine.state === "running" || machine.state === "booting";
  if (running && askedAt === null) {
    await provider.cordon(machine.id);
    await provider.stop(machine.id, { timeoutMs: stopTimeoutMs });
    return { againInMs: LOOK_AGAIN_MS, askedToStop: true };
  }
  // A worker that has nothing left to save is not waited for.
  const patienceMs = saved ? LOOK_AGAIN_MS * 2 : stopTimeoutMs;
  const waiting = askedAt !== null && Date.now() < askedAt + patienceMs;
  if ((running || machine.state === "stopping") && waiting) return { againInMs: LOOK_AGAIN_MS };
  await provider.destroy(machine.id);
  const after = await provider.getMachine(machine.id);
  return isGone(after) ? "done" : { againInMs: LOOK_AGAIN_MS };
}
