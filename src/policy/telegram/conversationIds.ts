/**
 * The conversation ids that a chat's message may take, best first; it takes the first that is new or already its agent's.
 * A conversation's agent never changes, so a second bot (or a bot that changed its agent) goes on beside the first
 * instead of failing, and no agent meets another's history.
 */
export function telegramConversationIds(
  chatId: string,
  botId: string,
  agentKey: string,
): readonly [string, string, string] {
  return [`telegram:${chatId}`, `telegram:${chatId}:${botId}`, `telegram:${chatId}:${botId}:${agentKey}`];
}
