import { z } from "zod";
import { ApiFailure, badRequest } from "./apiFailure.js";
import { parseArgs, type RawArgs } from "./args.js";
import type { Bot } from "./bot.js";
import { BOT_METHODS } from "./botMethods.js";
import { EDIT_METHODS } from "./editMessage.js";
import { getFile } from "./files.js";
import { FILE_FIELDS, sendFile, sendMediaGroup, type FileMethodName } from "./sendFile.js";
import { getUpdates } from "./getUpdates.js";
import { OTHER_METHODS } from "./sendOther.js";
import { sendChatAction, sendMessage, type SendContext } from "./sendMessage.js";
import { deleteWebhook, getWebhookInfo, setWebhook } from "./webhookMethods.js";

/** What methods need from the server. */
export interface MethodContext extends SendContext {
  allowHttpWebhooks: boolean;
  closing: AbortSignal;
}

/** The success body without `ok`. */
type Success = { result: unknown; description?: string };
type Method = (context: MethodContext, bot: Bot, args: RawArgs) => Success | Promise<Success>;

const fileMethods = (Object.keys(FILE_FIELDS) as FileMethodName[]).map((name): [string, Method] => [
  name,
  async (context, bot, args) => ({ result: await sendFile(context, bot, name, args) }),
]);
const METHODS = new Map<string, Method>([
  ...fileMethods,
  ...Object.entries(BOT_METHODS).map(([name, method]): [string, Method] => [
    name,
    (_, bot, args) => ({ result: method(bot, args) }),
  ]),
  ...Object.entries({ ...OTHER_METHODS, ...EDIT_METHODS }).map(([name, method]): [string, Method] => [
    name,
    (context, bot, args) => ({ result: method(context, bot, args) }),
  ]),
  ["sendmediagroup", async (context, bot, args) => ({ result: await sendMediaGroup(context, bot, args) })],
  ["setwebhook", (context, bot, args) => setWebhook(bot, args, context.allowHttpWebhooks)],
  ["deletewebhook", (_, bot, args) => deleteWebhook(bot, args)],
  ["getwebhookinfo", (_, bot) => ({ result: getWebhookInfo(bot) })],
  ["getupdates", async (context, bot, args) => ({ result: await getUpdates(bot, args, context.closing) })],
  ["sendmessage", (context, bot, args) => ({ result: sendMessage(context, bot, args) })],
  ["sendchataction", (context, bot, args) => ({ result: sendChatAction(context, bot, args) })],
  ["answercallbackquery", (_, bot, args) => ({ result: answerCallbackQuery(bot, args) })],
  ["getfile", (_, bot, args) => ({ result: getFile(bot, args) })],
]);

/**
 * Runs a method; names are case-insensitive.
 * @returns the success body.
 * @throws ApiFailure for everything Telegram answers with `ok: false`.
 */
export async function callMethod(context: MethodContext, bot: Bot, name: string, args: RawArgs) {
  const method = METHODS.get(name.toLowerCase());
  if (!method) throw new ApiFailure(404, "Not Found: method not found");
  return { ok: true, ...(await method(context, bot, args)) };
}

/** Methods a webhook answer may not name. */
export function isCallableFromAnswer(name: string): boolean {
  return !/^(get|setwebhook|deletewebhook)/i.test(name);
}

const callbackArgs = z.looseObject({ callback_query_id: z.string().default("") });

function answerCallbackQuery(bot: Bot, raw: RawArgs): true {
  const id = parseArgs(callbackArgs, raw).callback_query_id;
  if (!id.startsWith(`callback-${bot.id}-`)) {
    throw badRequest("query is too old and response timeout expired or query ID is invalid");
  }
  return true;
}
