import { z } from "zod";

const MINUTE_MS = 60_000;
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const DAY_MS = 86_400_000;
/** A cron line that matches no minute of the next nine years (two leap days apart, at worst) will not match at all. */
const SEARCH_MS = 9 * 366 * DAY_MS;

/** The schedules that convex's `cronJobs()` exports. */
export const scheduleSchema = z.union([
  z.object({ type: z.literal("interval"), seconds: z.number() }),
  z.object({ type: z.literal("interval"), minutes: z.number() }),
  z.object({ type: z.literal("interval"), hours: z.number() }),
  z.object({ type: z.literal("hourly"), minuteUTC: z.number().default(0) }),
  z.object({ type: z.literal("daily"), hourUTC: z.number(), minuteUTC: z.number().default(0) }),
  z.object({
    type: z.literal("weekly"),
    dayOfWeek: z.enum(DAYS),
    hourUTC: z.number(),
    minuteUTC: z.number().default(0),
  }),
  z.object({
    type: z.literal("monthly"),
    day: z.number(),
    hourUTC: z.number(),
    minuteUTC: z.number().default(0),
  }),
  z.object({ type: z.literal("cron"), cron: z.string() }),
]);
export type CronSchedule = z.output<typeof scheduleSchema>;

/**
 * Epoch ms of the first run after `afterMs`. All times are UTC.
 * @throws Error for a cron line that is malformed or never matches.
 */
export function nextRun(schedule: CronSchedule, afterMs: number): number {
  switch (schedule.type) {
    case "interval": {
      if ("seconds" in schedule) return afterMs + schedule.seconds * 1000;
      return afterMs + ("minutes" in schedule ? schedule.minutes : schedule.hours * 60) * MINUTE_MS;
    }
    case "hourly":
      return nextMatch(`${schedule.minuteUTC} * * * *`, afterMs);
    case "daily":
      return nextMatch(`${schedule.minuteUTC} ${schedule.hourUTC} * * *`, afterMs);
    case "weekly":
      return nextMatch(
        `${schedule.minuteUTC} ${schedule.hourUTC} * * ${DAYS.indexOf(schedule.dayOfWeek)}`,
        afterMs,
      );
    case "monthly":
      return nextMatch(`${schedule.minuteUTC} ${schedule.hourUTC} ${schedule.day} * *`, afterMs);
    case "cron":
      return nextMatch(schedule.cron, afterMs);
  }
}

function nextMatch(line: string, afterMs: number): number {
  const fields = line.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 5) throw new Error(`a cron line has five fields: ${line}`);
  const minutes = numbers(minute, 0, 59, line);
  const hours = numbers(hour, 0, 23, line);
  const days = numbers(day, 1, 31, line);
  const months = numbers(month, 1, 12, line);
  const weekdays = numbers(weekday, 0, 7, line);
  if (weekdays.has(7)) weekdays.add(0);
  const dayMatches = (at: Date) => {
    const byDay = days.has(at.getUTCDate());
    const byWeekday = weekdays.has(at.getUTCDay());
    // Cron's own rule: with both restricted, either is enough.
    return day === "*" || weekday === "*" ? byDay && byWeekday : byDay || byWeekday;
  };
  const endMs = afterMs + SEARCH_MS;
  let candidate = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  while (candidate < endMs) {
    const at = new Date(candidate);
    if (!months.has(at.getUTCMonth() + 1) || !dayMatches(at)) {
      candidate = Math.floor(candidate / DAY_MS) * DAY_MS + DAY_MS;
      continue;
    }
    if (minutes.has(at.getUTCMinutes()) && hours.has(at.getUTCHours())) return candidate;
    candidate += MINUTE_MS;
  }
  throw new Error(`this cron line never matches: ${line}`);
}

function numbers(field: string, lowest: number, highest: number, line: string): Set<number> {
  const found = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (!match) throw new Error(`cannot read ${part} in the cron line ${line}`);
    const [, first, last, step] = match;
    const from = first === undefined ? lowest : Number(first);
    const to = last !== undefined ? Number(last) : first === undefined || step !== undefined ? highest : from;
    if (from < lowest || to > highest || Number(step ?? 1) < 1)
      throw new Error(`${part} is out of range in the cron line ${line}`);
    for (let value = from; value <= to; value += Number(step ?? 1)) found.add(value);
  }
  return found;
}
