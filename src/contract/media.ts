/** Files that workers store for a conversation: photos and voice notes on their way to the model. */
import { v } from "convex/values";
import { mutation, opt, orNull, query } from "./row.js";

/** A URL that takes one upload and answers `{storageId}`. */
export const generateMediaUploadUrl = mutation("workers", "worker", {
  as: "workerGenerateMediaUploadUrl",
  operation: "media_upload_url",
  image: true,
})(() => ({
  args: { workerToken: opt.string },
  returns: v.object({ uploadUrl: v.string() }),
}));
/** Null for an unknown, malformed or deleted id. */
export const getStorageFileUrl = query("workers", "worker", {
  as: "workerGetStorageFileUrl",
  operation: "media_url",
  image: true,
})(() => ({
  args: { storageId: v.string(), workerToken: opt.string },
  returns: orNull.string,
}));
