/**
 * A few words of the component itself into a chat, such as the question before a pairing. Not part of any conversation: no
 * agent answers it and no history holds it. Telegram is asked a few times; who missed it opens the link again.
 */
import { v } from "convex/values";
import { internal } from "../../../component/_generated/api.js";
import { env } from "../../../component/_generated/server.js";
import { botIdOfToken } from "../../../policy/telegram/botToken.js";
import { asAction, asQuery } from "../../functions.js";
import { openSecret } from "../../secrets/vault.js";
import { credentialsOf } from "../credentials.js";
import { botApiBaseUrl, sendMessage } from "./botApi.js";
import { TELEGRAM } from "./channel.js";

const vWords = { channel: v.string(), accountId: v.string(), chatId: v.string(), text: v.string() };
/** Waits between the tries, in ms: a restart of Telegram's servers and a minute's outage are got over. */
const RETRY_AFTER_MS = [1_000, 5_000, 20_000, 60_000];
/** Refs that one bot's token may be stored under. */
const MAX_REFS = 10;

export const tell = asAction({ args: { ...vWords, tries: v.number() }, returns: v.null() })(async (
  ctx,
  { tries, ...words },
) => {
  const token: string | null = await ctx.runQuery(internal.telegram.openTokenOfBot, {
    accountId: words.accountId,
  });
  if (token === null) {
    console.error(`telegram: no token of bot ${words.accountId} is at hand, so a chat was not told`);
    return null;
  }
  const api = { baseUrl: botApiBaseUrl(env.TELEGRAM_API_BASE_URL), token };
  const outcome = await sendMessage(api, words);
  if (outcome.kind === "done") return null;
  const wait = RETRY_AFTER_MS[tries];
  if (outcome.kind === "refused" || wait === undefined) {
    console.error(`telegram: a chat was not told: ${outcome.description}`);
    return null;
  }
  const again = { ...words, tries: tries + 1 };
  await ctx.scheduler.runAfter(Math.max(wait, outcome.afterMs ?? 0), internal.telegram.tellChat, again);
  return null;
});

/** The token for the action above. Its result stays inside the component: nothing else can call it. */
export const openTokenOfBot = asQuery({
  args: { accountId: v.string() },
  returns: v.union(v.string(), v.null()),
})(async (ctx, { accountId }) => {
  const tokens = await credentialsOf(ctx, { channel: TELEGRAM, accountId }, MAX_REFS);
  for (const { secretRef } of tokens) {
    const token = (await openSecret(ctx, secretRef))?.trim() ?? "";
    // Another bot's token may stand under the ref by now.
    if (botIdOfToken(token) === accountId) return token;
  }
  return null;
});
