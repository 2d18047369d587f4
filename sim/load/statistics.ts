import { z } from "zod";
import { reach } from "../deployment/functionApi.js";
import type { Target } from "../deployment/types.js";

/** What the engine of the local platform counts (`GET /__sim/stats`), as far as it is used here. */
const statisticsSchema = z.object({
  functions: z.array(
    z.object({
      function: z.string(),
      type: z.string(),
      calls: z.number(),
      attempts: z.number(),
      worstAttempts: z.number(),
      errors: z.number(),
    }),
  ),
  conflicts: z.array(
    z.object({ retried: z.string(), writer: z.string(), index: z.string(), count: z.number() }),
  ),
});
export type EngineStatistics = z.output<typeof statisticsSchema>;
export type FunctionFigures = EngineStatistics["functions"][number];
export type Conflict = EngineStatistics["conflicts"][number];

/**
 * Reads the engine's counters.
 * @returns null where there are none: on Convex itself, and on a platform that runs one transaction at a time.
 */
export async function readStatistics({ cloudUrl, adminKey }: Target): Promise<EngineStatistics | null> {
  const response = await reach(cloudUrl, "/__sim/stats", {
    headers: { authorization: `Convex ${adminKey}` },
  });
  if (!response.ok) {
    await response.body?.cancel();
    return null;
  }
  const parsed = statisticsSchema.safeParse(await response.json().catch(() => undefined));
  return parsed.success ? parsed.data : null;
}

/**
 * What was counted between two looks. The worst attempts are those since the platform's start: of an own platform nothing
 * came before that could conflict.
 */
export function between(before: EngineStatistics, after: EngineStatistics): EngineStatistics {
  const earlier = new Map(before.functions.map((entry) => [entry.function, entry]));
  const pairs = new Map(before.conflicts.map((entry) => [pairOf(entry), entry.count]));
  return {
    functions: after.functions
      .map((entry) => {
        const then = earlier.get(entry.function);
        return {
          ...entry,
          calls: entry.calls - (then?.calls ?? 0),
          attempts: entry.attempts - (then?.attempts ?? 0),
          errors: entry.errors - (then?.errors ?? 0),
        };
      })
      .filter(({ calls }) => calls > 0)
      .sort((a, b) => b.calls - a.calls),
    conflicts: after.conflicts
      .map((entry) => ({ ...entry, count: entry.count - (pairs.get(pairOf(entry)) ?? 0) }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count),
  };
}

const pairOf = ({ retried, writer, index }: Conflict): string => JSON.stringify([retried, writer, index]);

/** Attempts of all mutations, those that were scheduled included: queries and actions are never retried. Null: none ran. */
export function attemptsOf(statistics: EngineStatistics): {
  calls: number;
  attempts: number;
  perCall: number;
  worst: number;
} | null {
  const mutations = statistics.functions.filter(({ type }) => type === "mutation");
  const calls = mutations.reduce((sum, entry) => sum + entry.calls, 0);
  const attempts = mutations.reduce((sum, entry) => sum + entry.attempts, 0);
  if (calls === 0) return null;
  const worst = Math.max(...mutations.map(({ worstAttempts }) => worstAttempts));
  return { calls, attempts, perCall: attempts / calls, worst };
}
