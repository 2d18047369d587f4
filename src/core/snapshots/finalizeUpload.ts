/** The end of an upload: it becomes a snapshot, which supersedes others, or failed. Writes `dataSnapshots` and the worker. */
import * as contract from "../../contract/snapshots.js";
import { isArchiveLocation } from "../../policy/snapshots/archiveLocation.js";
import { factoryError } from "../../contract/errors.js";
import { hexOfSha256 } from "../../policy/snapshots/sha256.js";
import { loadRuntime } from "../config/runtime.js";
import { asMutation } from "../functions.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { wakeFleet } from "../signals/fleet.js";
import { findWorker } from "../workers/register.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";
import { transitionWorker } from "../workers/transition.js";
import { readySnapshots, NEVER, SUPERSEDED_GRACE_MS } from "./newest.js";
import { findOwnSnapshot } from "./bound.js";
import { cutText } from "../../policy/text/cut.js";

/** Further superseded rows marked with each finalize: each adds one, so more than one means it catches up. */
const CATCH_UP = 8;

export const finalizeDataSnapshotUpload = asMutation(contract.finalizeDataSnapshotUpload)(async (
  ctx,
  args,
) => {
  const grant = await authorizeWorker(ctx, args);
  const row = await findOwnSnapshot(ctx, grant, args);
  if (!row || (row.status !== "uploading" && row.status !== "ready")) return false;
  if (row.status === "ready" && (row.archiveFileId ?? row.location) !== (args.storageId ?? args.location))
    return false;
  const { snapshots } = (await loadRuntime(ctx)).policies;
  if (row.status === "uploading") {
    const file = await verifiedArchive(ctx, row, args, snapshots.maxBytes);
    const now = Date.now();
    await ctx.db.patch(row._id, {
      ...file,
      status: "ready",
      completedAt: now,
      expiresAt: row.conversationId === undefined ? now + snapshots.uploadExpiryMs : NEVER,
    });
    await supersede(ctx, row, snapshots.keep, now + SUPERSEDED_GRACE_MS);
  }
  await noteSaved(ctx, row);
  return true;
});

type Described = { storageId?: string; location?: string; sha256: string; sizeBytes: number };

async function verifiedArchive(
  ctx: MutationCtx,
  row: Doc<"dataSnapshots">,
  args: Described,
  maxBytes: number,
) {
  const { storageId, location, ...described } = args;
  if ((storageId === undefined) === (location === undefined))
    throw factoryError("invalid_argument", "Exactly one of storageId and location must be given.");
  if (location !== undefined) return describedArchive(row, { ...described, location }, maxBytes);
  return await verifiedFile(ctx, row, { ...described, storageId: storageId ?? "" }, maxBytes);
}

/** An archive that the component cannot reach: only what it can know is checked. */
function describedArchive(
  row: Doc<"dataSnapshots">,
  args: { location: string; sha256: string; sizeBytes: number },
  maxBytes: number,
): { location: string; sha256: string; sizeBytes: number } {
  const { location, sizeBytes } = args;
  const sha256 = hexOfSha256(args.sha256);
  if (!isArchiveLocation(location, row._id)) {
    throw factoryError(
      "snapshot_mismatch",
      "The location is no s3:// address that ends with this snapshot's id.",
    );
  }
  if (sha256 === null || !Number.isInteger(sizeBytes) || sizeBytes < 1)
    throw factoryError("snapshot_mismatch", "The archive's hash or size is none.");
  if (sizeBytes > maxBytes)
    throw factoryError("snapshot_too_large", `The archive has ${sizeBytes} bytes; ${maxBytes} are allowed.`);
  return { location, sha256, sizeBytes };
}

/**
 * The stored file, if it is what the worker says and this row's alone: not another row's, and not older than the row, so
 * that nobody makes a foreign file its snapshot in order to download it.
 */
async function verifiedFile(
  ctx: MutationCtx,
  row: Doc<"dataSnapshots">,
  args: { storageId: string; sha256: string; sizeBytes: number },
  maxBytes: number,
): Promise<{ archiveFileId: Id<"_storage">; sha256: string; sizeBytes: number }> {
  const archiveFileId = ctx.db.system.normalizeId("_storage", args.storageId);
  const file = archiveFileId && (await ctx.db.system.get(archiveFileId));
  const used =
    archiveFileId &&
    (await ctx.db
      .query("dataSnapshots")
      .withIndex("by_archiveFileId", (q) => q.eq("archiveFileId", archiveFileId))
      .first());
  if (!file || used || file._creationTime < row._creationTime) {
    throw factoryError("snapshot_mismatch", "There is no upload of this snapshot under that storage id.");
  }
  const sha256 = hexOfSha256(args.sha256);
  if (sha256 === null || sha256 !== hexOfSha256(file.sha256) || args.sizeBytes !== file.size) {
    throw factoryError(
      "snapshot_mismatch",
      "The stored file differs from the one that the worker describes.",
    );
  }
  if (file.size > maxBytes) {
    throw factoryError("snapshot_too_large", `The archive has ${file.size} bytes; ${maxBytes} are allowed.`);
  }
  return { archiveFileId, sha256, sizeBytes: file.size };
}

/** Those beyond the newest `keep` get a date; the sweep deletes their files then. */
async function supersede(
  ctx: MutationCtx,
  row: Doc<"dataSnapshots">,
  keep: number,
  at: number,
): Promise<void> {
  const { workspaceId: workspace, agentKey, conversationId } = row;
  if (conversationId === undefined) return;
  const ready = await readySnapshots(ctx, { workspace, agentKey, conversationId }).take(keep + CATCH_UP);
  for (const old of ready.slice(keep)) {
    if (old.expiresAt === NEVER) await ctx.db.patch(old._id, { expiresAt: at });
  }
}

/** A draining worker has nothing left to do once its memory is safe. */
async function noteSaved(ctx: MutationCtx, row: Doc<"dataSnapshots">): Promise<void> {
  const worker = await findWorker(ctx, row.workerId);
  if (!worker) return;
  if (worker.status !== "draining" || row.reason === "periodic") return;
  await transitionWorker(ctx, worker, "stopping");
  // Its machine can go at once.
  if (worker.provider !== "external") await wakeFleet(ctx, Date.now());
}

const MAX_ERROR_CHARS = 500;

export const failDataSnapshotUpload = asMutation(contract.failDataSnapshotUpload)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const row = await findOwnSnapshot(ctx, grant, args);
  if (!row || (row.status !== "uploading" && row.status !== "failed")) return false;
  if (row.status === "uploading") {
    await ctx.db.patch(row._id, { status: "failed", error: cutText(args.error, MAX_ERROR_CHARS) });
    if (args.upload) await removeUpload(ctx, row, args.upload);
  }
  return true;
});

/**
 * Deletes the file if it is newer than the row, no snapshot, and has the hash that its uploader knows: other domains store
 * files too, and an id alone must not be enough to delete one. It meets a finalize of this very row or file and no other: whoever
 * comes second must see whether the file became memory.
 */
async function removeUpload(
  ctx: MutationCtx,
  row: Doc<"dataSnapshots">,
  upload: { storageId: string; sha256: string },
): Promise<void> {
  const id = ctx.db.system.normalizeId("_storage", upload.storageId);
  const file = id && (await ctx.db.system.get(id));
  const sha256 = hexOfSha256(upload.sha256);
  if (!id || !file || sha256 === null || sha256 !== hexOfSha256(file.sha256)) return;
  if (file._creationTime < row._creationTime) return;
  const used = await ctx.db
    .query("dataSnapshots")
    .withIndex("by_archiveFileId", (q) => q.eq("archiveFileId", id))
    .first();
  if (!used) await ctx.storage.delete(id);
}
