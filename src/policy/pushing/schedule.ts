/** Which schedules are legal; the texts are those of 1.0.11. */
import type { Periodicity, Schedule, Slot } from "../../contract/pushing.js";

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
