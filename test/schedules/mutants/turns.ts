/** Faults in whose turn it is. */
import type { Mutant } from "./mutant.js";

export const TURNS: Mutant[] = [
  {
    name: "a lane is taken from its end",
    replacements: [
      {
        file: "core/queue/discover.ts",
        text: 'withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", pool));',
        by: 'withIndex("by_ready", (q) => q.eq("state", "ready").eq("pool", pool)).order("desc");',
      },
    ],
    rule: /was overtaken/,
    from: 2_000_006,
  },
  {
    name: "a look leaves alone what no claim looks at",
    replacements: [
      {
        file: "core/queue/pass.ts",
        text: "Math.min(ROWS_ABOUT_TO_GO, leastLookedAt(seen.claimers))",
        by: "ROWS_ABOUT_TO_GO",
      },
    ],
    rule: /was overtaken/,
    from: 2_000_008,
  },
];
