/** What a job's schedule is made of, checked; and its next run with the timer that wakes it. */
import { factoryError } from "../../contract/errors.js";
import type { Periodicity, Schedule } from "../../contract/pushing.js";
import { isTimeZone, nextRun, scheduleFault } from "../../policy/pushing/schedule.js";
import { internal } from "../../component/_generated/api.js";
import type { MutationCtx } from "../../component/_generated/server.js";

/** Throws `push_timezone_invalid`; returns the name without surrounding blanks. */
export function checkedTimezone(timezone: string): string {
  const name = timezone.trim();
  if (name === "") throw factoryError("push_timezone_invalid", "Timezone is required");
  if (!isTimeZone(name)) throw factoryError("push_timezone_invalid", `Invalid timezone '${timezone}'`);
  return name;
}

/** Throws `push_schedule_invalid`. */
export function checkedSchedule(periodicity: Periodicity, schedule: Schedule): Schedule {
  const fault =
    schedule.kind === periodicity ? scheduleFault(schedule) : "Schedule kind must match periodicity";
  if (fault !== null) throw factoryError("push_schedule_invalid", fault);
  return schedule;
}

/**
 * The next run reckoned from `after` (now), with a timer at that very minute; undefined when the job is disabled or manual, which
 * keeps it out of the due index.
 */
export async function scheduleNext(
  ctx: MutationCtx,
  job: { enabled: boolean; schedule: Schedule; timezone: string },
  after: number = Date.now(),
): Promise<number | undefined> {
  const at = job.enabled ? nextRun(job.schedule, job.timezone, after) : null;
  if (at === null) return undefined;
  await ensureWake(ctx, at);
  return at;
}

/** All jobs of one slot share one timer. One document read; writes only for the first job of the slot. */
async function ensureWake(ctx: MutationCtx, at: number): Promise<void> {
  const waiting = await ctx.db
    .query("messagePushWakes")
    .withIndex("by_at", (q) => q.eq("at", at))
    .first();
  if (waiting) return;
  await ctx.db.insert("messagePushWakes", { at });
  await armWake(ctx, at);
}

/** The timer of a slot. */
export async function armWake(ctx: MutationCtx, at: number): Promise<void> {
  await ctx.scheduler.runAt(at, internal.pushing.wakeSlot, { at });
}
