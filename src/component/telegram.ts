/** The calls to Telegram and what they record; files are fetched here too. Registrations only. */
import * as fetchFile from "./attachments/fetch.js";
import * as vaultFile from "./secrets/vault.js";
import * as configureWebhookFile from "./telegram/configureWebhook.js";
import * as webhookFactsFile from "./telegram/webhookFacts.js";
import * as webhookReadinessFile from "./telegram/webhookReadiness.js";
import * as webhookSecretsFile from "./telegram/webhookSecrets.js";
import { internalAction, internalMutation, internalQuery } from "./_generated/server.js";

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
export const openSecret = internalQuery(vaultFile.openForAction);
