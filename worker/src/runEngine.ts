/** One engine run under a time limit that holds even for an engine that ignores its signal. */
import type { HydrationBundle, Job } from "../../src/contract/queue.js";
import { wellFormed } from "../../src/policy/text/cut.js";
import { redactSecrets } from "../../src/policy/text/redactSecrets.js";
import type { Clock } from "./clock.js";
import { createConnections, type Connections } from "./connections/resolve.js";
import {
  EngineError,
  engineErrorOf,
  type Engine,
  type EngineAttachment,
  type EngineReply,
} from "./engine/engine.js";
import type { Metrics } from "./metrics.js";

export interface RunEngineDeps {
  engine: Engine;
  clock: Clock;
  metrics: Metrics;
  /** Absent: no engine here takes connections. */
  connections?: Connections;
  /** Longest run in ms. */
  engineTimeoutMs: number;
  /** Values that no reason of a failure may hold; those of connections in use are added. */
  secrets?: readonly string[];
}

/** The engine's answer: a text that is not blank, or files, or both. Rejects with an {@link EngineError}, or with `signal`'s reason when that aborts. */
export async function runEngine(
  deps: RunEngineDeps,
  job: Job,
  hydration: HydrationBundle,
  attachments: EngineAttachment[],
  signal: AbortSignal,
): Promise<EngineReply> {
  const { engine, clock, metrics } = deps;
  const { systemPrompt } = hydration;
  const startedAt = clock.now();
  const limit = new AbortController();
  const finished = new AbortController();
  const combined = AbortSignal.any([signal, limit.signal]);
  void clock.sleep(deps.engineTimeoutMs, finished.signal).then(() => {
    if (!finished.signal.aborted)
      limit.abort(new EngineError("timeout", `${engine.name}: no answer within ${deps.engineTimeoutMs} ms`));
  });
  let result = "ok";
  let connections: Record<string, string> | undefined;
  try {
    connections = await connectionsOf(deps, hydration);
    signal.throwIfAborted();
    const running = engine.run({
      messageId: job.messageId,
      attempt: job.attempt,
      conversationId: job.conversationId,
      agentKey: job.agentKey,
      text: hydration.payload.messageText,
      history: hydration.conversationState.contextHistory,
      metadata: hydration.payload.metadata ?? {},
      ...(systemPrompt === undefined ? {} : { systemPrompt }),
      ...(connections === undefined ? {} : { connections }),
      ...(attachments.length > 0 && { attachments }),
      signal: combined,
    });
    // Left alone after an abort, it must not become an unhandled rejection.
    running.catch(() => undefined);
    const reply = await Promise.race([running, abortion(combined)]);
    const text = wellFormed(reply.text);
    if (text.trim() === "" && (reply.files ?? []).length === 0)
      throw new EngineError("empty", `${engine.name}: the answer is empty`);
    return { ...reply, text };
  } catch (error) {
    signal.throwIfAborted();
    const known = limit.signal.aborted
      ? (limit.signal.reason as EngineError)
      : engineErrorOf(engine.name, error);
    result = known.kind;
    // A program's last words may hold what it was given.
    known.message = redactSecrets(known.message, [
      ...(deps.secrets ?? []),
      ...Object.values(connections ?? {}),
    ]);
    throw known;
  } finally {
    finished.abort();
    metrics.engineSeconds.observe(
      { result: signal.aborted ? "aborted" : result },
      (clock.now() - startedAt) / 1000,
    );
  }
}

/** The variables of the agent's connections, where the engine can use them. Rejects with an {@link EngineError}. */
async function connectionsOf(
  { engine, connections }: RunEngineDeps,
  { connections: named = [] }: HydrationBundle,
): Promise<Record<string, string> | undefined> {
  if (engine.takesConnections !== true || named.length === 0) return undefined;
  return await (connections ?? createConnections(null)).variablesOf(named.map(({ name }) => name));
}

function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
