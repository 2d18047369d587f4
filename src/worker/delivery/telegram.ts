/** Delivery by Telegram's Bot API: `sendMessage` and the typing indicator. */
import { z } from "zod";
import { splitText, telegramMaxTextUnits } from "../../policy/worker/splitText.js";
import { backoffMs } from "../../policy/worker/backoff.js";
import type { Clock } from "../clock.js";
import type { Delivery, Recipient, SendResult } from "./delivery.js";

export type TelegramParseMode = "HTML" | "MarkdownV2" | "Markdown";

export interface TelegramOptions {
  /** Without a trailing slash; Telegram's own is `https://api.telegram.org`. */
  baseUrl: string;
  clock: Clock;
  /** Longest wait for one answer of Telegram, in ms. */
  timeoutMs: number;
  /** Formatting of the answers; absent = plain text. */
  parseMode?: TelegramParseMode;
  /** Longest total wait for `retry_after` of one part, in ms. Default one minute: a group's limit resets within it. */
  maxThrottleMs?: number;
  fetch?: typeof fetch;
}

/** Tries of one part that certainly did not arrive, before it goes back to the queue. */
const maxTries = 3;
const retryBaseMs = 500;
const retryMaxMs = 4_000;
/** Telegram shows "typing" for at most 5 s (Bot API, `sendChatAction`). */
const typingIntervalMs = 4_000;

const replySchema = z.object({
  ok: z.boolean(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  parameters: z.object({ retry_after: z.number().nonnegative().optional() }).optional(),
});
type Reply = z.infer<typeof replySchema>;

/** What one HTTP exchange showed. `unsent`: no connection, so nothing arrived. `silent`: sent, no usable answer. */
type Exchange =
  { kind: "reply"; status: number; reply: Reply | null } | { kind: "unsent" | "silent"; reason: string };

/** Creates the delivery for payloads of the provider `telegram`. */
export function createTelegramDelivery(options: TelegramOptions): Delivery {
  const { clock } = options;
  const maxThrottleMs = options.maxThrottleMs ?? 60_000;

  async function send(part: string, recipient: Recipient, signal: AbortSignal): Promise<SendResult> {
    let parseMode = options.parseMode;
    let throttledMs = 0;
    for (let tries = 1; ;) {
      const body = {
        chat_id: chatOf(recipient),
        text: part,
        ...(parseMode === undefined ? {} : { parse_mode: parseMode }),
      };
      const exchange = await call(options, recipient.botToken ?? "", "sendMessage", body, signal);
      signal.throwIfAborted();
      if (exchange.kind === "silent") return { kind: "ambiguous", reason: exchange.reason };
      if (exchange.kind === "reply") {
        const { status, reply } = exchange;
        if (reply?.ok === true) return { kind: "sent" };
        if (reply === null && (status < 400 || status === 504)) {
          return { kind: "ambiguous", reason: `telegram: unreadable answer, HTTP ${status}` };
        }
        const code = reply?.error_code ?? status;
        const reason = `telegram ${code}: ${(reply?.description ?? "no description").slice(0, 300)}`;
        if (code === 429) {
          const waitMs = (reply?.parameters?.retry_after ?? 1) * 1000;
          throttledMs += waitMs;
          if (throttledMs > maxThrottleMs) return { kind: "transient", reason };
          await clock.sleep(waitMs, signal);
          if (signal.aborted) return { kind: "transient", reason };
          continue;
        }
        if (
          code === 400 &&
          parseMode !== undefined &&
          /can't parse entities/i.test(reply?.description ?? "")
        ) {
          parseMode = undefined;
          continue;
        }
        // 401: the token was revoked or is wrong; a new one may be imported, as with a missing one.
        if (code === 401) return { kind: "transient", reason };
        if (code < 500) return { kind: "refused", reason };
      }
      const reason = exchange.kind === "reply" ? `telegram: HTTP ${exchange.status}` : exchange.reason;
      if (tries >= maxTries) return { kind: "transient", reason };
      await clock.sleep(backoffMs(tries, clock.random(), retryBaseMs, retryMaxMs), signal);
      // Aborted between two tries it certainly did not arrive, which is more than an abort could say.
      if (signal.aborted) return { kind: "transient", reason };
      tries += 1;
    }
  }

  return {
    handles: (provider) => provider === "telegram",
    problem: ({ botToken }) => (botToken === null || botToken === "" ? "telegram bot token missing" : null),
    split: (text) => splitText(text, telegramMaxTextUnits),
    send,
    async showActivity(recipient, signal) {
      while (!signal.aborted) {
        const body = { chat_id: chatOf(recipient), action: "typing" };
        // Only a courtesy: a failure says nothing about the answer.
        await call(options, recipient.botToken ?? "", "sendChatAction", body, signal).catch(() => undefined);
        await clock.sleep(typingIntervalMs, signal);
      }
    },
  };
}

/** In a group the answer belongs to the group, not to the sender's private chat. */
const chatOf = (recipient: Recipient): string =>
  recipient.metadata["telegramChatId"] ?? recipient.providerUserId;

/** One request. The URL holds the bot's token, so no error text of fetch is passed on. */
async function call(
  options: TelegramOptions,
  token: string,
  method: string,
  body: Record<string, string>,
  signal: AbortSignal,
): Promise<Exchange> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await (options.fetch ?? fetch)(`${options.baseUrl}/bot${token}/${method}`, {
      method: "POST",
      // Each request on its own connection: a kept one that the server has just closed fails like a lost answer, and
      // that message would never be sent.
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = await response.text();
    return { kind: "reply", status: response.status, reply: parseReply(text) };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted)
      return { kind: "silent", reason: `telegram: no answer within ${options.timeoutMs} ms` };
    const code = systemCode(error);
    return { kind: neverConnected.has(code) ? "unsent" : "silent", reason: `telegram: ${code}` };
  }
}

/** Failures before the first byte of the request left this machine. */
const neverConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function systemCode(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string")
    return cause.code;
  return "connection failed";
}

function parseReply(text: string): Reply | null {
  try {
    return replySchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
