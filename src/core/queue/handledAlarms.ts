/** What the handlers of alarms do with them: take their own, and set the next one. See `alarms.ts`. */
import { internal } from "../../component/_generated/api.js";
import type { Doc, Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import { setReapAlarm } from "../line/alarms.js";

/** Only the reaper's own handlers come here, so a real look makes nobody else retry. */
export async function setReapAlarmUnlessSet(ctx: MutationCtx, at: number): Promise<void> {
  const set = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", "reap").eq("at", at))
    .first();
  if (set === null) await setReapAlarm(ctx, at);
}

/** Plans a look of the scheduler, unless that very one is planned. For looks alone. */
export async function planLook(ctx: MutationCtx, at: number): Promise<void> {
  const planned = await ctx.db
    .query("alarms")
    .withIndex("by_kind", (q) => q.eq("kind", "look").eq("at", at))
    .first();
  if (planned !== null) return;
  const alarm = await ctx.db.insert("alarms", { kind: "look", at });
  await ctx.scheduler.runAt(at, internal.queue.observe, { alarm });
}

/** Deletes the alarm; false when somebody already did, and with it what it stood for. */
export async function takeAlarm(ctx: MutationCtx, alarm: Id<"alarms">): Promise<Doc<"alarms"> | null> {
  const row = await ctx.db.get(alarm);
  if (row !== null) await ctx.db.delete(alarm);
  return row;
}
