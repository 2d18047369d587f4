/** The calls to Telegram and what they record; files are fetched here too. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as fetchFile from "../core/telegram/fetchAttachment.js";
import * as openForActionFile from "../core/secrets/openForAction.js";
import * as configureWebhookFile from "../core/bots/configureWebhook.js";
import * as tellFile from "../core/bots/tell.js";
import * as webhookFactsFile from "../core/bots/webhookFacts.js";
import * as webhookReadinessFile from "../core/bots/webhookReadiness.js";
import * as webhookSecretsFile from "../core/bots/webhookSecrets.js";
import { internalAction, internalMutation, internalQuery } from "./_generated/server.js";
export * from "./telegram.generated.js";

export const beginFetch = internalMutation(fetchFile.begin);
export const endFetch = internalMutation(fetchFile.end);
export const runFetch = internalAction(fetchFile.run);
export const recordAcceptedWebhook = internalMutation(webhookFactsFile.accepted);
export const recordObservedWebhook = internalMutation(webhookFactsFile.observed);
export const openBotToken = internalQuery(configureWebhookFile.openBotToken);
export const openAgentToken = internalQuery(webhookReadinessFile.openAgentToken);
export const introduceWebhookSecret = internalMutation(webhookSecretsFile.introduce);
export const withdrawWebhookSecret = internalMutation(webhookSecretsFile.withdraw);
export const retireOlderWebhookSecrets = internalMutation(webhookSecretsFile.retireOlder);
export const tellChat = internalAction(tellFile.tell);
export const openTokenOfBot = internalQuery(tellFile.openTokenOfBot);
export const openSecret = internalQuery(openForActionFile.openForAction);
