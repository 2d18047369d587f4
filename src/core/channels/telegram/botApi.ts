/**
 * Calls to the Bot API. The token is part of the URL, so an error of `fetch` is never passed
 * on, and Telegram's own words only with the token removed.
 */
import { z } from "zod";
import { cutText } from "../../../policy/text/cut.js";
import { redactSecrets } from "../../../policy/text/redactSecrets.js";
import { BOT_API } from "./channel.js";
import { parseJson } from "../../../policy/text/parseJson.js";

/** Telegram answers these calls in well under a second; setWebhook may resolve and reach the host first. */
const REQUEST_TIMEOUT_MS = 15_000;

/** Telegram's own sentences are far shorter. */
const MAX_TEXT_CHARS = 500;

const zReply = z.union([
  z.looseObject({ ok: z.literal(true), result: z.unknown(), description: z.string().optional() }),
  z.looseObject({
    ok: z.literal(false),
    description: z.string().optional(),
    parameters: z.looseObject({ retry_after: z.number().optional() }).optional().catch(undefined),
  }),
]);

const zWebhookInfo = z.looseObject({
  url: z.string(),
  pending_update_count: z.number(),
  last_error_date: z.number().optional(),
  last_error_message: z
    .string()
    .transform((text) => cutText(redactSecrets(text), MAX_TEXT_CHARS))
    .optional(),
});
export type WebhookInfo = z.infer<typeof zWebhookInfo>;

const zMe = z.looseObject({ id: z.number(), username: z.string().regex(/^\w{3,64}$/) });

export interface BotApi {
  /** Base URL without a trailing slash. */
  baseUrl: string;
  token: string;
}

/** The configured base URL of the Bot API, or Telegram's own. */
export function botApiBaseUrl(configured: string | undefined): string {
  return (configured ?? "").trim().replace(/\/+$/, "") || BOT_API;
}

/**
 * What became of a setWebhook call. `unknown` means that no readable answer came: Telegram may or may not use the new
 * secret now.
 */
export type SetWebhookResult =
  { kind: "set"; description: string } | { kind: "refused" | "unknown"; description: string };

export async function setWebhook(
  api: BotApi,
  webhook: { url: string; secretToken: string },
): Promise<SetWebhookResult> {
  const answer = await call(api, "setWebhook", {
    url: webhook.url,
    secret_token: webhook.secretToken,
    // Callbacks, polls and the rest are not messages; a type that is not asked for is not sent.
    allowed_updates: ["message", "edited_message", "my_chat_member"],
  });
  if (answer.kind !== "ok") return answer;
  return { kind: "set", description: answer.description ?? "Webhook was set" };
}

/** What Telegram answered, or why there is no answer; never throws. */
export type Asked<Result> = { ok: true; result: Result } | { ok: false; description: string };

export const getWebhookInfo = (api: BotApi): Promise<Asked<WebhookInfo>> =>
  ask(api, "getWebhookInfo", zWebhookInfo);

/** Who the token belongs to. */
export const getMe = (api: BotApi): Promise<Asked<{ id: number; username: string }>> =>
  ask(api, "getMe", zMe);

async function ask<Result>(api: BotApi, method: string, schema: z.ZodType<Result>): Promise<Asked<Result>> {
  const answer = await call(api, method, {});
  if (answer.kind !== "ok") return { ok: false, description: answer.description };
  const parsed = schema.safeParse(answer.result);
  return parsed.success ? { ok: true, result: parsed.data } : { ok: false, description: "unexpected reply" };
}

/** `later`: Telegram is busy or did not answer; `refused`: it will never take it. */
export type SendOutcome =
  | { kind: "done" }
  | { kind: "later"; description: string; afterMs?: number }
  | { kind: "refused"; description: string };

export async function sendMessage(
  api: BotApi,
  { chatId, text }: { chatId: string; text: string },
): Promise<SendOutcome> {
  const answer = await call(api, "sendMessage", { chat_id: chatId, text });
  if (answer.kind === "ok") return { kind: "done" };
  const { description } = answer;
  if (answer.kind === "unknown" || answer.status >= 500) return { kind: "later", description };
  if (answer.status !== 429) return { kind: "refused", description };
  return { kind: "later", description, afterMs: (answer.retryAfterS ?? 0) * 1_000 };
}

type Answer =
  | { kind: "ok"; result: unknown; description: string | undefined }
  | { kind: "refused"; description: string; status: number; retryAfterS: number | undefined }
  | { kind: "unknown"; description: string };

/** The reply as it came, undefined for one that is no JSON; null: there is none. */
export async function post(
  api: BotApi,
  method: string,
  body: Record<string, unknown>,
): Promise<{ status: number; reply: unknown } | null> {
  try {
    const response = await fetch(`${api.baseUrl}/bot${api.token}/${method}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    return { status: response.status, reply: parseJson(await response.text()) };
  } catch {
    return null;
  }
}

async function call(api: BotApi, method: string, body: Record<string, unknown>): Promise<Answer> {
  const answer = await post(api, method, body);
  if (answer === null) return { kind: "unknown", description: "no answer from the Bot API" };
  const { status, reply } = answer;
  const parsed = zReply.safeParse(reply);
  if (!parsed.success) return { kind: "unknown", description: `unexpected reply with status ${status}` };
  if (parsed.data.ok) {
    return { kind: "ok", result: parsed.data.result, description: redact(api, parsed.data.description) };
  }
  return {
    kind: "refused",
    description: redact(api, parsed.data.description) ?? `error with status ${status}`,
    status,
    retryAfterS: parsed.data.parameters?.retry_after,
  };
}

function redact(api: BotApi, text: string | undefined): string | undefined {
  return text && cutText(redactSecrets(text, [api.token]), MAX_TEXT_CHARS);
}
