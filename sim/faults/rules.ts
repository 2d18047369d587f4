import { z } from "zod";

/** Latency above this is a typing error rather than a test: no client of ours waits longer. */
const MAX_LATENCY_MS = 600_000;

const selector = {
  /** HTTP method, any case; absent matches every method. */
  method: z.string().optional(),
  /** Path glob, `*` matches anything (also `/`), any case; absent matches every path. Example: `/bot*sendMessage`. */
  path: z.string().optional(),
  /** Matching requests let through untouched before the rule starts to act. */
  skip: z.number().int().nonnegative().optional(),
  /** How often the rule acts before it is spent; absent means for ever. */
  count: z.number().int().positive().optional(),
  /** Chance per matching request, drawn from the seeded generator; absent means always. */
  probability: z.number().min(0).max(1).optional(),
};

/** One planned failure. `kind` says what happens, the other fields say to which requests and how often. */
export const faultRuleSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("latency"),
    latencyMs: z.number().int().nonnegative().max(MAX_LATENCY_MS),
    /** `before` delays the effect, `after` delays only the reply of an effect that already happened. */
    phase: z.enum(["before", "after"]).default("before"),
    ...selector,
  }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.number().int().min(400).max(599),
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    ...selector,
  }),
  z.strictObject({ kind: z.literal("dropBefore"), ...selector }),
  z.strictObject({ kind: z.literal("dropAfter"), ...selector }),
]);

/** A fault as the simulator keeps it (defaults filled in). */
export type FaultRule = z.output<typeof faultRuleSchema>;
/** A fault as a test or an operator writes it. */
export type FaultRuleInput = z.input<typeof faultRuleSchema>;
