/** What passes tell a worker. */
import type { Doc } from "../../component/_generated/dataModel.js";
import type { QueryCtx } from "../../component/_generated/server.js";

/** The row that a worker's subscription shows; null: it was never rung, or not for a week. */
export const findWake = (ctx: Pick<QueryCtx, "db">, worker: string): Promise<Doc<"wakes"> | null> =>
  ctx.db
    .query("wakes")
    .withIndex("by_worker", (q) => q.eq("worker", worker))
    .unique();

/**
 * A worker hears the request with its next poll, a minute on at the latest, and an upload may take `SNAPSHOT_TIMEOUT_MS`, two minutes
 * by default. Whoever holds on for longer does not give way.
 */
export const RELEASE_WITHIN_MS = 180_000;

/** When it was asked to save and give up the conversation that it holds now (0: unknown when); null: it was not. */
export async function askedToReleaseAt(
  ctx: Pick<QueryCtx, "db">,
  { workerId, binding }: Pick<Doc<"workers">, "workerId" | "binding">,
): Promise<number | null> {
  if (!binding) return null;
  const asked = (await findWake(ctx, workerId))?.release;
  const isOfIt = asked?.conversation === binding.conversation && asked.generation === binding.generation;
  return isOfIt ? (asked.at ?? 0) : null;
}
