/** Bots for component tests: a Bot API behind `fetch`, their webhooks set, and updates as Telegram would deliver them. */
import { vi } from "vitest";
import { api } from "../../src/component/_generated/api.js";
import type { World } from "./world.js";

export const tokenOf = (botId: number, letter = "A") => `${botId}:${letter.repeat(35)}`;

export interface TestBot {
  botId: string;
  /** What its webhook calls carry. */
  secret: string;
}

/** Kept from before a test replaces the timers. */
const wait = globalThis.setTimeout;
/** convex-test mostly fails to store an action's file while a transaction runs: downloads end one by one, a little later. */
const DOWNLOAD_MS = 15;

/** Stands in for Telegram's Bot API; `url` is what getWebhookInfo reports instead of what was set. */
export function stubBotApi() {
  const state = {
    calls: [] as { token: string; method: string; body: Record<string, unknown> }[],
    /** Tokens that Telegram does not know (any more). */
    revoked: new Set<string>(),
    /** Usernames by bot id; a bot without one does not answer getMe. */
    usernames: new Map<string, string>(),
    reportedUrl: null as string | null,
    info: {} as Record<string, unknown>,
    urls: new Map<string, string>(),
    /** What getFile and the download answer, by file id; a number is the error code of getFile. */
    files: new Map<string, Uint8Array<ArrayBuffer> | number>(),
    /** Downloads wait for it. */
    downloads: Promise.resolve(),
  };
  const fileAnswer = (fileId: string): unknown => {
    const file = state.files.get(fileId) ?? 400;
    if (typeof file === "number") return { ok: false, error_code: file, description: "file trouble" };
    return { ok: true, result: { file_id: fileId, file_path: `documents/${fileId}` } };
  };
  const answer = (token: string, method: string, body: Record<string, unknown>): unknown => {
    const botId = token.split(":")[0] ?? "";
    if (state.revoked.has(token)) return { ok: false, error_code: 401, description: "Unauthorized" };
    if (method === "setWebhook") {
      state.urls.set(token, String(body.url));
      return { ok: true, result: true, description: "Webhook was set" };
    }
    if (method === "getMe") {
      const username = state.usernames.get(botId);
      if (username === undefined) return { ok: false, error_code: 500, description: "later" };
      return { ok: true, result: { id: Number(botId), is_bot: true, first_name: "B", username } };
    }
    if (method === "getFile") return fileAnswer(String(body.file_id));
    const url = state.reportedUrl ?? state.urls.get(token) ?? "";
    return { ok: true, result: { url, pending_update_count: 0, ...state.info } };
  };
  vi.stubGlobal("fetch", async (url: string, init: { body: string }) => {
    const [, fileId] = /\/file\/bot[^/]+\/documents\/(.+)$/.exec(url) ?? [];
    if (fileId !== undefined) {
      const turn = state.downloads.then(() => new Promise<void>((resolve) => wait(resolve, DOWNLOAD_MS)));
      state.downloads = turn;
      await turn;
      const file = state.files.get(fileId);
      return file instanceof Uint8Array ? new Response(file) : new Response(null, { status: 404 });
    }
    const [, token = "", method = ""] = /\/bot([^/]+)\/(\w+)$/.exec(url) ?? [];
    const body = JSON.parse(init.body) as Record<string, unknown>;
    state.calls.push({ token, method, body });
    return Response.json(answer(token, method, body));
  });
  return state;
}
export type BotApiStub = ReturnType<typeof stubBotApi>;

/** Imports a token under a ref and sets its bot's webhook. */
export async function withBot(
  world: World,
  telegram: BotApiStub,
  bot: { botId: number; secretRef: string; username?: string },
): Promise<TestBot> {
  telegram.usernames.set(String(bot.botId), bot.username ?? `bot_${bot.botId}`);
  const { secretRef } = bot;
  await world.t.mutation(api.lib.importSecret, { secretRef, plaintextValue: tokenOf(bot.botId) });
  return await configured(world, telegram, secretRef, tokenOf(bot.botId));
}

export async function configured(
  world: World,
  telegram: BotApiStub,
  secretRef: string,
  token: string,
): Promise<TestBot> {
  await world.t.action(api.lib.configureTelegramWebhook, {
    convexSiteUrl: "https://app.convex.site",
    secretRef,
  });
  const set = telegram.calls.filter((call) => call.method === "setWebhook" && call.token === token).at(-1);
  return { botId: token.split(":")[0] ?? "", secret: String(set?.body.secret_token) };
}

let nextUpdateId = 1;
/** A message of a private chat unless `fields` say otherwise. */
export function anUpdate(chatId: number, text: string, fields: Record<string, unknown> = {}) {
  const update_id = nextUpdateId++;
  return {
    update_id,
    message: {
      message_id: update_id,
      chat: { id: chatId, type: chatId < 0 ? "group" : "private" },
      from: { id: chatId },
      text,
      ...fields,
    },
  };
}

/** What the webhook's one mutation makes of an update. */
export function deliver(
  world: World,
  bot: TestBot,
  update: unknown,
  options: {
    namedAgentKey?: string | null;
    resolveFromBinding?: boolean;
    requireBinding?: boolean;
    fallbackAgentKey?: string;
    webhookPath?: string;
  } = {},
) {
  return world.t.mutation(api.lib.ingestTelegramUpdate, {
    webhookSecret: bot.secret,
    rawUpdateJson: typeof update === "string" ? update : JSON.stringify(update),
    webhookPath: "/agent-factory/telegram/webhook",
    resolveFromBinding: true,
    requireBinding: false,
    fallbackAgentKey: "default",
    ...options,
  });
}

/** Presses Start on a pairing link and taps the command of the question; what the last of it came to. */
export async function pairAt(world: World, bot: TestBot, code: string, chatId = 42) {
  const asked = await deliver(world, bot, anUpdate(chatId, `/start ${code}`));
  if (asked.kind !== "pairingAsked") return asked;
  return await deliver(world, bot, anUpdate(chatId, await answerAt(world, bot, chatId)));
}

/** The command that answers the newest question of a private chat. */
export async function answerAt(world: World, bot: TestBot, chatId = 42): Promise<string> {
  const sender = `telegram:${bot.botId}:${chatId}`;
  const question = await world.t.run((ctx) =>
    ctx.db
      .query("pairingQuestions")
      .withIndex("by_sender", (q) => q.eq("sender", sender))
      .unique(),
  );
  if (!question) throw new Error(`chat ${chatId} was not asked`);
  return `/connect_${question.nonce}`;
}
