/**
 * The limit of worker ids per token. It counts the registered workers that came with the token (`seats.ts`), only when a worker
 * registers, comes back after a silence or comes with another token than last time: claims of known workers read nothing of it, so
 * they never conflict. A worker counts until it stopped or was found silent (`policies.lease.staleAfterMs` plus one sweep).
 */
import { factoryError } from "../../../contract/errors.js";
import type { Doc } from "../../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { noteTokenUse } from "./noteUse.js";
import { leaveSeat, takeSeat } from "./seats.js";

export interface Admission {
  tokenId: string | null;
  maxWorkers: number | null;
}

/** Throws `worker_limit_reached`. Returns the fields of a worker's row that change because of the token; none for the host. */
export async function admitWorker(
  ctx: MutationCtx,
  worker: Pick<Doc<"workers">, "tokenId" | "silentSince"> | null,
  { tokenId, maxWorkers }: Admission,
  scope: { workerId: string; lanes: string[]; workspace: string | null },
): Promise<{ tokenId?: string; lanes?: string[]; workspace?: string | undefined }> {
  if (tokenId === null || (worker?.tokenId === tokenId && worker.silentSince === undefined)) return {};
  if (worker?.tokenId !== undefined) await leaveSeat(ctx, scope.workerId);
  if (maxWorkers !== null) {
    if (!(await takeSeat(ctx, tokenId, scope.workerId, maxWorkers))) {
      throw factoryError(
        "worker_limit_reached",
        `The worker token already serves ${maxWorkers} workers. Stop one, or mint a token with a higher maxWorkers.`,
        { tokenId, maxWorkers },
      );
    }
  }
  await noteTokenUse(ctx, tokenId, Date.now());
  return { tokenId, lanes: scope.lanes, workspace: scope.workspace ?? undefined };
}
