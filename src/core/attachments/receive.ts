/** Notes the files of a message and starts fetching them. Writes `attachments`. */
import type { Policies } from "../../contract/policies.js";
import type { ChannelFile } from "../../policy/channels/events.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { channelOf } from "../channels/registry.js";
import { loadRuntime } from "../config/runtime.js";

/** One try must have ended by then: the channel's answer, 20 MB of download, and the storing. */
export const TRY_MS = 120_000;
/** The fetching goes on after the message has stopped waiting: a later attempt may still have use for the file. */
const FETCH_FOR_MS = 300_000;

/** The event that a file came with. */
export interface FileEvent {
  channel: string;
  accountId: string;
  eventId: string;
}
export interface FileSource extends FileEvent {
  /** Order among the files of a message. */
  place: number;
}

/** A file that came with this event before, or null. One document read. */
export const findByEvent = (
  ctx: QueryCtx,
  { channel, accountId, eventId }: FileEvent,
): Promise<Doc<"attachments"> | null> =>
  ctx.db
    .query("attachments")
    .withIndex("by_event", (q) => q.eq("channel", channel).eq("accountId", accountId).eq("eventId", eventId))
    .first();

export const isTooLarge = (file: ChannelFile, policy: Policies["attachments"]): boolean =>
  (file.sizeBytes ?? 0) > policy.maxBytes;

const tooLarge = (sizeBytes: number, policy: Policies["attachments"]): string =>
  `The file has ${sizeBytes} bytes, at most ${policy.maxBytes} are fetched`;

/** What is declared too large is not asked for: the channel would refuse it. */
export async function receiveFiles(
  ctx: MutationCtx,
  message: Id<"messageQueue">,
  files: readonly ChannelFile[],
  source: FileSource,
  policy: Policies["attachments"],
): Promise<void> {
  const now = Date.now();
  for (const file of files) {
    const row = { message, side: "message" as const, ...file, ...source, tries: 0 };
    if (isTooLarge(file, policy)) {
      await ctx.db.insert("attachments", {
        ...row,
        status: "failed",
        error: tooLarge(file.sizeBytes ?? 0, policy),
        dueAt: now + FAILED_ROW_RETENTION_MS,
      });
      continue;
    }
    const attachment = await ctx.db.insert("attachments", {
      ...row,
      status: "pending",
      giveUpAt: now + Math.max(policy.waitMs, FETCH_FOR_MS),
      dueAt: now + TRY_MS,
    });
    await startFetch(ctx, { _id: attachment, channel: source.channel }, now);
  }
}

/** Starts the action of the file's channel. */
export async function startFetch(
  ctx: MutationCtx,
  { _id: attachment, channel = "" }: Pick<Doc<"attachments">, "_id" | "channel">,
  at: number,
): Promise<void> {
  const { files } = channelOf(channel).capabilities;
  if (files) return void (await ctx.scheduler.runAt(at, files.fetch(), { attachment }));
  // A channel that is no more, or that has no files; the message goes on at the end of its wait.
  await ctx.db.patch(attachment, {
    status: "failed",
    error: "The channel that it came by hands out no files",
    dueAt: at + FAILED_ROW_RETENTION_MS,
  });
}

/** How long it stays on record that a file could not be had, or has expired. */
export const FAILED_ROW_RETENTION_MS = 30 * 86_400_000;

/** When a file that is stored now expires. */
export const fileExpiry = async (ctx: MutationCtx): Promise<number> =>
  Date.now() + (await loadRuntime(ctx)).policies.attachments.retentionMs;
