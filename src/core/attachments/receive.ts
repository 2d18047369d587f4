/** Notes the files of a message and starts fetching them. Writes `attachments`. */
import type { Policies } from "../../contract/policies.js";
import type { TelegramFile } from "../../policy/telegram/media.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../component/_generated/server.js";
import { FAILED_ROW_RETENTION_MS } from "./retention.js";

/** One try must have ended by then: Telegram's answer, 20 MB of download, and the storing. */
export const TRY_MS = 120_000;
/** The fetching goes on after the message has stopped waiting: a later attempt may still have use for the file. */
const FETCH_FOR_MS = 300_000;

export interface FileSource {
  botId: string;
  updateId: number;
  /** Telegram's id of the message that the file came in. */
  place: number;
}

/** A file that came with this update before, or null. One document read. */
export const findByUpdate = (
  ctx: QueryCtx,
  { botId, updateId }: { botId: string; updateId: number },
): Promise<Doc<"attachments"> | null> =>
  ctx.db
    .query("attachments")
    .withIndex("by_update", (q) => q.eq("botId", botId).eq("updateId", updateId))
    .first();

export const isTooLarge = (file: TelegramFile, policy: Policies["attachments"]): boolean =>
  (file.sizeBytes ?? 0) > policy.maxBytes;

const tooLarge = (sizeBytes: number, policy: Policies["attachments"]): string =>
  `The file has ${sizeBytes} bytes, at most ${policy.maxBytes} are fetched`;

/** What is declared too large is not asked for: Telegram would refuse it. */
export async function receiveFiles(
  ctx: MutationCtx,
  message: Id<"messageQueue">,
  files: readonly TelegramFile[],
  source: FileSource,
  policy: Policies["attachments"],
): Promise<void> {
  const now = Date.now();
  for (const { fileId, ...file } of files) {
    const row = { message, side: "message" as const, ...file, ...source, telegramFileId: fileId, tries: 0 };
    if (isTooLarge({ fileId, ...file }, policy)) {
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
    await ctx.scheduler.runAfter(0, internal.telegram.runFetch, { attachment });
  }
}
