/** What a caller may save, restore or give up: the conversation its worker is bound to, and its own rows. */
import { findGiven } from "../bounds/texts.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { parseLease } from "../queue/lease.js";
import { findWorker } from "../workers/register.js";
import type { WorkerGrant } from "../workers/tokens/authorize.js";
import { isOwnId } from "../workers/whose.js";

export type Binding = NonNullable<Doc<"workers">["binding"]>;

/**
 * The binding of the calling worker, or null. A token that the worker id does not belong to has none. One that is bound to no
 * worker proves besides that it speaks for this one of its workers by a lease which that had of the bound conversation; of leases
 * that ended more than a day ago nothing but the id is left, which names the conversation. At most 4 documents.
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
  if (!(await isOwnId(ctx, grant, worker))) return null;
  if (grant.trusted || grant.workerId !== null) return binding;
  const proof = caller.leaseId === undefined ? null : parseLease(ctx, caller.leaseId);
  const lease = proof && (await ctx.db.get(proof.lease));
  const proven = proof?.conversation === binding.conversation && (!lease || isOf(lease, worker, binding));
  return proven ? binding : null;
}

const isOf = (lease: Doc<"leases">, { workerId }: Doc<"workers">, { conversation }: Binding): boolean =>
  lease.worker === workerId && lease.conversation === conversation;

/** Null for an unknown id, another worker's row, one outside the token's workspace, or a worker id of another token. */
export async function findOwnSnapshot(
  ctx: QueryCtx,
  grant: WorkerGrant,
  args: { workerId: string; snapshotId: string },
): Promise<Doc<"dataSnapshots"> | null> {
  const row = await findGiven(ctx, "dataSnapshots", args.snapshotId);
  if (row?.workerId !== args.workerId) return null;
  if (grant.workspace !== null && grant.workspace !== row.workspaceId) return null;
  return (await isOwnId(ctx, grant, await findWorker(ctx, args.workerId))) ? row : null;
}
