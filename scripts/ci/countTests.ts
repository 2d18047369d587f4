/** Prints `PASSED FAILED` of a vitest JSON report: `countTests.ts REPORT`. */
import { readFile } from "node:fs/promises";
import { testCounts } from "./testCounts.js";

const [report] = process.argv.slice(2);
if (report === undefined) throw new Error("usage: countTests REPORT");
const { passed, failed } = testCounts(JSON.parse(await readFile(report, "utf8")));
console.log(passed, failed);
