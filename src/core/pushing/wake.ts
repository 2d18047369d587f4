/**
 * A slot has come: its jobs run, a batch per transaction, one batch after the other. Each slot has its own chain over its own
 * jobs, so the chains of neighbouring minutes do not meet.
 */
import { asMutation } from "../functions.js";
import { v } from "convex/values";
import { internal } from "../../component/_generated/api.js";

import { batchOfJobs, runBatch } from "./dispatchDue.js";
import { armWake } from "./jobFields.js";

export const slot = asMutation({ args: { at: v.number() }, returns: v.null() })(async (ctx, { at }) => {
  if (Date.now() < at) {
    await armWake(ctx, at);
    return null;
  }
  const ofSlot = ctx.db.query("messagePushJobs").withIndex("by_due", (q) => q.eq("nextRunAt", at));
  const { jobs, restAfterMs } = await batchOfJobs(ofSlot);
  await runBatch(ctx, jobs);
  if (restAfterMs !== null) {
    await ctx.scheduler.runAfter(restAfterMs, internal.pushing.wakeSlot, { at });
    return null;
  }
  const timer = await ctx.db
    .query("messagePushWakes")
    .withIndex("by_at", (q) => q.eq("at", at))
    .first();
  if (timer) await ctx.db.delete(timer._id);
  return null;
});
