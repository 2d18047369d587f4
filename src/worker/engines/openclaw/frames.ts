import { z } from "zod";

const errorShape = z.looseObject({
  code: z.string(),
  message: z.string(),
  details: z
    .looseObject({ code: z.string().optional(), reason: z.string().optional() })
    .optional()
    .catch(undefined),
  retryable: z.boolean().optional(),
  retryAfterMs: z.number().nonnegative().optional(),
});
export type GatewayErrorShape = z.output<typeof errorShape>;

const responseFrame = z.looseObject({
  type: z.literal("res"),
  id: z.string(),
  ok: z.boolean(),
  payload: z.unknown().optional(),
  error: errorShape.optional(),
});
export type ResponseFrame = z.output<typeof responseFrame>;

const eventFrame = z.looseObject({
  type: z.literal("event"),
  event: z.string(),
  payload: z.unknown().optional(),
});

/** What the gateway sends. New fields are let through: the protocol grows between versions. */
export const serverFrameSchema = z.discriminatedUnion("type", [responseFrame, eventFrame]);
export type ServerFrame = z.output<typeof serverFrameSchema>;

/** The part of `hello-ok` that matters here. Protocol 3 gateways may not tell a boot id. */
export const helloSchema = z.looseObject({
  type: z.literal("hello-ok"),
  protocol: z.number(),
  server: z.looseObject({ bootId: z.string().optional(), version: z.string().optional() }).optional(),
  policy: z.looseObject({ tickIntervalMs: z.number().positive() }),
});
export type Hello = z.output<typeof helloSchema>;

/** Payload of the responses to `agent`. `status` says more than `ok` does. */
export const agentPayloadSchema = z.looseObject({
  status: z.string(),
  summary: z.string().optional(),
  stopReason: z.string().optional(),
  result: z
    .looseObject({
      payloads: z
        .array(
          z.looseObject({
            text: z.string().nullish(),
            isError: z.boolean().nullish(),
            mediaUrl: z.string().nullish(),
            mediaUrls: z.array(z.string()).nullish(),
          }),
        )
        .default([]),
    })
    .optional(),
});
export type AgentPayload = z.output<typeof agentPayloadSchema>;

/** Payload of the response to `agent.wait`. `terminalReply` exists from protocol 4 on. */
export const waitPayloadSchema = z.looseObject({
  status: z.string(),
  stopReason: z.string().nullish(),
  error: z.unknown().optional(),
  terminalReply: z.looseObject({ disposition: z.string(), text: z.string().nullish() }).nullish(),
});
export type WaitPayload = z.output<typeof waitPayloadSchema>;

const historyRow = z.looseObject({
  role: z.string(),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))])
    .catch(""),
  idempotencyKey: z.string().optional().catch(undefined),
  /** `kind: "internal_system"`: the gateway wrote this user row itself, e.g. when it resumes a turn after a crash. */
  provenance: z.looseObject({ kind: z.string().optional() }).optional().catch(undefined),
  stopReason: z.string().nullish().catch(undefined),
});
export type HistoryRow = z.output<typeof historyRow>;

/** Payload of the response to `chat.history`, oldest row first. */
export const historyPayloadSchema = z.looseObject({
  messages: z.array(historyRow),
  sessionInfo: z.looseObject({ hasActiveRun: z.boolean().optional() }).nullish(),
});
export type HistoryPayload = z.output<typeof historyPayloadSchema>;

/** A frame from the wire, or null when it is not one of ours to understand. */
export function parseServerFrame(text: string): ServerFrame | null {
  try {
    const parsed = serverFrameSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
