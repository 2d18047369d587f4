/** What a Telegram bot token and the ref of its secret say by themselves. */

// Telegram: `<bot id>:<35 characters>`; loose on the length, which Telegram does not promise.
const TOKEN = /^([1-9]\d*):[A-Za-z0-9_-]{30,80}$/;
/** Of a token that any agent may answer with. */
export const BOT_TOKEN_REF = "telegram.botToken";
const REF_PREFIX = `${BOT_TOKEN_REF}.`;

/** `telegram.botToken` itself, or that of one agent: `telegram.botToken.<agentKey>`. */
export const isBotTokenRef = (ref: string): boolean => ref === BOT_TOKEN_REF || ref.startsWith(REF_PREFIX);
/** Where an agent's own token lies. */
export const botTokenRefOf = (agentKey: string): string => `${REF_PREFIX}${agentKey}`;

/** The bot's public id, or null for a text that cannot be a token. */
export function botIdOfToken(token: string): string | null {
  return TOKEN.exec(token)?.[1] ?? null;
}

/** The agent a token belongs to by its ref, `telegram.botToken.<agentKey>`; null for one that serves any agent. */
export function agentKeyOfSecretRef(secretRef: string): string | null {
  if (!secretRef.startsWith(REF_PREFIX)) return null;
  const agentKey = secretRef.slice(REF_PREFIX.length);
  return agentKey === "" ? null : agentKey;
}
