/** Which messages of a group an agent gets to see. No writes. */
import { isAddressed, isForAnotherBot } from "../../policy/telegram/addressed.js";
import type { TelegramMessage } from "../../policy/telegram/updateSchema.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { findBot } from "../channels/telegram/agentBot.js";
import { findAlbum } from "./albums.js";

/** By the policy `telegram.groupMessages`. A further part of an album goes where its first one went. */
export async function isMeantFor(
  ctx: QueryCtx,
  message: TelegramMessage,
  at: { botId: string; chatId: string; albumId?: string | undefined },
): Promise<boolean> {
  const bot = { botId: at.botId, username: (await findBot(ctx, at.botId))?.username ?? null };
  if (isForAnotherBot(message, bot)) return false;
  if (isAddressed(message, bot)) return true;
  if ((await loadRuntime(ctx)).policies.telegram.groupMessages === "all") return true;
  return at.albumId !== undefined && (await findAlbum(ctx, { ...at, albumId: at.albumId })) !== null;
}
