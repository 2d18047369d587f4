/** Compares what was measured with the limits. */
import { EVAL_TOLERANCE, limits } from "./limits.js";
import type { ModulePrice } from "./modules.js";
import { nestedCalls } from "./recordCalls.js";
import type { Step } from "./usualPaths.js";

export type Loading = Pick<ModulePrice, "modules" | "bytes" | "evalRatio">;

export type Measured = {
  readonly lib: Loading;
  /** Of the webhook's and the gateway's route, the larger of each figure. */
  readonly route: Loading;
  /** The modules of the component's crons. */
  readonly crons: readonly Loading[];
  readonly steps: readonly Step[];
};

/** Most nested calls of each public function, over all steps that called it. */
export function nestedByFunction(steps: readonly Step[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const { kind, calls } of steps) {
    if (kind === "cron") continue;
    for (const call of calls) most[call.fn] = Math.max(most[call.fn] ?? 0, nestedCalls(call));
  }
  return most;
}

/** Every exceeded limit, one line each; empty when all hold. A limit on what was not measured is exceeded, too. */
export function exceeded({ lib, route, crons, steps }: Measured): string[] {
  const over: string[] = [];
  const atMost = (what: string, value: number, limit: number) => {
    if (value > limit) over.push(`${what}: ${value} > ${limit}`);
  };
  const loading = (what: string, found: Loading, limit: Loading) => {
    atMost(`${what}.modules`, found.modules, limit.modules);
    atMost(`${what}.bytes`, found.bytes, limit.bytes);
    if (found.evalRatio > limit.evalRatio * EVAL_TOLERANCE)
      over.push(
        `${what}.evalRatio: ${found.evalRatio.toFixed(2)} > ${limit.evalRatio} (x ${EVAL_TOLERANCE})`,
      );
  };
  loading("lib", lib, limits.lib);
  loading("route", route, limits.route);
  const nested = nestedByFunction(steps);
  for (const [fn, limit] of Object.entries(limits.nested)) {
    const found = nested[fn];
    if (found === undefined) over.push(`nested.${fn}: not measured`);
    else atMost(`nested.${fn}`, found, limit);
  }
  for (const cron of crons) atMost("cron.modules", cron.modules, limits.cron.modules);
  for (const { kind, name, calls } of steps) {
    if (kind === "cron")
      for (const call of calls) atMost(`cron.nested ${name}`, nestedCalls(call), limits.cron.nested);
    if (kind !== "webhook" && kind !== "gateway") continue;
    if (calls.length !== limits.request[kind])
      over.push(`${kind} ${name}: ${calls.length} component calls, not ${limits.request[kind]}`);
  }
  return [...new Set(over)];
}
