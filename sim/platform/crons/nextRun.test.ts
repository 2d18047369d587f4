import { expect, it } from "vitest";
import { nextRun } from "./nextRun.js";

const after = Date.parse("2026-02-27T10:15:30Z");
const at = (schedule: Parameters<typeof nextRun>[0]) => new Date(nextRun(schedule, after)).toISOString();

it.each([
  [{ type: "interval", seconds: 20 } as const, "2026-02-27T10:15:50.000Z"],
  [{ type: "interval", hours: 2 } as const, "2026-02-27T12:15:30.000Z"],
  [{ type: "hourly", minuteUTC: 15 } as const, "2026-02-27T11:15:00.000Z"],
  [{ type: "daily", hourUTC: 10, minuteUTC: 16 } as const, "2026-02-27T10:16:00.000Z"],
  [{ type: "weekly", dayOfWeek: "monday", hourUTC: 0, minuteUTC: 0 } as const, "2026-03-02T00:00:00.000Z"],
  [{ type: "monthly", day: 30, hourUTC: 1, minuteUTC: 0 } as const, "2026-03-30T01:00:00.000Z"],
  [{ type: "cron", cron: "*/20 9-11 * * 1-5" } as const, "2026-02-27T10:20:00.000Z"],
  [{ type: "cron", cron: "0 0 1 * 0" } as const, "2026-03-01T00:00:00.000Z"],
  [{ type: "cron", cron: "0 0 29 2 *" } as const, "2028-02-29T00:00:00.000Z"],
])("%o runs next at %s", (schedule, expected) => {
  expect(at(schedule)).toBe(expected);
});

it.each(["* * * *", "61 * * * *", "x * * * *", "0 0 31 2 *", "*/0 * * * *"])(
  "refuses the line %s",
  (cron) => {
    expect(() => nextRun({ type: "cron", cron }, after)).toThrow(/cron line/);
  },
);
