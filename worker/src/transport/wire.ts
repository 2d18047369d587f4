/** The gateway's answers as the worker expects them. Unknown further fields are dropped. */
import { z } from "zod";
import { errorCodes } from "../../../src/contract/errors.js";

const metadata = z.record(z.string(), z.string());
const payload = z.object({
  provider: z.string(),
  providerUserId: z.string(),
  messageText: z.string(),
  externalMessageId: z.string().optional(),
  rawUpdateJson: z.string().optional(),
  metadata: metadata.optional(),
});
const role = z.enum(["system", "user", "assistant", "tool"]);
const nullableText = z.string().nullable();

const replyFile = z.object({
  storageId: z.string(),
  kind: z.enum(["photo", "audio", "voice", "document"]),
  fileName: z.string(),
  mimeType: z.string(),
  sizeBytes: z.number(),
  downloadUrl: z.string().optional(),
});
const attachment = z.object({
  status: z.enum(["ready", "failed", "expired"]),
  kind: z.enum(["photo", "video", "audio", "voice", "document"]),
  fileName: z.string().optional(),
  mimeType: z.string().optional(),
  sizeBytes: z.number().optional(),
  storageId: z.string().optional(),
  downloadUrl: z.string().optional(),
  telegramFileId: z.string().optional(),
  error: z.string().optional(),
  expiresAt: z.number().optional(),
});

const hydration = z.object({
  messageId: z.string(),
  conversationId: z.string(),
  agentKey: z.string(),
  payload: payload.extend({ attachments: z.array(attachment).optional() }),
  systemPrompt: z.string().optional(),
  undeliverable: z.string().optional(),
  conversationState: z.object({
    contextHistory: z.array(z.object({ role, content: z.string(), at: z.number() })),
    pendingToolCalls: z.array(
      z.object({
        toolName: z.string(),
        callId: z.string(),
        status: z.enum(["pending", "running", "done", "failed"]),
      }),
    ),
  }),
  channel: z.object({ kind: z.string(), credential: nullableText }).optional(),
  telegramBotToken: nullableText,
  connections: z.array(z.object({ name: z.string(), kind: z.string() })).optional(),
  bridgeRuntimeConfig: z
    .object({
      baseUrl: nullableText,
      appBaseUrlMapJson: nullableText,
      serviceId: nullableText,
      appKey: nullableText,
      serviceKey: nullableText,
      serviceKeySecretRef: nullableText,
    })
    .nullable(),
  reply: z
    .object({
      text: z.string(),
      parts: z.int().nonnegative(),
      nextPart: z.int().nonnegative(),
      ambiguousParts: z.array(z.int().nonnegative()),
      files: z.array(replyFile).optional(),
    })
    .optional(),
});

const jobSchema = z.object({
  messageId: z.string().min(1),
  conversationId: z.string(),
  agentKey: z.string(),
  leaseId: z.string().min(1),
  leaseExpiresAt: z.number(),
  leaseMs: z.number().positive().optional().catch(undefined),
  payload,
  attempt: z.number(),
  maxAttempts: z.number(),
  heartbeatIntervalMs: z.number().positive(),
  hydration: hydration.optional(),
  hydrationError: z.string().optional(),
});

const leaseLost = z.object({ ok: z.literal(false), reason: z.literal("lease_lost") });

export const claimReply = jobSchema.nullable();
export const settleReply = z.union([
  z.object({
    ok: z.literal(true),
    status: z.enum(["held", "done", "queued", "dead_letter"]),
    nextScheduledFor: z.number().nullable(),
    next: jobSchema.nullable(),
  }),
  leaseLost,
]);
export const renewReply = z.union([
  z.object({ ok: z.literal(true), leaseExpiresAt: z.number(), shouldStop: z.boolean() }),
  leaseLost,
]);
const controlFields = {
  shouldStop: z.boolean(),
  release: z.boolean().optional(),
  // Each is checked by itself: one of a kind that this worker does not know must not hide the others.
  probes: z.array(z.unknown()).max(16).optional().catch(undefined),
};
/** Goes with the answer to a claim that found nothing. One that is not understood is no hint. */
const idleFields = {
  retryAfterMs: z.number().min(0).max(600_000).optional().catch(undefined),
  control: z.object(controlFields).optional().catch(undefined),
};
export const controlReply = z.object(controlFields);

/** A newer server may know a code that this worker does not: it counts as `internal`. */
export const envelope = z.union([
  z.object({ ok: z.literal(true), value: z.unknown(), ...idleFields }),
  z.object({
    ok: z.literal(false),
    error: z.object({ code: z.enum(errorCodes).catch("internal"), message: z.string() }),
  }),
]);
