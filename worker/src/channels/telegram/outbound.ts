/** Telegram's Bot API: texts, files and the typing indicator. */
import { splitText } from "../../../../src/policy/worker/splitText.js";
import { cutText } from "../../../../src/policy/text/cut.js";
import { backoffMs, equalJitter } from "../../../../src/policy/retry/backoff.js";
import { FileGone, type OutgoingFile } from "../../attachments/files.js";
import type { ChannelDeps, Outbound, Recipient, SendResult } from "../channel.js";
import { call, type CallOptions, type Reply } from "./call.js";
import { fileForm, methodOf, type FileMethod } from "./file.js";

type TelegramParseMode = "HTML" | "MarkdownV2" | "Markdown";

export interface TelegramOptions extends CallOptions, ChannelDeps {
  /** Formatting of the answers; absent = plain text. */
  parseMode?: TelegramParseMode;
  /** Longest total wait for `retry_after` of one part here, in ms; longer ones are waited for in the queue. Default ten seconds. */
  maxThrottleMs?: number;
  /** Longest wait for the answer to an upload, in ms. Default two minutes: 50 MB on a slow line. */
  uploadTimeoutMs?: number;
}

/** For one message, in UTF-16 code units (Bot API, `sendMessage`). */
const MAX_TEXT_UNITS = 4096;
/** Tries of one part that certainly did not arrive, before it goes back to the queue. */
const MAX_TRIES = 3;
/** Changes of one part that Telegram asks for: another chat, no thread, no formatting. */
const MAX_ADAPTATIONS = 4;
const backoff = equalJitter(500, 4_000);
/** Telegram shows "typing" for at most 5 s (Bot API, `sendChatAction`). */
const TYPING_INTERVAL_MS = 4_000;
const DEFAULT_UPLOAD_TIMEOUT_MS = 120_000;

/** One way of sending a part. */
interface Shape {
  method: "sendMessage" | FileMethod;
  body: () => Record<string, unknown> | FormData;
}
/** A part, and what to change about it when Telegram refuses it: null when nothing helps. */
interface Sending {
  shape(): Shape;
  adapt(code: number, reply: Reply | null): boolean;
}

/** Sends with a bot's token as the credential. */
export function createTelegramOutbound(options: TelegramOptions): Outbound {
  const { clock } = options;
  const maxThrottleMs = options.maxThrottleMs ?? 10_000;

  async function deliver(
    sending: Sending,
    botToken: string,
    signal: AbortSignal,
    maySend: (() => boolean) | undefined,
  ): Promise<SendResult> {
    let throttledMs = 0;
    let adaptations = 0;
    for (let tries = 1; ;) {
      const { method, body } = sending.shape();
      const timeoutMs =
        method === "sendMessage" ? options.timeoutMs : (options.uploadTimeoutMs ?? DEFAULT_UPLOAD_TIMEOUT_MS);
      const exchange = await call({ ...options, timeoutMs }, botToken, method, body(), signal, maySend);
      if (exchange.kind === "withheld") return exchange;
      if (exchange.kind === "silent") return { kind: "ambiguous", reason: exchange.reason };
      if (exchange.kind === "reply") {
        const { status, reply } = exchange;
        if (reply?.ok === true) return { kind: "sent" };
        if (reply === null && (status < 400 || status === 504)) {
          return { kind: "ambiguous", reason: `telegram: unreadable answer, HTTP ${status}` };
        }
        const code = reply?.error_code ?? status;
        const reason = reasonOf(code, reply);
        if (code === 429) {
          const waitMs = Math.max(1, reply?.parameters?.retry_after ?? 1) * 1000;
          throttledMs += waitMs;
          if (throttledMs > maxThrottleMs) return { kind: "transient", reason, retryAfterMs: waitMs };
          await clock.sleep(waitMs, signal);
          if (signal.aborted) return { kind: "transient", reason };
          continue;
        }
        if (adaptations++ < MAX_ADAPTATIONS && sending.adapt(code, reply)) continue;
        if (code < 500) return { kind: "refused", reason };
      }
      const reason = exchange.kind === "reply" ? `telegram: HTTP ${exchange.status}` : exchange.reason;
      if (tries >= MAX_TRIES) return { kind: "transient", reason };
      await clock.sleep(backoffMs(tries, backoff, clock.random()), signal);
      // Aborted between two tries it certainly did not arrive, which is more than an abort could say.
      if (signal.aborted) return { kind: "transient", reason };
      tries += 1;
    }
  }

  return {
    problem: ({ credential }) =>
      credential === null || credential === "" ? "telegram bot token missing" : null,
    render: (text) => splitText(text, MAX_TEXT_UNITS),
    send: (part, recipient, signal, maySend) =>
      deliver(textSending(part, recipient, options.parseMode), recipient.credential ?? "", signal, maySend),
    async sendFile(file, recipient, signal, maySend) {
      const name = file.file.fileName;
      let bytes;
      try {
        bytes = await file.load(signal);
      } catch (error) {
        if (signal.aborted) return { kind: "withheld", reason: "aborted while the file was fetched" };
        if (error instanceof FileGone)
          return { kind: "refused", reason: `the file ${name} cannot be had any more` };
        return { kind: "transient", reason: `the file ${name} cannot be had at present` };
      }
      return await deliver(fileSending(file, bytes, recipient), recipient.credential ?? "", signal, maySend);
    },
    /** Any answer will do: without a token Telegram says 404. */
    async check(signal) {
      await (options.fetch ?? fetch)(`${options.baseUrl}/`, { method: "HEAD", redirect: "manual", signal });
    },
    async progress(recipient, signal) {
      while (!signal.aborted) {
        const body = { ...addressOf(recipient), action: "typing" };
        // Only a courtesy: a failure says nothing about the answer.
        await call(options, recipient.credential ?? "", "sendChatAction", body, signal).catch(
          () => undefined,
        );
        await clock.sleep(TYPING_INTERVAL_MS, signal);
      }
    },
  };
}

/** Telegram's own sentences are far shorter. */
const MAX_REASON_CHARS = 300;

/** 401 is said plainly: nothing goes out for this bot until a new token is imported. */
const reasonOf = (code: number, reply: Reply | null): string =>
  `telegram ${code}: ${cutText(reply?.description ?? "no description", MAX_REASON_CHARS)}${
    code === 401 ? " (the bot's token was revoked or is wrong; import a new one)" : ""
  }`;

type Address = { chat_id: string; message_thread_id?: number; reply_parameters?: object };

/** In a group the answer belongs to the group and its topic, not to the sender's private chat. */
function addressOf({ metadata, providerUserId, quotes }: Recipient): Address {
  const { telegramChatId, telegramThreadId, telegramMessageId } = metadata;
  return {
    chat_id: telegramChatId ?? providerUserId,
    ...(telegramThreadId !== undefined && { message_thread_id: Number(telegramThreadId) }),
    ...(quotes === true &&
      telegramMessageId !== undefined && {
        reply_parameters: { message_id: Number(telegramMessageId), allow_sending_without_reply: true },
      }),
  };
}

/** What every kind of message may need: another chat id after a migration, no thread where that was deleted. */
function adaptAddress(address: Address, code: number, reply: Reply | null): Address | null {
  if (code !== 400) return null;
  const movedTo = reply?.parameters?.migrate_to_chat_id;
  if (movedTo !== undefined && String(movedTo) !== address.chat_id) return { chat_id: String(movedTo) };
  const { message_thread_id: thread, ...withoutThread } = address;
  if (thread !== undefined && /message thread not found/i.test(reply?.description ?? ""))
    return withoutThread;
  return null;
}

function textSending(text: string, recipient: Recipient, mode: TelegramParseMode | undefined): Sending {
  let address = addressOf(recipient);
  let parseMode = mode;
  return {
    shape: () => ({
      method: "sendMessage",
      body: () => ({ ...address, text, ...(parseMode !== undefined && { parse_mode: parseMode }) }),
    }),
    adapt(code, reply) {
      const unreadable = code === 400 && /can't parse entities/i.test(reply?.description ?? "");
      if (unreadable && parseMode !== undefined) {
        parseMode = undefined;
        return true;
      }
      const moved = adaptAddress(address, code, reply);
      address = moved ?? address;
      return moved !== null;
    },
  };
}

/** A photo, audio or voice that Telegram will not take as such (dimensions, format) goes as a document, once. */
function fileSending({ file }: OutgoingFile, bytes: Uint8Array<ArrayBuffer>, recipient: Recipient): Sending {
  let address = addressOf(recipient);
  let method = methodOf(file.kind, bytes.byteLength);
  return {
    shape: () => ({ method, body: () => fileForm(method, address, file, bytes) }),
    adapt(code, reply) {
      const moved = adaptAddress(address, code, reply);
      address = moved ?? address;
      if (moved !== null) return true;
      const unfit = code === 400 && /photo|image|dimensions|voice|audio|wrong (file|type)|process/i;
      if (!unfit || method === "sendDocument" || !unfit.test(reply?.description ?? "")) return false;
      method = "sendDocument";
      return true;
    },
  };
}
