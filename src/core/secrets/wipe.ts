/** Destroying values. What is left of a version says that it existed, and nothing of its value. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";

/** Empties both byte fields: without the wrapped key the value could not be opened even from a copy of the row's value. */
export async function wipeVersion(ctx: MutationCtx, row: Doc<"secrets">, now: number): Promise<void> {
  await ctx.db.patch(row._id, {
    encryptedValue: new ArrayBuffer(0),
    wrappedKey: new ArrayBuffer(0),
    active: false,
    supersededAt: row.supersededAt ?? now,
    wipedAt: now,
  });
}
