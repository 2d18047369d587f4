/** Extends a lease. Writes the lease row and nothing else, so a heartbeat conflicts only with its own lease's end. */
import * as contract from "../../contract/queue.js";
import { asMutation } from "../functions.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findWorker } from "../workers/register.js";
import { authorizeWorker, requireReach, type WorkerGrant } from "../workers/tokens/authorize.js";
import { messageIdOf, parseLease, type LeaseClaim } from "./lease.js";

export const heartbeat = asMutation(contract.heartbeat)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  return (await renew(ctx, args, grant)) !== null;
});

export const renewLease = asMutation(contract.renewLease)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const leaseExpiresAt = await renew(ctx, args, grant);
  if (leaseExpiresAt === null) return { ok: false as const, reason: "lease_lost" as const };
  const worker = await findWorker(ctx, args.workerId);
  return { ok: true as const, leaseExpiresAt, shouldStop: worker !== null && worker.status !== "active" };
});

/** The new expiry, or null. A lease past its time but not yet reaped may still be renewed: nobody else has it. */
async function renew(ctx: MutationCtx, claim: LeaseClaim, grant: WorkerGrant): Promise<number | null> {
  const message = messageIdOf(ctx, claim.messageId);
  const lease = await findLease(ctx, claim);
  if (lease?.state !== "live" || lease.worker !== claim.workerId || lease.message !== message) return null;
  requireReach(grant, lease);
  const seenAt = Date.now();
  const expiresAt = seenAt + lease.leaseMs;
  await ctx.db.patch(lease._id, { expiresAt, seenAt });
  return expiresAt;
}

async function findLease(ctx: QueryCtx, claim: LeaseClaim): Promise<Doc<"leases"> | null> {
  const parsed = parseLease(ctx, claim.leaseId);
  return parsed && (await ctx.db.get(parsed.lease));
}
