import { expect, it } from "vitest";
import { testCounts } from "./testCounts.js";

const file = (status: string, tests: number) => ({
  status,
  assertionResults: Array.from({ length: tests }, () => ({})),
});

it("adds files that did not load to the failed tests, once each", () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    testResults: [file("passed", 4), file("failed", 4), file("failed", 0)],
  };
  expect(testCounts(report)).toEqual({ passed: 7, failed: 2 });
});

it("refuses a report it does not understand", () => {
  expect(() => testCounts({ numPassedTests: 7 })).toThrow();
});
