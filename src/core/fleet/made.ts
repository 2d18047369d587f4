/**
 * What is learned of a row's machine at the provider, whoever learns it first: the launch that made it, a later attempt that found it,
 * a listing, a retirement. The volume is the one that the machine mounts, whatever was planned for it.
 */
import type { Policies } from "../../contract/policies.js";
import { stepAfter, stepDeadline } from "../../policy/fleet/life.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { releaseVolume, takeVolume } from "./quarantine.js";
import { noteForPass, wakeFleet } from "../signals/fleet.js";

export interface Made {
  machineId: string;
  region?: string | undefined;
  /** Absent: not known, or it has none. */
  volumeId?: string | undefined;
}

/** `isNews` false: whoever says so began before others did, so what is known stays and only what is not is filled in. */
export async function noteMade(
  ctx: MutationCtx,
  row: Doc<"machines">,
  made: Made,
  { fleet, isNews }: { fleet: Policies["fleet"]; isNews: boolean },
): Promise<void> {
  const now = Date.now();
  if (row.step === "stopped") {
    // Nobody's any more: the listings that the next passes make find it.
    await noteForPass(ctx, { kind: "list" });
    await wakeFleet(ctx, now);
    return;
  }
  if (row.machineId !== undefined && row.machineId !== made.machineId && !isNews) return;
  const step = stepAfter(row.step, "made");
  await ctx.db.patch(row._id, {
    machineId: made.machineId,
    launchedAt: row.launchedAt ?? now,
    ...(made.region === undefined ? {} : { region: made.region }),
    ...(step === null
      ? {}
      : { step, failures: 0, problem: undefined, stepDeadlineAt: stepDeadline(step, fleet, now) }),
  });
  if (made.volumeId !== undefined) await noteMount(ctx, row, made.volumeId);
}

/** Another attempt's volume may be the one that was mounted; the one that was planned is free again, or nobody's. */
async function noteMount(ctx: MutationCtx, row: Doc<"machines">, volumeId: string): Promise<void> {
  if (row.volumeId === volumeId) return;
  if (row.volumeId !== undefined) {
    await releaseVolume(ctx, row.volumeId, row.worker);
    await noteForPass(ctx, { kind: "volumes" });
  }
  await takeVolume(ctx, volumeId, row.worker);
  await ctx.db.patch(row._id, { volumeId });
}
