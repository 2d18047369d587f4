/** Which bot a webhook call came from. Reads `telegramWebhookSecrets`, `telegramBots`; 2 documents. */
import * as contract from "../../contract/telegram.js";
import { asQuery } from "../functions.js";
import { botOfWebhookSecret } from "./webhookSecrets.js";

export const identifyTelegramWebhook = asQuery(contract.identifyTelegramWebhook)(async (
  ctx,
  { webhookSecret },
) => {
  const bot = await botOfWebhookSecret(ctx, webhookSecret);
  return bot === null ? null : { botId: bot.botId, agentKey: bot.agentKey };
});
