import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";

/** Deletes a file. One that is gone already (an operator deleted it) is no error: the rows behind it in a sweep must go too. */
export async function deleteFile(ctx: MutationCtx, file: Id<"_storage">): Promise<void> {
  if (await ctx.db.system.get(file)) await ctx.storage.delete(file);
}
