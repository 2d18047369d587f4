/** Which schedules are legal; the texts are those of 1.0.11. */
import type { Periodicity, Schedule, Slot } from "../../contract/pushing.js";
import { Temporal } from "temporal-polyfill";

/** What is wrong with a schedule on its own, or null. */
export function scheduleFault(schedule: Schedule): string | null {
  if (schedule.kind === "manual") return null;
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(schedule.time))
    return `Invalid time '${schedule.time}', expected HH:mm`;
  if (schedule.kind === "weekly" && !isWhole(schedule.weekday, 1, 7))
    return "Weekly schedule weekday must be in range 1..7";
  if (schedule.kind === "monthly" && schedule.dayOfMonth !== "last" && !isWhole(schedule.dayOfMonth, 1, 31))
    return "Monthly schedule dayOfMonth must be 1..31 or 'last'";
  return null;
}

/** What is wrong with the suggested times of a template, or null. */
export function suggestedTimesFault(
  periodicity: Periodicity,
  suggestedTimes: readonly Slot[],
): string | null {
  if (periodicity === "manual" && suggestedTimes.length > 0)
    return "Manual template does not accept suggested times";
  if (suggestedTimes.some((slot) => slot.kind !== periodicity))
    return "All suggested times must match template periodicity";
  for (const slot of suggestedTimes) {
    const fault = scheduleFault(slot);
    if (fault !== null) return fault;
  }
  return null;
}

const isWhole = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;

/** A slot this close is taken as the one that just fired (contract 1.0.11: strictly later than now + 1 s). */
const JUST_FIRED_MS = 1_000;

/** Case-insensitive IANA names; offsets such as `+02:00` know no daylight saving and are refused. */
export function isTimeZone(timezone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(timezone)) return false;
  try {
    new Temporal.ZonedDateTime(0n, timezone);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param timezone a legal one; throws RangeError otherwise.
 * @param afterMs epoch ms; the result is strictly later than a second after it.
 * @returns epoch ms, or null for a manual schedule, which never fires by itself.
 */
export function nextRun(schedule: Schedule, timezone: string, afterMs: number): number | null {
  if (schedule.kind === "manual") return null;
  const after = afterMs + JUST_FIRED_MS;
  const today = Temporal.Instant.fromEpochMilliseconds(after).toZonedDateTimeISO(timezone).toPlainDate();
  const time = Temporal.PlainTime.from(schedule.time);
  for (const date of datesOf(schedule, today)) {
    const at = instantOf(date.toPlainDateTime(time), timezone);
    if (at > after) return at;
  }
  throw new RangeError(`no slot of ${JSON.stringify(schedule)} follows ${after} in ${timezone}`);
}

/** Days on which the slot lies, ascending. They begin before today: a slot in a gap may fire on the day after. */
function* datesOf(slot: Slot, today: Temporal.PlainDate): Generator<Temporal.PlainDate> {
  switch (slot.kind) {
    case "daily":
      for (let day = -1; day <= 3; day++) yield today.add({ days: day });
      return;
    case "weekly": {
      const thisWeek = today.add({ days: slot.weekday - today.dayOfWeek });
      for (let week = -1; week <= 2; week++) yield thisWeek.add({ weeks: week });
      return;
    }
    case "monthly":
      for (let month = -1; month <= 2; month++) {
        const first = today.with({ day: 1 }).add({ months: month });
        // `constrain`, the default, clamps to the month's last day.
        yield first.with({ day: slot.dayOfMonth === "last" ? 31 : slot.dayOfMonth });
      }
  }
}

function instantOf(local: Temporal.PlainDateTime, timezone: string): number {
  const earlier = local.toZonedDateTime(timezone, { disambiguation: "earlier" });
  if (earlier.toPlainDateTime().equals(local)) return earlier.epochMilliseconds;
  // In a gap `earlier` lies before it; the clock is valid again from the transition on.
  const end = earlier.getTimeZoneTransition("next");
  if (end === null) throw new RangeError(`${timezone} skips ${local.toString()} without a transition`);
  return end.epochMilliseconds;
}
