/** Takes the probes that came with a poll, and answers each. */
import type { Logger } from "pino";
import type { ProbeResult } from "../../../src/contract/probes.js";
import { TransportError } from "../transport/transport.js";
import { probeOrder, runProbe, type ProbeDeps } from "./probe.js";

export interface ProbeTransport {
  /** A repeat is harmless. Rejects with `TransportError`. */
  reportProbe(answer: { probeId: string; result: ProbeResult }, signal?: AbortSignal): Promise<boolean>;
}

export interface AnswerDeps extends ProbeDeps {
  transport: ProbeTransport;
  log: Logger;
  /** false: the worker's owner wants none. */
  enabled: boolean;
}

export interface Prober {
  /** `orders`: as they came, unchecked. Never rejects: what could not be answered is asked again, or expires. */
  answer(orders: readonly unknown[], signal: AbortSignal): Promise<void>;
}

/** One after the other: together they take at most four time limits. */
export function createProber(deps: AnswerDeps): Prober {
  return {
    async answer(orders, signal) {
      for (const unchecked of orders) {
        if (signal.aborted) return;
        await answerOne(deps, unchecked, signal);
      }
    },
  };
}

async function answerOne(deps: AnswerDeps, unchecked: unknown, signal: AbortSignal): Promise<void> {
  const { log, transport, enabled, places } = deps;
  const order = probeOrder.safeParse(unchecked);
  if (!order.success) return void log.warn("probe.notUnderstood");
  const { probeId, kind } = order.data;
  const result: ProbeResult = enabled
    ? await runProbe(order.data, deps)
    : { ok: false, code: "disabled", message: `worker ${places.workerId} has PROBES=off`, latencyMs: 0 };
  log.info({ probeId, kind, target: order.data.target, result: result.code }, "probe.answered");
  try {
    await transport.reportProbe({ probeId, result }, signal);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    log.warn({ probeId, code: error.code }, "probe.notReported");
  }
}
