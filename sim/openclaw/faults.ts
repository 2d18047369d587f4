import { z } from "zod";

const selector = {
  /** Only runs whose message contains this text; absent means every run. */
  textIncludes: z.string().optional(),
  /** How many runs it hits before it is spent. */
  count: z.number().int().positive().default(1),
};

/** One planned failure of a run. `kind` says what happens to the run that takes it. */
export const runFaultSchema = z.discriminatedUnion("kind", [
  /** Refused before it is accepted, to be asked again later. */
  z.strictObject({ kind: z.literal("busy"), retryAfterMs: z.number().int().nonnegative(), ...selector }),
  /** The model call fails: `ok:false`, UNAVAILABLE. */
  z.strictObject({ kind: z.literal("unavailable"), message: z.string().optional(), ...selector }),
  /** `ok:true` with `status:"error"`. */
  z.strictObject({ kind: z.literal("error-status"), ...selector }),
  /** `ok:true`, `status:"ok"`, but the only payload is marked `isError`. */
  z.strictObject({ kind: z.literal("error-payload"), ...selector }),
  /** The model never answers in time: `ok:true` with `status:"timeout"`. */
  z.strictObject({ kind: z.literal("timeout"), ...selector }),
  /** The model says nothing, also when asked again. */
  z.strictObject({ kind: z.literal("empty"), ...selector }),
  /** The model takes this much longer. */
  z.strictObject({ kind: z.literal("delay"), delayMs: z.number().int().nonnegative(), ...selector }),
  /** The asking socket is closed (1006 for the client) once the run has started; the run goes on. */
  z.strictObject({ kind: z.literal("close-mid-run"), ...selector }),
  /** The asking socket stays open but nothing more is sent on it; the run goes on. */
  z.strictObject({ kind: z.literal("silent-mid-run"), ...selector }),
  /** The whole gateway dies as from SIGKILL once the run has started; see `boot`. */
  z.strictObject({ kind: z.literal("crash-mid-run"), ...selector }),
]);

export type RunFault = z.output<typeof runFaultSchema>;
export type RunFaultInput = z.input<typeof runFaultSchema>;

/** The failures still to come, in the order they were planned. */
export class FaultPlan {
  private readonly planned: RunFault[] = [];

  constructor(faults: RunFaultInput[]) {
    faults.forEach((fault) => this.add(fault));
  }

  add(fault: RunFaultInput): void {
    this.planned.push(runFaultSchema.parse(fault));
  }

  /** Takes the first failure that applies to a run with this message; each use counts. */
  take(message: string): RunFault | undefined {
    const index = this.planned.findIndex((fault) => message.includes(fault.textIncludes ?? ""));
    const fault = this.planned[index];
    if (!fault) return undefined;
    fault.count -= 1;
    if (fault.count === 0) this.planned.splice(index, 1);
    return fault;
  }
}
