import type { Answer } from "./peer.js";

/** What the model said in one call. A string is one payload; lines `MEDIA:<absolute path>` become its media. */
export interface ModelCall {
  runKey: string;
  sessionKey: string;
  /** The message as the gateway got it. */
  text: string;
  extraSystemPrompt?: string;
  /** The gateway took this turn up again by itself after a crash. */
  resumed: boolean;
}

/** How a run ended: the final response, and what `agent.wait` reports about it. */
export interface Outcome {
  final: Answer;
  wait: Record<string, unknown>;
}

interface Payload {
  text: string;
  mediaUrl: string | null;
  mediaUrls?: string[];
  isError?: boolean;
  isStatusNotice?: boolean;
}

/** A line that names a media file: any case, one word behind it, which may be relative, a URL or in backticks. */
const MEDIA_LINE = /^\s*media:\s*`?([^\s`]+)`?\s*$/i;

/** Takes the `MEDIA:` lines out of the model's text, as the gateway does: not in code fences, and whether or not it exists. */
function payloadOf(modelText: string): Payload {
  const mediaUrls: string[] = [];
  let fenced = false;
  const kept = modelText.split("\n").filter((line) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    const media = fenced ? undefined : MEDIA_LINE.exec(line)?.[1];
    if (media !== undefined) mediaUrls.push(media);
    return media === undefined;
  });
  const [only] = mediaUrls;
  return {
    text: kept.join("\n").trim(),
    mediaUrl: mediaUrls.length === 1 ? (only ?? null) : null,
    ...(mediaUrls.length > 0 ? { mediaUrls } : {}),
  };
}

function completed(runId: string, payloads: Payload[]): Answer {
  return {
    ok: true,
    payload: {
      runId,
      status: "ok",
      summary: "completed",
      result: { payloads, meta: { durationMs: 1, stopReason: "stop" } },
    },
  };
}

/** A run whose model answered. `terminalReply` keeps the `MEDIA:` lines. */
export function answered(runId: string, modelText: string): Outcome {
  return {
    final: completed(runId, [payloadOf(modelText)]),
    wait: { runId, status: "ok", terminalReply: { disposition: "visible", text: modelText } },
  };
}

/** `/new` and `/reset`: no model call. */
export function sessionReset(runId: string): Outcome {
  const text = "New session started.";
  return {
    final: completed(runId, [{ text, mediaUrl: null, isStatusNotice: true }]),
    wait: { runId, status: "ok", terminalReply: { disposition: "visible", text } },
  };
}

/** `ok:true`, `status:"ok"`, but the text is an error notice. */
export function errorPayload(runId: string): Outcome {
  const text = "The agent run failed before producing a reply.";
  return {
    final: completed(runId, [{ text, mediaUrl: null, isError: true }]),
    wait: { runId, status: "error", error: text },
  };
}

/** `ok:true` with `status:"error"`. */
export function failedQuietly(runId: string, summary: string): Outcome {
  return {
    final: { ok: true, payload: { runId, status: "error", summary } },
    wait: { runId, status: "error", error: summary },
  };
}

/** `ok:false`, UNAVAILABLE, with a payload that says the same. */
export function modelFailed(runId: string, summary: string): Outcome {
  return {
    final: {
      ok: false,
      error: { code: "UNAVAILABLE", message: summary },
      payload: { runId, status: "error", summary },
    },
    wait: { runId, status: "error", error: summary },
  };
}

/** The model took longer than the run's `timeout`. */
export function timedOut(runId: string): Outcome {
  const text = "Request timed out before a response was generated.";
  return {
    final: {
      ok: true,
      payload: {
        runId,
        status: "timeout",
        summary: "timed out",
        timeoutPhase: "provider",
        result: { payloads: [{ text, mediaUrl: null, isError: true }], meta: { durationMs: 1 } },
      },
    },
    wait: { runId, status: "timeout", stopReason: "timeout", error: text },
  };
}

/** Stopped through `chat.abort`. */
export function aborted(runId: string): Outcome {
  const payload = { runId, status: "timeout", summary: "aborted", stopReason: "rpc" };
  return { final: { ok: true, payload }, wait: { runId, status: "timeout", stopReason: "rpc" } };
}
