/** The calls to Telegram and what they record; files are fetched here too. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import { fetchFile } from "../core/channels/telegram/fetchFile.js";
import { fetchingWith } from "../core/intake/fetchFile.js";
import * as webhookFile from "../core/channels/telegram/webhook.js";
import * as tellFile from "../core/channels/telegram/tell.js";
import * as webhookRowsFile from "../core/channels/telegram/webhookRows.js";
import { internalAction, internalMutation, internalQuery } from "./_generated/server.js";
export * from "./telegram.generated.js";

export const runFetch = internalAction(fetchingWith(fetchFile));
export const recordAcceptedWebhook = internalMutation(webhookRowsFile.accepted);
export const recordObservedWebhook = internalMutation(webhookRowsFile.observed);
export const openBotToken = internalQuery(webhookFile.openBotToken);
export const openAgentToken = internalQuery(webhookFile.openAgentToken);
export const introduceWebhookSecret = internalMutation(webhookRowsFile.introduce);
export const withdrawWebhookSecret = internalMutation(webhookRowsFile.withdraw);
export const retireOlderWebhookSecrets = internalMutation(webhookRowsFile.retireOlder);
export const tellChat = internalAction(tellFile.tell);
export const openTokenOfBot = internalQuery(tellFile.openTokenOfBot);
