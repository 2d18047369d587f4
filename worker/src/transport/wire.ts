/** The gateway's answers as the worker expects them: the contract's, but for what is said here. Unknown further fields are dropped. */
import { z } from "zod";
import { errorCodes } from "../../../src/contract/errors.js";
import { claim, renewLease, settle } from "../../../src/contract/queue.js";
import { getWorkerControlState } from "../../../src/contract/workers.js";
import { schemaOf, type Overrides } from "./schemaOf.js";

const count = z.int().nonnegative();
const jobOverrides: Overrides = {
  messageId: z.string().min(1),
  leaseId: z.string().min(1),
  // A hint: without it the worker goes by its own clock.
  leaseMs: z.number().positive().optional().catch(undefined),
  heartbeatIntervalMs: z.number().positive(),
  "hydration.reply.parts": count,
  "hydration.reply.nextPart": count,
  "hydration.reply.ambiguousParts": z.array(count),
};
const inNext = Object.fromEntries(
  Object.entries(jobOverrides).map(([path, schema]) => [`next.${path}`, schema]),
);

export const claimReply = schemaOf(claim.returns, jobOverrides);
export const settleReply = schemaOf(settle.returns, inNext);
export const renewReply = schemaOf(renewLease.returns);
export const controlReply = schemaOf(getWorkerControlState.returns, {
  // Each is checked by itself: one of a kind that this worker does not know must not hide the others.
  probes: z.array(z.unknown()).max(16).optional().catch(undefined),
}) as z.ZodType<Wishes>;

/** What the component wants of a worker besides work. Its probes as they came. */
export type Wishes = Omit<typeof getWorkerControlState.returns.type, "probes"> & {
  probes?: unknown[] | undefined;
};

/** Goes with the answer to a claim that found nothing. One that is not understood is no hint. */
const idleFields = {
  retryAfterMs: z.number().min(0).max(600_000).optional().catch(undefined),
  control: controlReply.optional().catch(undefined),
};

/** A newer server may know a code that this worker does not: it counts as `internal`. */
export const envelope = z.union([
  z.object({ ok: z.literal(true), value: z.unknown(), ...idleFields }),
  z.object({
    ok: z.literal(false),
    error: z.object({ code: z.enum(errorCodes).catch("internal"), message: z.string() }),
  }),
]);
