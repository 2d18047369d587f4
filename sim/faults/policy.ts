import { z } from "zod";
import { faultRuleSchema, type FaultRule, type FaultRuleInput } from "./rules.js";
import type { Random } from "./random.js";

interface ActiveRule {
  rule: FaultRule;
  path: RegExp | undefined;
  seen: number;
  acted: number;
}

/** Decides which requests fail, and how. Rules are tried in order and may combine: latency first, then an error. */
export class FaultPolicy {
  private active: ActiveRule[] = [];

  /** @param random used only for rules with a `probability`, one draw per matching request. */
  constructor(
    rules: FaultRuleInput[],
    private readonly random: Random,
  ) {
    this.set(rules);
  }

  /**
   * Replaces all rules and their counters.
   * @throws ZodError for a malformed rule; the old rules then stay.
   */
  set(rules: FaultRuleInput[]): void {
    const parsed = z.array(faultRuleSchema).parse(rules);
    this.active = parsed.map((rule) => ({
      rule,
      path: rule.path ? globToRegExp(rule.path) : undefined,
      seen: 0,
      acted: 0,
    }));
  }

  /** Rules with how often each matched and acted. */
  status(): { rule: FaultRule; seen: number; acted: number }[] {
    return this.active.map(({ rule, seen, acted }) => ({ rule, seen, acted }));
  }

  /**
   * Faults for one request: any number of latencies and at most one failure (the first that acts).
   * Later failure rules do not count a request that an earlier one took.
   */
  pick(request: { method: string; path: string }): FaultRule[] {
    const picked: FaultRule[] = [];
    for (const entry of this.active) {
      if (entry.rule.kind !== "latency" && picked.some((rule) => rule.kind !== "latency")) continue;
      if (this.acts(entry, request)) picked.push(entry.rule);
    }
    return picked;
  }

  private acts(entry: ActiveRule, request: { method: string; path: string }): boolean {
    const { rule, path } = entry;
    if (rule.method && rule.method.toUpperCase() !== request.method.toUpperCase()) return false;
    if (path && !path.test(request.path)) return false;
    entry.seen += 1;
    if (entry.seen <= (rule.skip ?? 0)) return false;
    if (rule.count !== undefined && entry.acted >= rule.count) return false;
    if (rule.probability !== undefined && this.random() >= rule.probability) return false;
    entry.acted += 1;
    return true;
  }
}

function globToRegExp(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i");
}
