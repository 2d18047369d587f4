/**
 * Carries one retirement out: cordon, stop, destroy, and the volume when it holds nothing that is not saved. One provider order
 * per state: the action looks, orders what that state needs (`policy/fleet/life.ts`), and comes back until the provider confirms that the
 * machine is gone. Repeating it at any point is harmless.
 */
import { factoryError } from "../../contract/errors.js";
import { retirementOrder } from "../../policy/fleet/life.js";
import { internal } from "../../component/_generated/api.js";
import type { ActionCtx } from "../../component/_generated/server.js";
import { isGone, isVolumeGone, type MachineProvider, type ObservedMachine } from "../providers/provider.js";
import { stopTimeoutMs } from "../providers/registry.js";
import type { Retirement } from "./carryOut.js";
import { deploymentTag, providerFor, type Inline } from "./credentials.js";
import { deleteVolume } from "./deleteVolume.js";
import { DEPLOYMENT_TAG, WORKER_TAG } from "./listing.js";
import type { Intent } from "./reports.js";

const MAX_VOLUME_FAILURES = 3;

/** Throws what the provider throws. */
export async function retireMachine(
  ctx: ActionCtx,
  intent: Intent,
  known: Retirement,
  inline: Inline,
): Promise<void> {
  const provider = await providerFor(ctx, known.config, inline, { appName: known.appName });
  const machine = await findMachine(ctx, provider, known);
  let isOver = isGone(machine);
  let askedToStop = false;
  // What it mounts is known from itself while it is there; whether that is saved is asked again once it is written down.
  const [mounted] = isGone(machine) ? [] : machine.volumeIds;
  const learned = mounted !== undefined && mounted !== known.volumeId;
  if (!isGone(machine) && !learned) {
    const timeoutMs = stopTimeoutMs(known.config, known.stopTimeoutMs);
    const order = retirementOrder(machine.state, { ...known, stopTimeoutMs: timeoutMs }, Date.now());
    if (order === "stop") {
      askedToStop = true;
      await provider.cordon(machine.id);
      await provider.stop(machine.id, { timeoutMs });
    }
    if (order === "destroy") {
      await provider.destroy(machine.id);
      isOver = isGone(await provider.getMachine(machine.id));
    }
  }
  if (!isOver) {
    await ctx.runMutation(internal.fleet.recordLook, {
      ...intent,
      askedToStop,
      learned,
      machineId: machine?.id,
      volumeId: mounted,
      inline: inline.token !== undefined,
    });
    return;
  }
  const kept = known.volumeId === null ? null : await endVolume(ctx, provider, known.volumeId, known);
  await ctx.runMutation(internal.fleet.recordGone, { ...intent, kept });
}

/** Deletes a volume with nothing unsaved on it; else returns it, to be kept. That it cannot be found now is no proof that it is gone. */
async function endVolume(
  ctx: ActionCtx,
  provider: MachineProvider,
  volumeId: string,
  { worker, region, failures }: Retirement,
): Promise<{ id: string; region: string } | null> {
  try {
    const kept = await deleteVolume(ctx, provider, { volumeId, reason: "saved", of: worker });
    // Another machine has it by now: that one's end decides.
    if (kept !== "unsaved") return null;
  } catch (error) {
    // One that will not go holds up no machine: the collector of orphans goes on trying.
    if (failures < MAX_VOLUME_FAILURES) throw error;
    return null;
  }
  const volume = await provider.getVolume(volumeId);
  const isDeleted = volume !== null && isVolumeGone(volume);
  return isDeleted ? null : { id: volumeId, region: volume?.region ?? region ?? "unknown" };
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
