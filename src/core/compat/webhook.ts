/** Webhook calls of the channel that 1.0.11 knows. */
import * as contract from "../../contract/telegram.js";
import { NAMED_CHANNEL } from "../../policy/compat/names.js";
import { findWebhookSecret } from "../channels/webhookSecret.js";
import { asQuery, asMutation } from "../functions.js";
import { namedChannel } from "../channels/registry.js";
import { ingest } from "../intake/ingest.js";

export const identifyTelegramWebhook = asQuery(contract.identifyTelegramWebhook)(async (
  ctx,
  { webhookSecret },
) => {
  const secret = await findWebhookSecret(ctx, NAMED_CHANNEL, webhookSecret);
  return secret && { botId: secret.accountId };
});

export const ingestTelegramUpdate = asMutation(contract.ingestTelegramUpdate)(
  (ctx, { webhookSecret: secret, rawUpdateJson: body, webhookPath: path, ...routing }) =>
    ingest(ctx, namedChannel(), { secret, body, path }, routing),
);
