/** Files that workers store for a conversation: photos and voice notes on their way to the model. */
import { v } from "convex/values";
import { defineRow, lazy } from "./row.js";

const workerToken = lazy(() => v.optional(v.string()));

/** A URL that takes one upload and answers `{storageId}`. */
export const generateMediaUploadUrl = defineRow({
  kind: "mutation",
  module: "workers",
  access: "worker",
  as: "workerGenerateMediaUploadUrl",
  operation: "media_upload_url",
  image: true,
})(() => ({
  args: { workerToken },
  returns: v.object({ uploadUrl: v.string() }),
}));
/** Null for an unknown, malformed or deleted id. */
export const getStorageFileUrl = defineRow({
  kind: "query",
  module: "workers",
  access: "worker",
  as: "workerGetStorageFileUrl",
  operation: "media_url",
  image: true,
})(() => ({
  args: { storageId: v.string(), workerToken },
  returns: v.union(v.string(), v.null()),
}));
