/** Which conversation a caller may save, restore or give up: the one its worker is bound to. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { parseLease } from "../queue/lease.js";
import { findWorker } from "../workers/register.js";
import type { WorkerGrant } from "../workers/tokens/authorize.js";

export type Binding = NonNullable<Doc<"workers">["binding"]>;

/**
 * The binding of the calling worker, or null. A token bound to no worker proves that it speaks for `workerId` by a lease
 * which that worker had of the bound conversation; leases are remembered for a day after their end. At most 3 documents.
 */
export async function bindingOf(
  ctx: QueryCtx,
  grant: WorkerGrant,
  caller: { workerId?: string; leaseId?: string },
): Promise<Binding | null> {
  const workerId = grant.workerId ?? caller.workerId;
  const worker = workerId === undefined ? null : await findWorker(ctx, workerId);
  const binding = worker?.binding;
  if (!worker || !binding) return null;
  if (grant.workspace !== null && grant.workspace !== binding.workspace) return null;
  if (grant.trusted || grant.workerId !== null) return binding;
  const proof = caller.leaseId === undefined ? null : parseLease(ctx, caller.leaseId);
  const lease = proof && (await ctx.db.get(proof.lease));
  const proven = lease?.worker === worker.workerId && lease.conversation === binding.conversation;
  return proven ? binding : null;
}
