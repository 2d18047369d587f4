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

/**
 * What the engine has counted since the last reset, the most frequent first.
 * @returns null where nothing is counted: on Convex itself, and on a platform that runs one transaction at a time.
 */
export async function readStatistics(target: Target): Promise<EngineStatistics | null> {
  const statistics = await ask(target, "GET");
  statistics?.functions.sort((a, b) => b.calls - a.calls);
  statistics?.conflicts.sort((a, b) => b.count - a.count);
  return statistics;
}

/** Begins the counters anew. @returns whether there are any. */
export const resetStatistics = async (target: Target): Promise<boolean> =>
  (await ask(target, "DELETE")) !== null;

async function ask(
  { cloudUrl, adminKey }: Target,
  method: "GET" | "DELETE",
): Promise<EngineStatistics | null> {
  const headers = { authorization: `Convex ${adminKey}`, "content-type": "application/json" };
  const response = await reach(cloudUrl, "/__sim/stats", { method, headers });
  if (!response.ok) {
    await response.body?.cancel();
    return null;
  }
  const parsed = statisticsSchema.safeParse(await response.json().catch(() => undefined));
  return parsed.success ? parsed.data : null;
}

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
