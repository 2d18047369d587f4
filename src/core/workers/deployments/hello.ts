/** A worker introduces itself. Writes one row per worker, and nothing when it says the same within a minute. */
import * as contract from "../../../contract/workers.js";
import { asMutation } from "../../functions.js";
import { internal } from "../../../component/_generated/api.js";
import type { Doc, Id } from "../../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../../component/_generated/server.js";
import { loadRuntime } from "../../config/runtime.js";
import { whyNot } from "../meet.js";
import { findWorker } from "../register.js";
import { authorizeWorker } from "../tokens/authorize.js";
import { cutText } from "../../../policy/text/cut.js";

const DAY_MS = 86_400_000;
/** Of a report, after its worker said something last. */
export const KEEP_MS = 30 * DAY_MS;
const MAX_CHARS = 253;
const REPEAT_WITHIN_MS = 60_000;

export const workerHello = asMutation(contract.workerHello)(async (ctx, args) => {
  const grant = await authorizeWorker(ctx, args);
  const { tokenId } = grant;
  const worker = await findWorker(ctx, args.workerId);
  const { staleAfterMs } = (await loadRuntime(ctx)).policies.lease;
  const refusal = await whyNot(ctx, worker, { ...args, grant }, staleAfterMs);
  if (refusal) throw refusal;
  if (args.leaving === true) return await noteLeaving(ctx, worker, args.instance);
  const now = Date.now();
  const cut = (text: string): string => cutText(text, MAX_CHARS);
  const said = {
    worker: args.workerId,
    tokenId: tokenId ?? undefined,
    version: cut(args.version),
    host: cut(args.host),
    engine: cut(args.engine),
    mode: cut(args.mode),
  };
  const fresh = { ...said, saidAt: now, keepUntil: now + KEEP_MS };
  const known = await ctx.db
    .query("workerReports")
    .withIndex("by_worker", (q) => q.eq("worker", args.workerId))
    .first();
  if (known) {
    const same = (Object.keys(said) as (keyof typeof said)[]).every((name) => known[name] === said[name]);
    if (!same || now - known.saidAt >= REPEAT_WITHIN_MS) await ctx.db.patch(known._id, fresh);
    return null;
  }
  // Stale: workers of one token that start together must not meet over what the others insert.
  const replaced: Id<"workerReports"> | null = await ctx.runQuery(
    internal.queue.findReplacedReport,
    { tokenId: said.tokenId },
    { useStaleSnapshot: true },
  );
  if (replaced && (await ctx.db.get(replaced))) await ctx.db.delete(replaced);
  await ctx.db.insert("workerReports", fresh);
  return null;
});

/** Its id is free for another process at once; but one that holds a conversation has it on its own disk, and comes back for that. */
async function noteLeaving(
  ctx: MutationCtx,
  worker: Doc<"workers"> | null,
  instance: string | undefined,
): Promise<null> {
  const isLast = worker?.instance !== undefined && worker.instance === instance;
  if (isLast && !worker.binding) await ctx.db.patch(worker._id, { instance: undefined });
  return null;
}
