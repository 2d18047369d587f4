import { describe, expect, it } from "vitest";
import { defaultPolicies } from "../../contract/policies.js";
import { stepAfter, stepDeadline, type Report } from "./life.js";
import type { MachineStep } from "./types.js";

const STEPS: readonly MachineStep[] = ["launching", "booting", "running", "retiring", "stopped"];
const REPORTS: readonly Report[] = ["made", "called", "dismissed", "gone"];

describe("a machine's step", () => {
  it.each<[MachineStep, Record<Report, MachineStep | null>]>([
    ["launching", { made: "booting", called: "running", dismissed: "retiring", gone: "stopped" }],
    ["booting", { made: null, called: "running", dismissed: "retiring", gone: "stopped" }],
    ["running", { made: null, called: null, dismissed: "retiring", gone: "stopped" }],
    ["retiring", { made: null, called: null, dismissed: null, gone: "stopped" }],
    ["stopped", { made: null, called: null, dismissed: null, gone: null }],
  ])("%s, after each report", (step, after) => {
    for (const report of REPORTS) expect(stepAfter(step, report), report).toBe(after[report]);
  });

  it("is the same in whatever order reports come, and however often", () => {
    const orders = REPORTS.flatMap((a) => REPORTS.flatMap((b) => REPORTS.map((c) => [a, b, c])));
    const end = (reports: readonly Report[]) =>
      reports.reduce<MachineStep>((step, report) => stepAfter(step, report) ?? step, "launching");
    for (const order of orders) {
      expect(end([...order].reverse())).toBe(end(order));
      expect(end([...order, ...order])).toBe(end(order));
    }
  });

  it("has a deadline wherever somebody else must act, by default policies within five minutes", () => {
    for (const step of STEPS) {
      const at = stepDeadline(step, defaultPolicies.fleet, 1_000);
      if (step === "running" || step === "stopped") expect(at).toBe(0);
      else expect(at - 1_000).toBeLessThanOrEqual(300_000);
    }
  });
});
