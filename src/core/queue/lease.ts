/**
 * Fencing. The lease id on the wire is `<conversation id>.<lease id>`: both rows are found by id, and a foreign string is
 * simply no lease. A write for a message is allowed only while the conversation names that lease, worker and message.
 */
import { factoryError } from "../../contract/errors.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { requireReach, type WorkerGrant } from "../workers/tokens/authorize.js";
import { canServe } from "../../policy/queue/canServe.js";

export interface LeaseClaim {
  workerId: string;
  messageId: string;
  leaseId: string;
}

export const leaseOnWire = (conversation: Id<"conversations">, lease: Id<"leases">): string =>
  `${conversation}.${lease}`;

export function parseLease(
  ctx: QueryCtx,
  wire: string,
): { conversation: Id<"conversations">; lease: Id<"leases"> } | null {
  const [first, second, rest] = wire.split(".");
  if (first === undefined || second === undefined || rest !== undefined) return null;
  const conversation = ctx.db.normalizeId("conversations", first);
  const lease = ctx.db.normalizeId("leases", second);
  return conversation && lease ? { conversation, lease } : null;
}

/** A message id from outside; throws `invalid_id` with the text that the validator of 1.0.11 had. */
export function messageIdOf(ctx: QueryCtx, id: string): Id<"messageQueue"> {
  const normalized = ctx.db.normalizeId("messageQueue", id);
  if (normalized === null) throw factoryError("invalid_id", 'Expected ID for table "messageQueue"');
  return normalized;
}

export type Hold =
  | { kind: "held"; conversation: Doc<"conversations">; lease: Id<"leases">; message: Id<"messageQueue"> }
  /** Expired, but nobody has claimed again: only a complete is still accepted. */
  | { kind: "late"; conversation: Doc<"conversations">; lease: Id<"leases">; message: Id<"messageQueue"> }
  /** The head has moved on; the lease may have been the one that ended it. */
  | { kind: "gone"; lease: Id<"leases">; message: Id<"messageQueue"> }
  | { kind: "foreign" };

/** What the caller's lease is worth now. One document. Throws `workspace_mismatch`, `lane_not_allowed`: a stolen lease. */
export async function findHold(ctx: QueryCtx, claim: LeaseClaim, grant: WorkerGrant): Promise<Hold> {
  const message = messageIdOf(ctx, claim.messageId);
  const parsed = parseLease(ctx, claim.leaseId);
  const conversation = parsed && (await ctx.db.get(parsed.conversation));
  if (!parsed || !conversation) return { kind: "foreign" };
  const { lease } = parsed;
  requireReach(grant, { workspace: conversation.workspace });
  if (conversation.head !== message || conversation.lease !== lease) return { kind: "gone", lease, message };
  requireReach(grant, conversation);
  if (conversation.state === "held") {
    return conversation.holder === claim.workerId
      ? { kind: "held", conversation, lease, message }
      : { kind: "foreign" };
  }
  return { kind: "late", conversation, lease, message };
}

/**
 * Whether a worker call without a `messageId`+`leaseId` signature (1.0.11) may touch this conversation now: the caller holds it,
 * in its workspace. A token that is bound to no worker must name the lease: anybody could name a worker. The host may always.
 */
export function mayTouch(
  conversation: Doc<"conversations">,
  grant: WorkerGrant,
  caller: { workerId?: string; leaseId?: string },
): boolean {
  if (grant.trusted && caller.workerId === undefined) return true;
  if (!grant.trusted && grant.workerId === null && caller.leaseId === undefined) return false;
  if (!canServe(grant, conversation)) return false;
  if (conversation.state !== "held" || conversation.lease === undefined) return false;
  if (conversation.holder !== (grant.workerId ?? caller.workerId)) return false;
  return caller.leaseId === undefined || caller.leaseId === leaseOnWire(conversation._id, conversation.lease);
}
