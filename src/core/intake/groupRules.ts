/** Which messages of a group an agent gets to see. No writes. */
import type { AccountName, Addressee } from "../../policy/channels/events.js";
import type { QueryCtx } from "../../component/_generated/server.js";
import { findAccount } from "../channels/accounts.js";
import { channelOf } from "../channels/registry.js";
import { loadRuntime } from "../config/runtime.js";
import { findAlbum } from "./albums.js";

/** By the channel's policy. A further part of an album goes where its first one went. */
export async function isMeantFor(
  ctx: QueryCtx,
  addressee: (account: AccountName) => Addressee,
  at: { channel: string; accountId: string; chatId: string; albumId?: string | undefined },
): Promise<boolean> {
  const { groups } = channelOf(at.channel).capabilities;
  if (!groups) return false;
  const username = (await findAccount(ctx, at))?.username ?? null;
  const whom = addressee({ accountId: at.accountId, username });
  if (whom !== "nobody") return whom === "account";
  if (groups.wanted((await loadRuntime(ctx)).policies) === "all") return true;
  return at.albumId !== undefined && (await findAlbum(ctx, { ...at, albumId: at.albumId })) !== null;
}
