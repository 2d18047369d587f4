/** The calls to Telegram and what they record; files are fetched here too. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import { fetchFile } from "../core/channels/telegram/fetchFile.js";
import { fetchingWith } from "../core/intake/fetchFile.js";
import * as configureWebhookFile from "../core/channels/telegram/configureWebhook.js";
import * as tellFile from "../core/channels/telegram/tell.js";
import * as webhookFactsFile from "../core/channels/telegram/webhookFacts.js";
import * as webhookReadinessFile from "../core/channels/telegram/webhookReadiness.js";
import * as webhookSecretsFile from "../core/channels/telegram/webhookSecrets.js";
import { internalAction, internalMutation, internalQuery } from "./_generated/server.js";
export * from "./telegram.generated.js";

export const runFetch = internalAction(fetchingWith(fetchFile));
export const recordAcceptedWebhook = internalMutation(webhookFactsFile.accepted);
export const recordObservedWebhook = internalMutation(webhookFactsFile.observed);
export const openBotToken = internalQuery(configureWebhookFile.openBotToken);
export const openAgentToken = internalQuery(webhookReadinessFile.openAgentToken);
export const introduceWebhookSecret = internalMutation(webhookSecretsFile.introduce);
export const withdrawWebhookSecret = internalMutation(webhookSecretsFile.withdraw);
export const retireOlderWebhookSecrets = internalMutation(webhookSecretsFile.retireOlder);
export const tellChat = internalAction(tellFile.tell);
export const openTokenOfBot = internalQuery(tellFile.openTokenOfBot);
