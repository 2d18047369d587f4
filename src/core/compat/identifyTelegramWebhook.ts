/** Which bot a webhook call came from. Reads 1 document of `webhookSecrets`. */
import * as contract from "../../contract/telegram.js";
import { NAMED_CHANNEL } from "../../policy/compat/names.js";
import { findWebhookSecret } from "../channels/webhookSecret.js";
import { asQuery } from "../functions.js";

export const identifyTelegramWebhook = asQuery(contract.identifyTelegramWebhook)(async (
  ctx,
  { webhookSecret },
) => {
  const secret = await findWebhookSecret(ctx, NAMED_CHANNEL, webhookSecret);
  return secret && { botId: secret.accountId };
});
