/**
 * A user gives their agent its bot. Writes `secrets`, `channelCredentials` and the profile's `secretsRef`. The host has
 * decided that the caller is `consumerUserId`; whose token it may replace is decided in `identity/credentialOwner.ts`.
 */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { agentKeyOfSecretRef, botTokenRefOf } from "../../policy/telegram/botToken.js";
import { findAgent } from "../agents/findAgent.js";
import { recordAct } from "../audit/record.js";
import { refsOf } from "../channels/accounts.js";
import { namedChannel } from "../channels/registry.js";
import { asMutation } from "../functions.js";
import { mayImport, noteOwner, servesAnother } from "../identity/credentialOwner.js";
import { importSecret } from "../secrets/importSecret.js";

export const importTelegramTokenForAgent = asMutation(contract.importTelegramTokenForAgent)(async (
  ctx,
  { consumerUserId, agentKey, plaintextValue, metadata },
) => {
  const value = plaintextValue.trim();
  if (value === "")
    throw factoryError("secret_empty", "The bot token is empty: paste it as @BotFather gave it");
  const agent = await findAgent(ctx, agentKey);
  if (!agent) throw factoryError("agent_not_found", `Agent profile '${agentKey}' not found`);
  const channel = namedChannel();
  // A ref that names no agent, or another one, may be what other agents answer with.
  const own = refsOf(agent, channel).find((ref) => agentKeyOfSecretRef(ref) === agentKey);
  const secretRef = own ?? botTokenRefOf(agentKey);
  if (!(await mayImport(ctx, { consumerUserId, agentKey }, secretRef))) {
    throw factoryError(
      "telegram_token_not_allowed",
      "Agent is not yet associated with the provided consumerUserId, or its Telegram token is managed by someone else",
    );
  }
  if (await servesAnother(ctx, channel, { consumerUserId, secretRef, value }))
    throw factoryError("telegram_bot_taken", "This Telegram bot already serves another agent");
  const imported = await importSecret.handler(ctx, { secretRef, plaintextValue, metadata });
  if (!agent.secretsRef.includes(secretRef)) {
    // First, because the first token that there is is the agent's.
    await ctx.db.patch(agent._id, { secretsRef: [secretRef, ...agent.secretsRef] });
  }
  await noteOwner(ctx, channel, { consumerUserId, secretRef, version: imported.version });
  await recordAct(ctx, {
    kind: "telegram.tokenImported",
    actor: `user:${consumerUserId}`,
    subject: secretRef,
    detail: { agentKey, version: String(imported.version) },
  });
  return imported;
});
