/**
 * Fetches one file from its channel into the component's storage, after the event was acknowledged. An action that starts
 * itself again, with its state in the row: `begin` counts the try, `end` writes its result once, whoever comes first, and
 * deletes a second copy. An action that the platform lost is started again by the sweep. The message stops waiting when
 * the last of its files has ended.
 */
import { asMutation, asAction } from "../functions.js";
import { v, type Infer } from "convex/values";
import { backoffMs, equalJitter } from "../../policy/retry/backoff.js";
import { internal } from "../../component/_generated/api.js";
import type { Doc } from "../../component/_generated/dataModel.js";
import type { ActionCtx, MutationCtx } from "../../component/_generated/server.js";
import { loadRuntime } from "../config/runtime.js";
import { credentialsOf } from "../channels/credentials.js";
import type { FetchFile } from "../channels/channel.js";
import { activeSecret } from "../secrets/vault.js";
import { startFetch, TRY_MS, FAILED_ROW_RETENTION_MS, fileExpiry } from "../attachments/receive.js";
import { releaseWhenComplete } from "../queue/filesArrived.js";

const BACKOFF = equalJitter(1_000, 30_000);
/** Refs that may hold one account's credential; normally there is one. */
const MAX_REFS = 5;

const vResult = v.union(
  v.object({ kind: v.literal("stored"), storageId: v.id("_storage"), sizeBytes: v.number() }),
  v.object({ kind: v.literal("failed"), error: v.string() }),
  v.object({ kind: v.literal("later"), error: v.string(), afterMs: v.optional(v.number()) }),
);
type Result = Infer<typeof vResult>;
const vTask = v.object({
  fileId: v.string(),
  mimeType: v.optional(v.string()),
  secretRef: v.union(v.string(), v.null()),
  maxBytes: v.number(),
});
type Task = Infer<typeof vTask>;

/** What a channel's module registers, with the way in which the channel gives files. */
export const fetchingWith = (fetchFile: FetchFile) =>
  asAction({ args: { attachment: v.id("attachments") }, returns: v.null() })(async (ctx, { attachment }) => {
    const task: Task | null = await ctx.runMutation(internal.workers.beginFetch, { attachment });
    if (task === null) return null;
    const result = await tryOnce(ctx, task, fetchFile);
    await ctx.runMutation(internal.workers.endFetch, { attachment, result });
    return null;
  });

async function tryOnce(ctx: ActionCtx, task: Task, fetchFile: FetchFile): Promise<Result> {
  const { secretRef, fileId, maxBytes } = task;
  if (secretRef === null)
    return { kind: "failed", error: "There is no token for the account that got the file" };
  const credential: string | null = await ctx.runQuery(internal.workers.openSecret, { secretRef });
  if (credential === null) return { kind: "failed", error: `Secret '${secretRef}' has no active value` };
  const fetched = await fetchFile(credential.trim(), fileId, maxBytes);
  if (fetched.kind === "tooLarge")
    return {
      kind: "failed",
      error: `The file has more than ${maxBytes} bytes, which are the most that is fetched`,
    };
  if (fetched.kind !== "file") return fetched;
  const blob = new Blob(fetched.chunks, { type: servedType(task.mimeType) });
  try {
    return { kind: "stored", storageId: await ctx.storage.store(blob), sizeBytes: blob.size };
  } catch {
    return { kind: "later", error: "The file could not be stored" };
  }
}

/** What a browser would show but not run. The type is the sender's word: a page or a drawing with scripts is just bytes. */
function servedType(mimeType: string | undefined): string {
  const harmless = /^(image\/(jpeg|png|gif|webp)|(audio|video)\/[\w.+-]+|application\/pdf)$/;
  return mimeType !== undefined && harmless.test(mimeType) ? mimeType : "application/octet-stream";
}

/** Counts a try; null when there is nothing to do (any more). */
export const begin = asMutation({
  args: { attachment: v.id("attachments") },
  returns: v.union(vTask, v.null()),
})(async (ctx, { attachment }) => {
  const row = await ctx.db.get(attachment);
  if (row?.status !== "pending" || row.fileId === undefined) return null;
  const now = Date.now();
  if (now >= (row.giveUpAt ?? 0)) {
    await fail(ctx, row, row.error ?? "The file was not fetched in time");
    return null;
  }
  await ctx.db.patch(attachment, { tries: row.tries + 1, dueAt: now + TRY_MS });
  const { maxBytes } = (await loadRuntime(ctx)).policies.attachments;
  const secretRef = await secretRefOf(ctx, row);
  return { fileId: row.fileId, mimeType: row.mimeType, secretRef, maxBytes };
});

export const end = asMutation({
  args: { attachment: v.id("attachments"), result: vResult },
  returns: v.null(),
})(async (ctx, { attachment, result }) => {
  const row = await ctx.db.get(attachment);
  if (row?.status !== "pending") {
    if (result.kind === "stored") await ctx.storage.delete(result.storageId);
    return null;
  }
  if (result.kind === "stored") {
    const { storageId, sizeBytes } = result;
    const dueAt = await fileExpiry(ctx);
    await ctx.db.patch(attachment, { status: "ready", storageId, sizeBytes, dueAt, error: undefined });
    await releaseWhenComplete(ctx, row.message);
    return null;
  }
  const wait =
    result.kind === "failed" ? Infinity : (result.afterMs ?? backoffMs(row.tries, BACKOFF, Math.random()));
  const next = Date.now() + wait;
  if (next >= (row.giveUpAt ?? 0)) {
    await fail(ctx, row, result.error);
  } else {
    await ctx.db.patch(attachment, { error: result.error, dueAt: next + TRY_MS });
    await startFetch(ctx, row, next);
  }
  return null;
});

async function fail(ctx: MutationCtx, row: Doc<"attachments">, error: string): Promise<void> {
  const dueAt = Date.now() + FAILED_ROW_RETENTION_MS;
  await ctx.db.patch(row._id, { status: "failed", error, dueAt });
  await releaseWhenComplete(ctx, row.message);
}

/** The ref under which the credential of the file's account lies now. */
async function secretRefOf(
  ctx: MutationCtx,
  { channel = "", accountId = "" }: Doc<"attachments">,
): Promise<string | null> {
  for (const { secretRef } of await credentialsOf(ctx, { channel, accountId }, MAX_REFS))
    if (await activeSecret(ctx, secretRef)) return secretRef;
  return null;
}
