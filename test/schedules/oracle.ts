/**
 * What a schedule should do, worked out without Temporal: the zone's UTC offsets come from `Intl` alone, found to the second
 * by bisection, and a local time is looked for among the stretches of equal offset.
 */
import type { Slot } from "../../src/contract/pushing.js";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** Seconds-exact local time minus UTC at an instant. */
function offsetReader(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - at;
  };
}

/** A stretch of time with one offset: [from, to). */
interface Stretch {
  from: number;
  to: number;
  offset: number;
}

/** Whole seconds only. A zone that changes twice within a day would be misread; none does in the years tested. */
function stretchesOf(timezone: string, from: number, to: number): Stretch[] {
  const offsetAt = offsetReader(timezone);
  const stretches: Stretch[] = [];
  let start = from;
  let offset = offsetAt(from);
  for (let day = from; day < to; day += DAY_MS) {
    const next = Math.min(day + DAY_MS, to);
    const changed = offsetAt(next);
    if (changed === offset) continue;
    let [low, high] = [day, next];
    while (high - low > SECOND_MS) {
      const middle = low + Math.floor((high - low) / 2 / SECOND_MS) * SECOND_MS;
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    stretches.push({ from: start, to: high, offset });
    [start, offset] = [high, changed];
  }
  return [...stretches, { from: start, to, offset }];
}

/** The first instant whose local time is that one, or, in a gap, the first whose local time is later. */
function instantOf(stretches: readonly Stretch[], local: number): number {
  for (const { from, to, offset } of stretches) {
    const at = local - offset;
    if (at >= from && at < to) return at;
  }
  for (const { from, offset } of stretches) if (from + offset > local) return from;
  throw new Error("outside the years looked at");
}

function daysOf(slot: Slot, around: number): number[] {
  const days: number[] = [];
  const reach = { daily: 3, weekly: 9, monthly: 65 }[slot.kind] * DAY_MS;
  for (let day = around - reach; day <= around + reach; day += DAY_MS) {
    const date = new Date(day);
    const lastOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    const isDay =
      slot.kind === "daily" ||
      (slot.kind === "weekly" && ((date.getUTCDay() + 6) % 7) + 1 === slot.weekday) ||
      (slot.kind === "monthly" &&
        date.getUTCDate() ===
          (slot.dayOfMonth === "last" ? lastOfMonth : Math.min(slot.dayOfMonth, lastOfMonth)));
    if (isDay) days.push(day);
  }
  return days;
}

/** The first run strictly later than a second after `after`. */
function expectedRun(stretches: readonly Stretch[], slot: Slot, after: number): number {
  const [hours = 0, minutes = 0] = slot.time.split(":").map(Number);
  const midnight = Math.floor(after / DAY_MS) * DAY_MS;
  return daysOf(slot, midnight)
    .map((day) => instantOf(stretches, day + (hours * 60 + minutes) * 60_000))
    .filter((at) => at > after + SECOND_MS)
    .reduce((earliest, at) => Math.min(earliest, at), Infinity);
}

/** Compares a schedule's runs with the oracle around every transition of a zone; returns what differs and how many were compared. */
export function compareZone(
  timezone: string,
  years: { from: number; to: number },
  times: readonly string[],
  run: (slot: Slot, timezone: string, after: number) => number | null,
): { compared: number; differing: string[] } {
  const margin = 120 * DAY_MS;
  const stretches = stretchesOf(
    timezone,
    Date.UTC(years.from, 0, 1) - margin,
    Date.UTC(years.to, 0, 1) + margin,
  );
  const differing: string[] = [];
  let compared = 0;
  for (const { from: transition, offset } of stretches.slice(1)) {
    if (transition < Date.UTC(years.from, 0, 1) || transition >= Date.UTC(years.to, 0, 1)) continue;
    const local = new Date(transition + offset);
    const slots = times.flatMap((time): Slot[] => [
      { kind: "daily", time },
      { kind: "weekly", weekday: ((local.getUTCDay() + 6) % 7) + 1, time },
      { kind: "monthly", dayOfMonth: local.getUTCDate(), time },
      { kind: "monthly", dayOfMonth: 31, time },
      { kind: "monthly", dayOfMonth: "last", time },
    ]);
    for (const slot of slots) {
      for (const after of [transition - 30 * 3_600_000, transition - SECOND_MS, transition + 90 * 60_000]) {
        compared += 1;
        const expected = expectedRun(stretches, slot, after);
        const actual = run(slot, timezone, after);
        if (actual !== expected) {
          differing.push(
            `${timezone} ${JSON.stringify(slot)} after ${new Date(after).toISOString()}: ` +
              `${actual === null ? "never" : new Date(actual).toISOString()}, not ${new Date(expected).toISOString()}`,
          );
        }
      }
    }
  }
  return { compared, differing };
}
