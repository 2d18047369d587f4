import { describe, expect, it } from "vitest";
import { factoryError } from "../../contract/errors.js";
import { pressureOf, repeatDelayMs } from "./pressure.js";

const CONFLICT =
  'Documents read from or written to the "leases" table changed while this mutation was being run and on every subsequent retry. Another call to this mutation changed the document with ID "x". See https://docs.convex.dev/error#1';
const WRITES = "Too many writes per second. Your deployment is limited to 4 MiB bytes written per 1 second.";
const answer = (code: string, message: string) => JSON.stringify({ code, message });

describe("pressure is told from other errors", () => {
  it.each([
    ["an action's conflict", CONFLICT, "write_conflict"],
    [
      "a conflict over a system table",
      "Data read or written in this mutation changed while it was being run. Consider",
      "write_conflict",
    ],
    ["a client's conflict", answer("OptimisticConcurrencyControlFailure", CONFLICT), "write_conflict"],
    ["an action's write limit", WRITES, "too_many_writes"],
    ["a client's write limit", answer("TooManyWrites", WRITES), "too_many_writes"],
    ["a client's write limit by its longer name", answer("TooManyWritesInTimePeriod", ""), "too_many_writes"],
    ["a bug", "Cannot read properties of undefined", null],
    ["a text of a user in a refused argument", `ArgumentValidationError: Value: "${WRITES}"`, null],
    ["a text of a user before the words", `x ${CONFLICT}`, null],
    ["an answer that quotes a code", answer("InvalidArguments", "TooManyWrites"), null],
  ])("%s", (_, message, pressure) => {
    expect(pressureOf(new Error(message))).toBe(pressure);
  });
  it("nothing that is thrown on purpose, and nothing that is no error", () => {
    expect(pressureOf(factoryError("invalid_argument", WRITES))).toBeNull();
    expect(pressureOf(Object.assign(new Error(CONFLICT), { data: "x" }))).toBeNull();
    expect(pressureOf(CONFLICT)).toBeNull();
  });
});

describe("a call is repeated", () => {
  it("at once after a conflict, and over a wider time after each further one", () => {
    expect([1, 2, 3, 4].map((failures) => repeatDelayMs("write_conflict", failures, 0))).toEqual([
      0,
      0,
      0,
      null,
    ]);
    expect([1, 2, 3].map((failures) => repeatDelayMs("write_conflict", failures, 0.5))).toEqual([
      25, 50, 100,
    ]);
  });
  it("in the next second after too many writes", () => {
    expect([1, 2, 3].map((failures) => repeatDelayMs("too_many_writes", failures, 0))).toEqual([
      500,
      500,
      null,
    ]);
    expect([1, 2].map((failures) => repeatDelayMs("too_many_writes", failures, 1))).toEqual([1_000, 2_000]);
  });
});
