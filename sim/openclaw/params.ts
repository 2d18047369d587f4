import { z } from "zod";

/** A request as any client sends it; params are checked per method. */
export const requestFrameSchema = z.strictObject({
  type: z.literal("req"),
  id: z.string().min(1),
  method: z.string().min(1),
  params: z.unknown().optional(),
});
export type RequestFrame = z.output<typeof requestFrameSchema>;

/** Params of `connect`. Client ids and modes are closed lists in the real gateway; these are the documented ones. */
export const connectParamsSchema = z.strictObject({
  minProtocol: z.number().int().min(1),
  maxProtocol: z.number().int().min(1),
  client: z.strictObject({
    id: z.enum(["gateway-client", "cli", "test", "webchat"]),
    displayName: z.string().optional(),
    version: z.string().min(1),
    platform: z.string().min(1),
    deviceFamily: z.string().optional(),
    mode: z.enum(["backend", "cli", "ui", "node", "test", "webchat"]),
    instanceId: z.string().optional(),
  }),
  role: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  caps: z.array(z.string()).optional(),
  auth: z.strictObject({ token: z.string().optional(), password: z.string().optional() }).optional(),
  locale: z.string().optional(),
  userAgent: z.string().optional(),
});

/** Params of `agent`. `timeout` is in seconds. */
export const agentParamsSchema = z.strictObject({
  message: z.string().min(1),
  idempotencyKey: z.string().min(1),
  sessionKey: z.string().optional(),
  agentId: z.string().optional(),
  timeout: z.number().int().nonnegative().optional(),
  extraSystemPrompt: z.string().optional(),
  model: z.string().optional(),
  provider: z.string().optional(),
  thinking: z.string().optional(),
  deliver: z.boolean().optional(),
  attachments: z.array(z.unknown()).optional(),
  lane: z.string().optional(),
  label: z.string().optional(),
  promptMode: z.enum(["full", "minimal"]).optional(),
  bootstrapContextMode: z.enum(["full", "lightweight"]).optional(),
  modelRun: z.boolean().optional(),
});
export type AgentParams = z.output<typeof agentParamsSchema>;

export const agentWaitParamsSchema = z.strictObject({
  runId: z.string().min(1),
  timeoutMs: z.number().int().nonnegative().default(30_000),
});

export const chatAbortParamsSchema = z.strictObject({
  sessionKey: z.string().min(1),
  runId: z.string().min(1).optional(),
});

export const chatHistoryParamsSchema = z.strictObject({
  sessionKey: z.string().min(1),
  limit: z.number().int().min(1).max(1000).default(200),
});

/** The gateway's wording for a schema violation: the path first, then what is wrong with it. */
export function describeViolation(method: string, error: z.ZodError): string {
  const places = error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") {
      return `at root: unexpected property '${issue.keys.join("', '")}'`;
    }
    return `at /${issue.path.join("/")}: ${issue.message}`;
  });
  return `invalid ${method} params: ${places.join("; ")}`;
}
