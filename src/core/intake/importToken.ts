/**
 * A user gives their agent its bot. Writes `secrets`, `telegramTokens` and the profile's `secretsRef`. The host has
 * decided that the caller is `consumerUserId`; here is decided whose token it may replace.
 */
import { factoryError } from "../../contract/errors.js";
import * as contract from "../../contract/identity.js";
import { agentKeyOfSecretRef, botIdOfToken } from "../../policy/telegram/botToken.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { findAgent } from "../agents/findAgent.js";
import { recordAct } from "../audit/record.js";
import { asMutation } from "../functions.js";
import { isGranted, newestBinding } from "../identity/bindings.js";
import { readBounded } from "../bounds/bounded.js";
import { importSecret } from "../secrets/importSecret.js";
import { activeSecret } from "../secrets/vault.js";
import { findToken, telegramRefsOf } from "../channels/telegram/agentBot.js";

/** Enough to find one association that is somebody else's. */
const MAX_ASSOCIATIONS = 100;

type UserAgent = { consumerUserId: string; agentKey: string };

export const importTelegramTokenForAgent = asMutation(contract.importTelegramTokenForAgent)(async (
  ctx,
  args,
) => {
  const { consumerUserId, agentKey } = args;
  if (args.plaintextValue.trim() === "")
    throw factoryError("secret_empty", "The bot token is empty: paste it as @BotFather gave it");
  const agent = await findAgent(ctx, agentKey);
  if (!agent) throw factoryError("agent_not_found", `Agent profile '${agentKey}' not found`);
  // A ref that names no agent, or another one, may be what other agents answer with.
  const own = telegramRefsOf(agent).find((ref) => agentKeyOfSecretRef(ref) === agentKey);
  const secretRef = own ?? `telegram.botToken.${agentKey}`;
  if (!(await mayImport(ctx, args, secretRef))) {
    throw factoryError(
      "telegram_token_not_allowed",
      "Agent is not yet associated with the provided consumerUserId, or its Telegram token is managed by someone else",
    );
  }
  await refuseTakenBot(ctx, { consumerUserId, secretRef, token: args.plaintextValue.trim() });
  const { plaintextValue, metadata } = args;
  const imported = await importSecret.handler(ctx, { secretRef, plaintextValue, metadata });
  if (!agent.secretsRef.includes(secretRef)) {
    // First, because the first token that there is is the agent's.
    await ctx.db.patch(agent._id, { secretsRef: [secretRef, ...agent.secretsRef] });
  }
  await noteOwner(ctx, { consumerUserId, secretRef, version: imported.version });
  await recordAct(ctx, {
    kind: "telegram.tokenImported",
    actor: `user:${consumerUserId}`,
    subject: secretRef,
    detail: { agentKey, version: String(imported.version) },
  });
  return imported;
});

/**
 * Whoever imported the present token may replace it. Otherwise the agent must be nobody else's; and a token that the
 * operator imported is replaced only by a user to whom the host has given the agent: a pairing is no proof, since users make
 * their codes themselves.
 */
async function mayImport(ctx: QueryCtx, user: UserAgent, secretRef: string): Promise<boolean> {
  const active = await activeSecret(ctx, secretRef);
  const known = await findToken(ctx, secretRef);
  const owner = active && known?.importedVersion === active.version ? known.importedFor : undefined;
  if (owner !== undefined) return owner === user.consumerUserId;
  const binding = await newestBinding(ctx, user.consumerUserId, user.agentKey);
  const isTheirs = binding !== null && isGranted(binding);
  if (await isSomebodyElses(ctx, user, isTheirs)) return false;
  return active === null || isTheirs;
}

/** Another user has the agent; to one who was not given it, also who is paired with it or about to be. */
async function isSomebodyElses(
  ctx: QueryCtx,
  { consumerUserId, agentKey }: UserAgent,
  isTheirs: boolean,
): Promise<boolean> {
  const active = await readBounded(
    ctx.db
      .query("identityBindings")
      .withIndex("by_agentKey_and_status", (q) => q.eq("agentKey", agentKey).eq("status", "active")),
    MAX_ASSOCIATIONS,
  );
  const others = active.rows.filter((row) => row.consumerUserId !== consumerUserId);
  // Among more than were looked at there is somebody else.
  if (isTheirs) return active.capped || others.some(isGranted);
  if (active.capped || others.length > 0) return true;
  const pairings = await ctx.db
    .query("pairingCodes")
    .withIndex("by_agentKey_and_status", (q) => q.eq("agentKey", agentKey).eq("status", "pending"))
    .take(MAX_ASSOCIATIONS);
  return pairings.some((row) => row.consumerUserId !== consumerUserId);
}

/** A bot has one webhook: a second agent would take the first one's updates. */
async function refuseTakenBot(
  ctx: QueryCtx,
  { consumerUserId, secretRef, token }: { consumerUserId: string; secretRef: string; token: string },
): Promise<void> {
  const botId = botIdOfToken(token);
  if (botId === null) return;
  const others = await ctx.db
    .query("telegramTokens")
    .withIndex("by_botId", (q) => q.eq("botId", botId))
    .take(MAX_ASSOCIATIONS);
  if (others.some((row) => row.secretRef !== secretRef && row.importedFor !== consumerUserId)) {
    throw factoryError("telegram_bot_taken", "This Telegram bot already serves another agent");
  }
}

async function noteOwner(
  ctx: MutationCtx,
  { consumerUserId, secretRef, version }: { consumerUserId: string; secretRef: string; version: number },
): Promise<void> {
  const owner = { importedFor: consumerUserId, importedVersion: version };
  const known = await findToken(ctx, secretRef);
  if (known) await ctx.db.patch(known._id, owner);
  else await ctx.db.insert("telegramTokens", { secretRef, ...owner });
}
