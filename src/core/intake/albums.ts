/**
 * An album comes as several updates without an end marker. Its first part makes the message, which is held back until no
 * further part came for a second; each part adds its files, and the captions become the text. A part that comes after the
 * message was handed out begins another one. Writes `albums` and what enqueueing and attachments write.
 */
import type { Policies } from "../../contract/policies.js";
import type { ChannelFile, ReadableMessage } from "../../policy/channels/events.js";
import { findByEvent, receiveFiles, type FileEvent } from "../attachments/receive.js";
import { MAX_FILES } from "../attachments/view.js";
import { channelOf } from "../channels/registry.js";
import { loadRuntime } from "../config/runtime.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { checkedPayload } from "../queue/enqueue.js";

/** The parts come one after the other; between two of them lies one answer of the webhook. */
const QUIET_MS = 1_000;

type Album = Doc<"albums">;
export interface AlbumKey {
  channel: string;
  accountId: string;
  chatId: string;
  albumId: string;
}
export type AlbumPart = ReadableMessage & { albumId: string };

export const findAlbum = (
  ctx: QueryCtx,
  { channel, accountId, chatId, albumId }: AlbumKey,
): Promise<Album | null> =>
  ctx.db
    .query("albums")
    .withIndex("by_album", (q) =>
      q.eq("channel", channel).eq("accountId", accountId).eq("chatId", chatId).eq("albumId", albumId),
    )
    .first();

/**
 * The message that the part belongs to. `begin` enqueues the first part's, held back as it is told. Throws what `begin`
 * throws, `text_too_large`.
 */
export async function takeAlbumPart(
  ctx: MutationCtx,
  part: AlbumPart,
  source: FileEvent,
  begin: (waiting: NonNullable<Doc<"messageQueue">["waiting"]>) => Promise<Id<"messageQueue">>,
): Promise<Id<"messageQueue">> {
  const seen = await findByEvent(ctx, source);
  if (seen) return seen.message;
  const { policies } = await loadRuntime(ctx);
  const now = Date.now();
  const { channel, accountId } = source;
  const key = { channel, accountId, chatId: part.chatId, albumId: part.albumId };
  const place = placeOf(part);
  const known = part.files.map(({ kind, fileId }) => ({ kind, fileId }));
  const caption = part.hasWords ? [{ place, text: part.messageText }] : [];
  const album = await findAlbum(ctx, key);
  const open = album && (await openMessage(ctx, album, now));
  if (album && open) {
    const captions = [...album.captions, ...caption].sort((a, b) => a.place - b.place);
    const files = [...album.files, ...known];
    await ctx.db.patch(album._id, { openUntil: now + QUIET_MS, captions, files });
    await join(ctx, open, { ...part, channel }, { captions, files }, policies.queue);
    await receiveFiles(ctx, open._id, part.files, { ...source, place }, policies.attachments);
    return open._id;
  }
  const until = now + Math.max(policies.attachments.waitMs, QUIET_MS);
  const message = await begin({ until, collecting: true });
  await receiveFiles(ctx, message, part.files, { ...source, place }, policies.attachments);
  const fields = { message, openUntil: now + QUIET_MS, captions: caption, files: known };
  if (album) await ctx.db.patch(album._id, fields);
  const id = album?._id ?? (await ctx.db.insert("albums", { ...key, ...fields }));
  await ctx.scheduler.runAt(fields.openUntil, internal.queue.closeAlbum, { album: id });
  return message;
}

/** The channel's number of the message: the order of an album's parts, in whichever order they arrive. */
export const placeOf = (message: ReadableMessage): number => Number(message.externalMessageId);

/** The album's message while it may still take a part. */
async function openMessage(ctx: QueryCtx, album: Album, now: number): Promise<Doc<"messageQueue"> | null> {
  const message = await ctx.db.get(album.message);
  if (message?.status !== "queued" || message.waiting?.collecting !== true) return null;
  if (message.waiting.until <= now) return null;
  return album.files.length < MAX_FILES ? message : null;
}

async function join(
  ctx: MutationCtx,
  message: Doc<"messageQueue">,
  part: AlbumPart & { channel: string },
  { captions, files }: { captions: Album["captions"]; files: ChannelFile[] },
  limits: Policies["queue"],
): Promise<void> {
  const said = captions.map(({ text }) => text).join("\n\n");
  const all = channelOf(part.channel).capabilities.files?.describe(files) ?? { text: "", metadata: {} };
  const payload = {
    ...message.payload,
    messageText: said === "" ? all.text : said,
    metadata: { ...part.metadata, ...message.payload.metadata, ...all.metadata },
  };
  await ctx.db.patch(message._id, { payload: checkedPayload(payload, limits) });
}
