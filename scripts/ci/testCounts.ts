/** Counts in vitest's JSON report. */
import { z } from "zod";

const vReport = z.object({
  numPassedTests: z.number().int().nonnegative(),
  numFailedTests: z.number().int().nonnegative(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** A file that fails without a single test (it did not load) counts as one failed test. */
export function testCounts(report: unknown): { passed: number; failed: number } {
  const { numPassedTests, numFailedTests, testResults } = vReport.parse(report);
  const notLoaded = testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return { passed: numPassedTests, failed: numFailedTests + notLoaded.length };
}
