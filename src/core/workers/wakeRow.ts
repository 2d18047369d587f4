/** What passes tell a worker. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** The row that a worker's subscription shows; null: it was never rung, or not for a week. */
export const findWake = (ctx: Pick<QueryCtx, "db">, worker: string): Promise<Doc<"wakes"> | null> =>
  ctx.db
    .query("wakes")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();

/** Whether it was asked to save and give up the conversation that it holds now. */
export async function isAskedToRelease(
  ctx: Pick<QueryCtx, "db">,
  { workerId, binding }: Pick<Doc<"workers">, "workerId" | "binding">,
): Promise<boolean> {
  if (!binding) return false;
  const asked = (await findWake(ctx, workerId))?.release;
  return asked?.conversation === binding.conversation && asked.generation === binding.generation;
}
