import type { Context } from "hono";
import type { SimEnv } from "../faults/index.js";
import { pause } from "../http/pause.js";
import type { StreamPart } from "./completion.js";

/** Timing and planned end of one streamed answer. */
export interface StreamPlan {
  parts: StreamPart[];
  firstTokenMs: number;
  perTokenMs: number;
  /** Cut the connection after so many token chunks. */
  cutAfterChunks: number | undefined;
  /** Aborted when the server closes. */
  closing: AbortSignal;
  /** Called once: true when every part went out, false when the client left or the answer was cut. */
  onEnd(complete: boolean): void;
}

/** Sends the parts as server-sent events, each as soon as its latency is over and the one before was written. */
export function streamAnswer(c: Context<SimEnv>, plan: StreamPlan): Response {
  const gone = new AbortController();
  const leave = () => gone.abort();
  plan.closing.addEventListener("abort", leave, { once: true });
  c.env.outgoing.once("close", leave);
  const iterator = paced(c, plan, gone.signal);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { value, done } = await iterator.next();
        if (!done) return controller.enqueue(encoder.encode(value));
        plan.closing.removeEventListener("abort", leave);
        if (!gone.signal.aborted) controller.close();
      },
      cancel: leave,
    },
    // No read-ahead: the next part is asked for only after the last one was handed to the socket.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}

async function* paced(c: Context<SimEnv>, plan: StreamPlan, gone: AbortSignal): AsyncGenerator<string, void> {
  let tokens = 0;
  let complete = false;
  try {
    for (const part of plan.parts) {
      if (part.isToken) {
        if (tokens === plan.cutAfterChunks) {
          // destroySoon: what was written still reaches the client, the end of the answer never does.
          c.env.incoming.socket.destroySoon();
          await closed(gone);
          return;
        }
        if (!(await pause(tokens === 0 ? plan.firstTokenMs : plan.perTokenMs, gone))) return;
        tokens += 1;
      }
      if (gone.aborted) return;
      yield part.data;
    }
    complete = true;
  } finally {
    plan.onEnd(complete);
  }
}

function closed(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
