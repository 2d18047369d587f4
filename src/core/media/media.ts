/** Where workers put files of a conversation, and where they are read. Writes only the component's file storage. */
import * as contract from "../../contract/media.js";
import { asMutation, asQuery } from "../functions.js";
import { authorizeWorker } from "../workers/tokens/authorize.js";

export const generateMediaUploadUrl = asMutation(contract.generateMediaUploadUrl)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  return { uploadUrl: await ctx.storage.generateUploadUrl() };
});

export const getStorageFileUrl = asQuery(contract.getStorageFileUrl)(async (ctx, args) => {
  await authorizeWorker(ctx, args);
  const storageId = ctx.db.system.normalizeId("_storage", args.storageId);
  return storageId && (await ctx.storage.getUrl(storageId));
});
