/** When a message has waited long enough for its files. */
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { stopWaiting } from "./stopWaiting.js";
import { filesOf } from "../attachments/view.js";

/** Ends the message's wait unless a file of it is still being fetched, or its album is not complete. */
export async function releaseWhenComplete(ctx: MutationCtx, message: Id<"messageQueue">): Promise<void> {
  const row = await ctx.db.get(message);
  if (row?.waiting === undefined || row.waiting.collecting === true) return;
  const files = await filesOf(ctx, message, "message");
  if (files.every(({ status }) => status !== "pending")) await stopWaiting(ctx, row);
}
