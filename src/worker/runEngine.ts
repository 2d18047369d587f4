/** One engine run under a time limit that holds even for an engine that ignores its signal. */
import type { HydrationBundle, Job } from "../contract/queue.js";
import type { Clock } from "./clock.js";
import { EngineError, type Engine } from "./engines/engine.js";
import type { Metrics } from "./metrics.js";

export interface RunEngineDeps {
  engine: Engine;
  clock: Clock;
  metrics: Metrics;
  /** Longest run in ms. */
  engineTimeoutMs: number;
}

/** The engine's answer, never blank. Rejects with an {@link EngineError}, or with `signal`'s reason when that aborts. */
export async function runEngine(
  deps: RunEngineDeps,
  job: Job,
  hydration: HydrationBundle,
  signal: AbortSignal,
): Promise<string> {
  const { engine, clock, metrics } = deps;
  const startedAt = clock.now();
  const limit = new AbortController();
  const finished = new AbortController();
  const combined = AbortSignal.any([signal, limit.signal]);
  void clock.sleep(deps.engineTimeoutMs, finished.signal).then(() => {
    if (!finished.signal.aborted)
      limit.abort(new EngineError("timeout", `${engine.name}: no answer within ${deps.engineTimeoutMs} ms`));
  });
  let result = "ok";
  try {
    const running = engine.run({
      messageId: job.messageId,
      attempt: job.attempt,
      conversationId: job.conversationId,
      agentKey: job.agentKey,
      text: hydration.payload.messageText,
      history: hydration.conversationState.contextHistory,
      metadata: hydration.payload.metadata ?? {},
      signal: combined,
    });
    // Left alone after an abort, it must not become an unhandled rejection.
    running.catch(() => undefined);
    const { text } = await Promise.race([running, abortion(combined)]);
    if (text.trim() === "") throw new EngineError("empty", `${engine.name}: the answer is empty`);
    return text;
  } catch (error) {
    signal.throwIfAborted();
    const known = limit.signal.aborted
      ? (limit.signal.reason as EngineError)
      : asEngineError(engine.name, error);
    result = known.kind;
    throw known;
  } finally {
    finished.abort();
    metrics.engineSeconds.observe(
      { result: signal.aborted ? "aborted" : result },
      (clock.now() - startedAt) / 1000,
    );
  }
}

function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

/** A bug in an engine is shown by its class only: its message may hold anything. */
function asEngineError(name: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return new EngineError("crashed", `${name}: unexpected ${kind}`, true, { cause: error });
}
