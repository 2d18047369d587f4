/** A webhook call of the channel that 1.0.11 knows. Writes what `intake/ingest.ts` writes. */
import * as contract from "../../contract/telegram.js";
import { namedChannel } from "../channels/registry.js";
import { asMutation } from "../functions.js";
import { ingest } from "../intake/ingest.js";

export const ingestTelegramUpdate = asMutation(contract.ingestTelegramUpdate)(
  (ctx, { webhookSecret: secret, rawUpdateJson: body, webhookPath: path, ...routing }) =>
    ingest(ctx, namedChannel(), { secret, body, path }, routing),
);
