/** What `evaluatePush` hands to the evaluator process and gets back. */
import { z } from "zod";

export type EvaluationJob = {
  /** Every file of the job lies below this folder. */
  readonly directory: string;
  readonly units: readonly {
    readonly definitionPath: string;
    readonly definition: string | null;
    readonly schema: string | null;
    readonly modules: readonly { readonly path: string; readonly file: string }[];
  }[];
};

const vAttempt = <T extends z.ZodType>(value: T) =>
  z.discriminatedUnion("ok", [
    z.object({ ok: z.literal(true), value }),
    z.object({ ok: z.literal(false), error: z.string() }),
  ]);

const vExported = z.union([z.object({ json: z.string() }), z.object({ error: z.string() })]);

const vFunction = z.object({
  name: z.string(),
  kind: z.enum(["Query", "Mutation", "Action"]),
  visibility: z.enum(["public", "internal"]).nullable(),
  args: vExported,
  returns: vExported,
});
export type EvaluatedFunction = z.infer<typeof vFunction>;

const vModule = z.object({
  functions: z.array(vFunction),
  crons: z.string().nullable(),
  isRouter: z.boolean(),
});
export type EvaluatedModuleJson = z.infer<typeof vModule>;

const vTrapped = z.object({ what: z.string(), at: z.string() });
/** A use of the clock, randomness, environment, a timer or the network while a module was being imported. */
export type TrappedUse = z.infer<typeof vTrapped>;

const vUnit = z.object({
  definitionPath: z.string(),
  definition: vAttempt(z.unknown()).nullable(),
  schema: vAttempt(z.string()).nullable(),
  modules: z.array(z.object({ path: z.string(), result: vAttempt(vModule) })),
});
export type EvaluatedUnit = z.infer<typeof vUnit>;

export const vEvaluationResult = z.object({ units: z.array(vUnit), trapped: z.array(vTrapped) });
export type EvaluationResult = z.infer<typeof vEvaluationResult>;
