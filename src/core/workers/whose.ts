/**
 * Whose a worker id is. It belongs to the token that its worker claims with, to those that this one was rotated from or into, and
 * to a token that was made for this very id. A token that works no more leaves it to the others of its workspace.
 */
import { factoryError } from "../../contract/errors.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { familyOf, tokenRow, type WorkerGrant } from "./tokens/authorize.js";

export type Caller = Pick<WorkerGrant, "trusted" | "tokenId" | "family" | "workerId" | "workspace">;
type Known = Pick<Doc<"workers">, "workerId" | "tokenId" | "workspace"> | null;

/** Whether the caller may act as this worker. A worker that is not known yet is nobody's. One document, and none where nothing changed. */
export async function isOwnId(ctx: QueryCtx, caller: Caller, worker: Known): Promise<boolean> {
  if (caller.trusted || worker === null || worker.tokenId === caller.tokenId) return true;
  const { workspace } = worker;
  if (caller.workerId === worker.workerId)
    return caller.workspace === null || workspace === undefined || workspace === caller.workspace;
  if (worker.tokenId === undefined) return false;
  const registrant = await tokenRow(ctx, worker.tokenId);
  if (registrant !== null && familyOf(registrant) === caller.family) return true;
  const isOver =
    registrant === null || registrant.revokedAt !== undefined || registrant.expiresAt <= Date.now();
  return isOver && (workspace ?? null) === caller.workspace;
}

/** Throws `worker_id_taken`. */
export async function requireOwnId(ctx: QueryCtx, caller: Caller, worker: Known): Promise<void> {
  if (worker !== null && !(await isOwnId(ctx, caller, worker))) throw idTaken(worker.workerId, caller);
}

export const idTaken = (workerId: string, { tokenId }: Pick<Caller, "tokenId">) =>
  factoryError(
    "worker_id_taken",
    `Worker id '${workerId}' is in use under another token. Choose another id, rotate that token instead of minting one, ` +
      "or mint one for this id (workerId).",
    { tokenId },
  );
