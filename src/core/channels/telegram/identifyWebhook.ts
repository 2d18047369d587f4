/** Which bot a webhook call came from. Reads 1 document of `telegramWebhookSecrets`. */
import * as contract from "../../../contract/telegram.js";
import { asQuery } from "../../functions.js";
import { findWebhookSecret } from "./findWebhookSecret.js";

export const identifyTelegramWebhook = asQuery(contract.identifyTelegramWebhook)(async (
  ctx,
  { webhookSecret },
) => {
  const secret = await findWebhookSecret(ctx, webhookSecret);
  return secret && { botId: secret.botId };
});
