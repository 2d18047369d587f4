/**
 * A worker comes: for the first time, after a silence, with another token, as another process, or with another kind of
 * engine. What is usual does not come here, so that a claim loads none of it.
 */
import { v, type Infer } from "convex/values";
import { errorDataOf, factoryError } from "../../contract/errors.js";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { timeText } from "../../policy/ops/words.js";
import { loadRuntime } from "../config/runtime.js";
import { unbindWorker } from "./binding.js";
import { startMeter } from "./deployments/startMeter.js";
import { lastSignOfLife } from "./reads.js";
import { findBeat, findWorker, noteIdlePoll } from "./register.js";
import { admitWorker } from "./tokens/admit.js";
import { idTaken, isOwnId, type Caller } from "./whose.js";

const vNullable = v.union(v.string(), v.null());
const vComing = v.object({
  workerId: v.string(),
  workspace: vNullable,
  lanes: v.array(v.string()),
  stateful: v.boolean(),
  listens: v.boolean(),
  instance: v.optional(v.string()),
  grant: v.object({
    trusted: v.boolean(),
    tokenId: vNullable,
    family: vNullable,
    workerId: vNullable,
    workspace: vNullable,
    maxWorkers: v.union(v.number(), v.null()),
  }),
});
type Coming = Infer<typeof vComing>;
const vRefusal = v.object({
  code: v.union(v.literal("worker_id_taken"), v.literal("worker_id_in_use")),
  message: v.string(),
  tokenId: vNullable,
});

type Worker = Doc<"workers">;
/** A process id is a UUID, or what an integrator takes for one. */
const MAX_INSTANCE_CHARS = 128;
/** As in a token: looks and sweeps read the rows of hundreds of workers at once. */
const MAX_ID_CHARS = 200;

/** Registers the worker, or takes note of what is new. Why it may not come, or null; throws `worker_limit_reached`. */
export const meet = asMutation({ args: vComing.fields, returns: v.union(v.null(), vRefusal) })(async (
  ctx,
  coming,
) => {
  const { lease } = (await loadRuntime(ctx)).policies;
  const worker = await findWorker(ctx, coming.workerId);
  const refusal = await whyNot(ctx, worker, coming, lease.staleAfterMs);
  if (refusal) return errorDataOf(refusal) as Infer<typeof vRefusal> | null;
  if (worker && worker.status !== "active") return null;
  const { grant, stateful, listens, instance } = coming;
  const admitted = await admitWorker(ctx, worker, grant, coming);
  if (admitted.tokenId !== undefined) await startMeter(ctx, coming.workerId, admitted.tokenId);
  if (worker === null) {
    await ctx.db.insert("workers", {
      workerId: coming.workerId,
      provider: "external",
      status: "active",
      lanes: coming.lanes,
      workspace: coming.workspace ?? undefined,
      registeredAt: Date.now(),
      ...(stateful ? { stateful } : {}),
      ...(listens ? { listens } : {}),
      instance,
      tokenId: admitted.tokenId,
    });
  } else {
    if (worker.binding && !keepsItsDisk(worker, coming)) await unbindWorker(ctx, worker);
    await ctx.db.patch(worker._id, { stateful, listens, instance, silentSince: undefined, ...admitted });
  }
  // Whoever is always given work never polls idly, and may die with a conversation that is bound to it and no lease that expires.
  await noteIdlePoll(ctx, coming.workerId, lease.staleAfterMs, grant.tokenId ?? undefined);
  return null;
});

/** Another process has another disk, one without memory none, and what is another workspace's it may neither serve nor save. */
const keepsItsDisk = ({ instance, binding }: Worker, coming: Coming): boolean =>
  coming.stateful &&
  (instance === undefined || coming.instance === undefined || instance === coming.instance) &&
  (coming.grant.workspace === null || coming.grant.workspace === binding?.workspace);

/** Why the caller may not act as this worker now: the error to throw, or null. Three documents, and none where nothing is new. */
export async function whyNot(
  ctx: MutationCtx,
  worker: Worker | null,
  { instance, grant, workerId }: { instance?: string; grant: Caller; workerId: string },
  staleAfterMs: number,
): Promise<ReturnType<typeof factoryError> | null> {
  if (workerId.trim() === "" || workerId.length > MAX_ID_CHARS)
    throw factoryError("invalid_argument", `workerId must have 1 to ${MAX_ID_CHARS} characters.`, {
      argument: "workerId",
    });
  if (instance !== undefined && (instance === "" || instance.length > MAX_INSTANCE_CHARS))
    throw factoryError("invalid_argument", `instance must have 1 to ${MAX_INSTANCE_CHARS} characters.`, {
      argument: "instance",
    });
  if (!worker) return null;
  if (!(await isOwnId(ctx, grant, worker))) return idTaken(workerId, grant);
  // A process that does not name itself cannot be told apart from another one.
  if (worker.instance === undefined || worker.instance === instance) return null;
  const aliveUntil = await aliveUntilOf(ctx, workerId, staleAfterMs);
  return aliveUntil > Date.now() ? idInUse(workerId, aliveUntil, grant.tokenId) : null;
}

/** Until when the worker's last sign of life counts. */
async function aliveUntilOf(ctx: MutationCtx, workerId: string, staleAfterMs: number): Promise<number> {
  const { load, seenAt } = await lastSignOfLife(ctx, workerId);
  const beat = await findBeat(ctx, workerId);
  return load > 0 ? Infinity : Math.max(seenAt + staleAfterMs, beat?.aliveUntil ?? 0);
}

const idInUse = (workerId: string, aliveUntil: number, tokenId: string | null) => {
  const until = Number.isFinite(aliveUntil) ? ` (it counts as alive until ${timeText(aliveUntil)})` : "";
  return factoryError(
    "worker_id_in_use",
    `Another process uses worker id '${workerId}'${until}. Stop it, or give this one a WORKER_ID of its own.`,
    { tokenId },
  );
};
