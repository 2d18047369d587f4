import type { z } from "zod";
import { pause } from "../http/pause.js";
import type { FaultPlan } from "./faults.js";
import {
  agentParamsSchema,
  agentWaitParamsSchema,
  chatAbortParamsSchema,
  chatHistoryParamsSchema,
  describeViolation,
  type RequestFrame,
} from "./params.js";
import { type Answer, type Peer, refusal } from "./peer.js";
import type { Run, Runs } from "./runs.js";
import type { Transcripts } from "./transcripts.js";

/** What the methods act on: the present life of the gateway. */
export interface MethodContext {
  runs: Runs;
  transcripts: Transcripts;
  faults: FaultPlan;
  draining: boolean;
  life: AbortSignal;
  /** Remembers which socket asked for a run, so that a fault can hit that socket. */
  asked(run: Run, peer: Peer): void;
}

type Respond = (answer: Answer) => void;
type Method = (context: MethodContext, peer: Peer, params: unknown, respond: Respond) => void | Promise<void>;

/** A method whose params are checked first, with unknown ones refused. */
function checked<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  body: (
    context: MethodContext,
    peer: Peer,
    params: z.output<Schema>,
    respond: Respond,
  ) => void | Promise<void>,
): Method {
  return (context, peer, params, respond) => {
    const parsed = schema.safeParse(params ?? {});
    if (!parsed.success) return respond(refusal("INVALID_REQUEST", describeViolation(name, parsed.error)));
    return body(context, peer, parsed.data, respond);
  };
}

const methods: Record<string, Method> = {
  agent: checked("agent", agentParamsSchema, (context, peer, params, respond) => {
    const { runs } = context;
    const known = runs.get(params.idempotencyKey);
    if (known?.outcome) return respond(known.outcome.final);
    // A key whose run is still going on gets this answer only, never the final one.
    if (known) return respond({ ok: true, payload: { runId: known.runId, status: "in_flight" } });
    if (context.draining) return respond(busy("gateway is shutting down", 500));
    if (params.thinking !== undefined && params.thinking !== "off") {
      const message = `Thinking level "${params.thinking}" is not supported. Use one of: off.`;
      const payload = { runId: params.idempotencyKey, status: "error", summary: message };
      return respond({ ...refusal("UNAVAILABLE", message), payload });
    }
    const fault = context.faults.take(params.message);
    if (fault?.kind === "busy") return respond(busy("try again", fault.retryAfterMs));
    const sessionKey =
      params.sessionKey ??
      (params.agentId ? `agent:${params.agentId}:main` : `agent:main:explicit:${params.idempotencyKey}`);
    const run = runs.start(params, sessionKey, false, fault);
    context.asked(run, peer);
    const accepted = {
      runId: run.runId,
      sessionKey,
      agentId: "main",
      status: "accepted",
      acceptedAt: Date.now(),
    };
    respond({ ok: true, payload: accepted });
    void run.done.then((outcome) => respond(outcome.final));
  }),

  "agent.wait": checked("agent.wait", agentWaitParamsSchema, async (context, _peer, params, respond) => {
    const { runId, timeoutMs } = params;
    const over = new AbortController();
    const run = context.runs.get(runId);
    void run?.done.then(() => over.abort());
    // An unknown run is waited for as well: the caller cannot tell it from one that takes long.
    if (!run?.outcome) await pause(timeoutMs, AbortSignal.any([over.signal, context.life]));
    respond({ ok: true, payload: run?.outcome?.wait ?? { runId, status: "timeout" } });
  }),

  "chat.abort": checked("chat.abort", chatAbortParamsSchema, (context, _peer, params, respond) => {
    const hit = context.runs
      .active()
      .filter((run) => run.sessionKey === params.sessionKey && run.runId === (params.runId ?? run.runId));
    hit.forEach((run) => run.stop.abort());
    respond({
      ok: true,
      payload: { ok: true, aborted: hit.length > 0, runIds: hit.map((run) => run.runId) },
    });
  }),

  "chat.history": checked("chat.history", chatHistoryParamsSchema, (context, _peer, params, respond) => {
    const { sessionKey, limit } = params;
    const messages = context.transcripts.of(sessionKey).slice(-limit);
    const sessionInfo = { key: sessionKey, hasActiveRun: context.runs.hasActive(sessionKey) };
    respond({ ok: true, payload: { sessionKey, messages, sessionInfo } });
  }),

  health: (_context, _peer, _params, respond) => respond({ ok: true, payload: { ok: true } }),
};

function busy(message: string, retryAfterMs: number): Answer {
  return refusal("UNAVAILABLE", message, { retryable: true, retryAfterMs });
}

/** Runs one request of an authenticated client; answers may come later and more than once. */
export function dispatch(context: MethodContext, peer: Peer, frame: RequestFrame): void {
  const respond: Respond = (answer) => peer.answer(frame.id, answer);
  const method = Object.hasOwn(methods, frame.method) ? methods[frame.method] : undefined;
  if (!method) return respond(refusal("INVALID_REQUEST", `unknown method: ${frame.method}`));
  void method(context, peer, frame.params, respond);
}
