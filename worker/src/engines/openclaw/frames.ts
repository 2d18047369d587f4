import { z } from "zod";

/** A refusal whose words cannot be read is a refusal still: without it the request would be waited for until its time is up. */
const errorShape = z.looseObject({
  code: z.coerce.string().catch("ERROR"),
  message: z.string().catch("no reason given"),
  details: z
    .looseObject({ code: z.string().optional(), reason: z.string().optional() })
    .optional()
    .catch(undefined),
  retryable: z.boolean().optional().catch(undefined),
  retryAfterMs: z.number().nonnegative().optional().catch(undefined),
});
export type GatewayErrorShape = z.output<typeof errorShape>;

const responseFrame = z.looseObject({
  type: z.literal("res"),
  id: z.string(),
  ok: z.boolean(),
  payload: z.unknown().optional(),
  error: errorShape.optional().catch((given) => ({
    code: "ERROR",
    message: typeof given.value === "string" ? given.value : "no reason given",
  })),
});
export type ResponseFrame = z.output<typeof responseFrame>;

const eventFrame = z.looseObject({
  type: z.literal("event"),
  event: z.string(),
  payload: z.unknown().optional(),
});

/** What the gateway sends. New fields are let through: the protocol grows between versions. */
const serverFrameSchema = z.discriminatedUnion("type", [responseFrame, eventFrame]);
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
  summary: z.string().nullish().catch(undefined),
  stopReason: z.string().nullish().catch(undefined),
  result: z
    .looseObject({
      payloads: z
        .array(
          z.looseObject({
            text: z.string().nullish().catch(undefined),
            isError: z.boolean().nullish().catch(undefined),
            mediaUrl: z.string().nullish().catch(undefined),
            mediaUrls: z.array(z.string()).nullish().catch(undefined),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** Payload of the response to `agent.wait`. `terminalReply` exists from protocol 4 on. */
export const waitPayloadSchema = z.looseObject({
  status: z.string(),
  stopReason: z.string().nullish(),
  error: z.unknown().optional(),
  terminalReply: z
    .looseObject({ disposition: z.string(), text: z.string().nullish() })
    .nullish()
    .catch(undefined),
});

const historyRow = z.looseObject({
  role: z.string().catch(""),
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
  /** An odd row is nobody's; the others are read all the same. */
  messages: z.array(historyRow.catch({ role: "", content: "" })),
  sessionInfo: z.looseObject({ hasActiveRun: z.boolean().optional() }).nullish().catch(undefined),
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
