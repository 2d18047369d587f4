/** The life of a worker row: `active → draining → stopping → stopped`, no step back, nothing after `stopped`. */
import { freeBound } from "./binding.js";
import { leaveSeat } from "./tokens/seats.js";
import { ringWorker } from "./wakeRing.js";
import { factoryError } from "../../contract/errors.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";

type Status = Doc<"workers">["status"];

/** From a status to those it may become. A worker that never served may stop without draining. */
const next: Record<Status, readonly Status[]> = {
  active: ["draining", "stopping"],
  draining: ["stopping"],
  stopping: ["stopped"],
  stopped: [],
};

const mayBecome = (from: Status, to: Status): boolean => next[from].includes(to);

/**
 * Throws `worker_transition_invalid`. Repeating the present status is a no-op. A worker that is stopping serves nobody any
 * more: its conversation is free for others, who restore the newest snapshot.
 */
export async function transitionWorker(ctx: MutationCtx, worker: Doc<"workers">, to: Status): Promise<void> {
  if (worker.status === to) return;
  if (!mayBecome(worker.status, to)) {
    throw factoryError(
      "worker_transition_invalid",
      `Worker '${worker.workerId}' cannot transition from '${worker.status}' to '${to}'.`,
    );
  }
  if (to === "stopping") await freeBound(ctx, worker);
  if (to === "stopped") await leaveSeat(ctx, worker.workerId);
  // It learns of it with the answer to its next claim; a worker that listens would not ask for up to a minute.
  if (worker.status === "active") await ringWorker(ctx, worker);
  await ctx.db.patch(worker._id, { status: to, ...(to === "stopped" ? { stoppedAt: Date.now() } : {}) });
}
