/** Users of the host and their agents: bindings, pairing codes, onboarding. */
import { v, type Infer } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

/**
 * - `telegramBotId`: The bot the binding is for; absent until it is known.
 */
const vBindingView = lazy(() =>
  v.object({
    consumerUserId: v.string(),
    agentKey: v.string(),
    status: oneOf("active", "revoked"),
    source: oneOf("manual", "telegram_pairing", "api"),
    telegramUserId: orNull.string,
    telegramChatId: orNull.string,
    telegramBotId: opt.string,
    telegramBotUsername: opt.string,
    metadata: v.union(v.record(v.string(), v.string()), v.null()),
    boundAt: v.number(),
    revokedAt: orNull.number,
  }),
);
export type BindingView = Infer<typeof vBindingView>;

/**
 * - `code`: Readable while the code is pending; blank afterwards, unless the caller named the code.
 * - `telegramBotId`: The only bot that takes the code; absent when the agent's bot was not known yet.
 */
const vPairingView = lazy(() =>
  v.object({
    code: v.string(),
    consumerUserId: v.string(),
    agentKey: v.string(),
    status: oneOf("pending", "used", "expired"),
    createdAt: v.number(),
    expiresAt: v.number(),
    usedAt: orNull.number,
    telegramUserId: orNull.string,
    telegramChatId: orNull.string,
    telegramBotId: opt.string,
    telegramBotUsername: opt.string,
  }),
);
export type PairingView = Infer<typeof vPairingView>;

const user = lazy(() => ({ consumerUserId: v.string() }));
const userAgent = lazy(() => ({ ...user, agentKey: v.string() }));

/**
 * Makes the agent the user's one active agent. Ends the user's other bindings, and other users' bindings that hold the
 * same Telegram account or chat at the same bot. A disabled profile is accepted. Throws `agent_not_found`.
 */
export const bindUserAgent = mutation("people", { for: "admin" })(() => ({
  args: {
    ...userAgent,
    source: v.optional(oneOf("manual", "telegram_pairing", "api")),
    telegramUserId: opt.string,
    telegramChatId: opt.string,
    metadata: v.optional(v.record(v.string(), v.string())),
  },
  returns: vBindingView,
}));
/** `revoked` counts the bindings ended: 0 or 1. */
export const revokeUserAgentBinding = mutation("people", { for: "write" })(() => ({
  args: user,
  returns: v.object({ revoked: v.number() }),
}));
/** The user's active binding; null without one. */
export const getUserAgentBinding = query("people", { for: "read" })(() => ({
  args: user,
  returns: v.union(vBindingView, v.null()),
}));
/** The agent that the user is bound to; null without one. */
export const resolveAgentForUser = query("people", { for: "read", as: "myAgentKey" })(() => ({
  args: user,
  returns: v.object({ consumerUserId: v.string(), agentKey: orNull.string }),
}));
/** The user id first, then the chat id; looks at no profile. */
export const resolveAgentForTelegram = query("people", { for: "admin" })(() => ({
  args: { telegramUserId: opt.string, telegramChatId: opt.string },
  returns: v.object({ consumerUserId: orNull.string, agentKey: orNull.string }),
}));

/**
 * What ties a user to an agent.
 * - returns `workspace`: The agent's; null when there is no such agent.
 * - returns `binding`: Of the pair's newest binding; null when there never was one.
 * - returns `granted`: The host gave the agent to the user (`bindUserAgent`); a pairing alone does not, because users make
 *   their pairing codes themselves.
 */
export const getAgentMembership = query("people")(() => ({
  args: userAgent,
  returns: v.object({
    workspace: orNull.string,
    binding: v.union(v.literal("active"), v.literal("revoked"), v.null()),
    granted: v.boolean(),
  }),
}));

/**
 * - `ttlMs`: Default 900 000, clamped to 60 000..86 400 000.
 */
const pairingArgs = lazy(() => ({
  ...userAgent,
  ttlMs: opt.number,
}));
/**
 * A one-time code for `/start <code>`. Ends the user's pending codes for the same agent. Throws `agent_not_found` for a
 * missing or disabled profile.
 */
export const createPairingCode = mutation("people", { for: "write" })(() => ({
  args: pairingArgs,
  returns: vPairingView,
}));
/** As createPairingCode, with the link that opens the bot; null until the bot's username is verified. */
export const createUserAgentPairing = mutation("people", { for: "write" })(() => ({
  args: pairingArgs,
  returns: v.object({ pairing: vPairingView, deepLink: orNull.string }),
}));
/** Binds the code's user to this Telegram account. Throws `pairing_code_not_found`, `pairing_code_ended`, `pairing_code_expired`. */
export const consumePairingCode = mutation("people", { for: "admin" })(() => ({
  args: { code: v.string(), telegramUserId: v.string(), telegramChatId: v.string() },
  returns: vPairingView,
}));
/** What became of a code; null for an unknown one. Whoever knows a code is its owner, or was given it by them. */
export const getPairingCodeStatus = query("people", { for: "read" })(() => ({
  args: { code: v.string() },
  returns: v.union(vPairingView, v.null()),
}));
/** The newest pairing of the user with the agent. */
export const getUserAgentPairingStatus = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.union(vPairingView, v.null()),
}));

/**
 * Stores a bot token for an agent as its user, under the agent's own ref. Refused (`telegram_token_not_allowed`) when the agent or its
 * token is somebody else's: a token that the operator imported is replaced only by a user to whom the host gave the agent
 * (`bindUserAgent`). Refused (`telegram_bot_taken`) when the bot serves another agent. Throws `agent_not_found`, `secret_empty`.
 */
export const importTelegramTokenForAgent = mutation("operators", { for: "write", agentUse: "manage" })(
  () => ({
    args: {
      ...userAgent,
      plaintextValue: v.string(),
      metadata: v.optional(v.record(v.string(), v.string())),
    },
    returns: v.object({ secretId: v.string(), secretRef: v.string(), version: v.number() }),
  }),
);

/** Derived from stored facts; `nextAction` is the first step that is missing. */
export const getUserAgentOnboardingState = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.object({
    agentKey: v.string(),
    telegramUsername: orNull.string,
    tokenSecretRef: orNull.string,
    tokenImported: v.boolean(),
    webhookReady: v.boolean(),
    pairingCode: orNull.string,
    pairingStatus: v.union(v.literal("pending"), v.literal("used"), v.literal("expired"), v.null()),
    pairingDeepLink: orNull.string,
    nextAction: oneOf("import_token", "configure_webhook", "create_pairing", "complete_pairing", "ready"),
  }),
}));

/**
 * - `workerRuntimeConfigPresent`: Whether a system prompt is set.
 * - `details`: The texts of the issues that keep the fleet from launching machines.
 */
const vConfigPresence = lazy(() => ({
  providerRuntimeConfigPresent: v.boolean(),
  workerRuntimeConfigPresent: v.boolean(),
  issues: v.array(v.string()),
  details: v.optional(v.array(v.object({ code: v.string(), message: v.string() }))),
}));
/** What the deployment lacks before anybody's agent can answer. */
export const getProviderOperationalReadiness = query("people", { for: "read" })(() => ({
  args: {},
  returns: v.object(vConfigPresence),
}));
/** What one of a user's agents lacks before they can write to it. */
export const getAgentOperationalReadiness = query("people", { for: "read" })(() => ({
  args: userAgent,
  returns: v.object({
    missingSecrets: v.array(v.string()),
    hasTelegramToken: v.boolean(),
    webhookReady: v.boolean(),
    ...vConfigPresence,
  }),
}));
/** The same under its older name. */
export const getTelegramAgentReadiness = query("people", { for: "read" })(() => getAgentOperationalReadiness);
