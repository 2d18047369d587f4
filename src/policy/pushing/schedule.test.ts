import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import type { Schedule } from "../../contract/pushing.js";
import { isTimeZone, nextRun } from "./schedule.js";
import { compareZone } from "../../../test/schedules/oracle.js";

const at = (iso: string) => Date.parse(iso);
const next = (schedule: Schedule, timezone: string, after: string) => {
  const run = nextRun(schedule, timezone, at(after));
  return run === null ? null : new Date(run).toISOString();
};

describe("next run", () => {
  it("is null for manual schedules", () => {
    expect(next({ kind: "manual" }, "UTC", "2030-01-01T00:00:00Z")).toBeNull();
  });

  it("fires weekly and monthly slots at midnight on their own day", () => {
    // 1.0.11 was a day early: Wednesday 00:00 fired on Tuesday.
    expect(next({ kind: "weekly", weekday: 3, time: "00:00" }, "UTC", "2030-01-07T12:00:00Z")).toBe(
      "2030-01-09T00:00:00.000Z",
    );
    expect(
      next({ kind: "monthly", dayOfMonth: 15, time: "00:30" }, "Asia/Tokyo", "2030-01-07T12:00:00Z"),
    ).toBe("2030-01-14T15:30:00.000Z");
  });

  it("takes the slot that is a second away or less as the one that fired", () => {
    const daily = { kind: "daily", time: "09:00" } as const;
    expect(next(daily, "UTC", "2030-01-01T09:00:00.000Z")).toBe("2030-01-02T09:00:00.000Z");
    expect(next(daily, "UTC", "2030-01-01T08:59:59.000Z")).toBe("2030-01-02T09:00:00.000Z");
    expect(next(daily, "UTC", "2030-01-01T08:59:58.999Z")).toBe("2030-01-01T09:00:00.000Z");
  });

  it("fires at the first valid instant after a gap and at the first of two equal times", () => {
    const daily = { kind: "daily", time: "02:30" } as const;
    expect(next(daily, "Europe/Rome", "2030-03-30T12:00:00Z")).toBe("2030-03-31T01:00:00.000Z");
    expect(next(daily, "Europe/Rome", "2030-10-26T12:00:00Z")).toBe("2030-10-27T00:30:00.000Z");
    expect(next(daily, "Europe/Rome", "2030-10-27T00:30:00Z")).toBe("2030-10-28T01:30:00.000Z");
    // A gap of half an hour, and one at midnight.
    expect(next({ kind: "daily", time: "02:15" }, "Australia/Lord_Howe", "2030-10-05T12:00:00Z")).toBe(
      "2030-10-05T15:30:00.000Z",
    );
    expect(next({ kind: "daily", time: "00:00" }, "Africa/Cairo", "2026-04-23T12:00:00Z")).toBe(
      "2026-04-23T22:00:00.000Z",
    );
  });

  it("skips a day that the clock skipped without losing the next", () => {
    // Samoa had no 2011-12-30.
    const daily = { kind: "daily", time: "09:00" } as const;
    expect(next(daily, "Pacific/Apia", "2011-12-29T20:00:00Z")).toBe("2011-12-30T10:00:00.000Z");
    expect(next(daily, "Pacific/Apia", "2011-12-30T10:00:00Z")).toBe("2011-12-30T19:00:00.000Z");
  });

  it("clamps the day of the month to its last", () => {
    const on31 = { kind: "monthly", dayOfMonth: 31, time: "10:00" } as const;
    expect(next(on31, "UTC", "2028-01-31T10:00:00Z")).toBe("2028-02-29T10:00:00.000Z");
    expect(next(on31, "UTC", "2028-02-29T10:00:00Z")).toBe("2028-03-31T10:00:00.000Z");
    expect(next({ ...on31, dayOfMonth: "last" }, "UTC", "2029-02-01T00:00:00Z")).toBe(
      "2029-02-28T10:00:00.000Z",
    );
  });

  it.each(["Europe/Rome", "America/Sao_Paulo", "Africa/Casablanca", "Australia/Lord_Howe"])(
    "fires a daily slot once on every day of a year in %s",
    (timezone) => {
      const runs: string[] = [];
      let now = at("2027-06-01T00:00:00Z");
      while (runs.length < 366) {
        now = nextRun({ kind: "daily", time: "02:30" }, timezone, now)!;
        runs.push(DateTime.fromMillis(now, { zone: timezone }).toISODate()!);
      }
      const first = DateTime.fromISO(runs[0]!, { zone: "utc" });
      expect(runs).toEqual(runs.map((_, day) => first.plus({ days: day }).toISODate()));
    },
  );

  it("agrees with the oracle on the transition days of zones of every kind", () => {
    // Half-hour and quarter-hour offsets, gaps at midnight, Ramadan changes, the far ends of the map, none at all.
    const zones = [
      "Europe/Rome",
      "America/New_York",
      "Australia/Lord_Howe",
      "Africa/Cairo",
      "Africa/Casablanca",
    ];
    const more = [
      "America/Santiago",
      "Asia/Beirut",
      "Pacific/Chatham",
      "America/Scoresbysund",
      "Asia/Kathmandu",
    ];
    const times = ["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "12:00", "23:30"];
    let compared = 0;
    for (const zone of [...zones, ...more]) {
      const result = compareZone(zone, { from: 2026, to: 2031 }, times, nextRun);
      expect(result.differing).toEqual([]);
      compared += result.compared;
    }
    expect(compared).toBeGreaterThan(5_000);
  });
});

describe("time zones", () => {
  it.each(["UTC", "Europe/Rome", "europe/rome", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])(
    "knows %s",
    (zone) => expect(isTimeZone(zone)).toBe(true),
  );
  it.each(["", "+02:00", "Mars/Olympus", "2020-01-01T00:00[Europe/Rome]", "Europe/Rome ", "CET5"])(
    "refuses '%s'",
    (zone) => expect(isTimeZone(zone)).toBe(false),
  );
});
