import { wellFormed } from "../../../../src/policy/text/cut.js";
import { EngineError } from "../../engine/engine.js";
import { retryAfterMs } from "../retryAfter.js";
import { wordsOfThing } from "../words.js";
import { describeGatewayError, foreignText } from "./failures.js";
import { agentPayloadSchema, waitPayloadSchema, type ResponseFrame } from "./frames.js";

/** What a response says about a run. Failed runs are thrown as {@link EngineError}. */
export type Verdict =
  /** `media`: files on the gateway's disk that it wants sent along. */
  | { kind: "answer"; text: string; media?: string[] }
  /** Not accepted; ask again with a new key after a while. */
  | { kind: "later"; retryAfterMs: number }
  /** Goes on somewhere else, or nobody knows. */
  | { kind: "unknown" }
  /** Over and well, but the text has to be read from the history. */
  | { kind: "unread" };

/** true for every response to `agent` but the first, which only says that the run was accepted. */
export function isFinalAgentResponse(response: ResponseFrame): boolean {
  const payload = agentPayloadSchema.safeParse(response.payload);
  return !(response.ok && payload.success && payload.data.status === "accepted");
}

/**
 * Reads the last response to `agent`. `ok:true` is not yet a success: the status and each payload must agree.
 * @throws EngineError for a failed run.
 */
export function judgeAgentResponse(response: ResponseFrame, token: string): Verdict {
  const { error } = response;
  const parsed = agentPayloadSchema.safeParse(response.payload);
  if (!response.ok) {
    if (!parsed.success && error?.retryable) return { kind: "later", retryAfterMs: error.retryAfterMs ?? 0 };
    const reason = describeGatewayError(error, token);
    if (error?.code === "INVALID_REQUEST") throw new EngineError("refused", `openclaw refused: ${reason}`);
    throw runFailed(reason);
  }
  if (!parsed.success) throw new EngineError("crashed", "openclaw answered in an unknown shape");
  const { status, summary, stopReason, result } = parsed.data;
  if (status === "in_flight" || status === "accepted") return { kind: "unknown" };
  if (status === "timeout") throw stopped(stopReason === "rpc");
  const payloads = result?.payloads ?? [];
  const notice = payloads.find((payload) => payload.isError);
  if (status !== "ok" || notice) {
    throw runFailed(foreignText(notice?.text ?? summary ?? status, token));
  }
  const text = payloads
    .map((payload) => payload.text?.trim() ?? "")
    .filter((part) => part !== "")
    .join("\n\n");
  const media = payloads.flatMap(({ mediaUrl, mediaUrls }) => mediaUrls ?? (mediaUrl ? [mediaUrl] : []));
  return answer({ text, media });
}

/**
 * Reads the response to `agent.wait`.
 * @throws EngineError for a failed run.
 */
export function judgeWaitResponse(response: ResponseFrame, token: string): Verdict {
  const parsed = waitPayloadSchema.safeParse(response.payload);
  if (!response.ok || !parsed.success) return { kind: "unknown" };
  const { status, stopReason, error, terminalReply } = parsed.data;
  if (status === "error") {
    throw runFailed(foreignText(wordsOfThing(error ?? null), token));
  }
  // A bare timeout is the end of the waiting, not of the run.
  if (status === "timeout" && stopReason) throw stopped(stopReason === "rpc");
  if (status !== "ok") return { kind: "unknown" };
  if (!terminalReply) return { kind: "unread" };
  return answer(terminalReply.disposition === "silent" ? noText : splitMediaLines(terminalReply.text ?? ""));
}

/** What the gateway quotes of a model server that is down or busy; it has tried the others that it knows. */
const OUTAGE =
  /\b(429|50[0-4]|529)\b|overloaded|rate.?limit|too many requests|econn(refused|reset)|fetch failed|(service|temporarily) unavailable/i;

/** The run failed for a reason of its own, or because a service behind the gateway is out. */
function runFailed(reason: string): EngineError {
  const outage = OUTAGE.test(reason);
  return new EngineError("crashed", `openclaw run failed: ${reason}`, true, {
    blames: outage ? "service" : "message",
    retryAfterMs: outage ? (retryAfterMs(new Headers(), reason, 0) ?? undefined) : undefined,
  });
}

/** What the model said, as the gateway reads it. */
export interface Said {
  text: string;
  /** Paths, which may be relative to the workspace and need not exist, or URLs. */
  media: string[];
}
const noText: Said = { text: "", media: [] };

/** `MEDIA:` in any case with one word behind it, alone on its line. */
const MEDIA_LINE = /^\s*media:\s*(\S+)\s*$/i;

/**
 * Texts outside the final response still hold the lines that name media files; this takes them out as the gateway does,
 * everywhere but in code fences.
 */
export function splitMediaLines(said: string): Said {
  const media: string[] = [];
  let fenced = false;
  const kept = said.split("\n").filter((line) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    const named = fenced ? undefined : MEDIA_LINE.exec(line)?.[1]?.replaceAll("`", "");
    if (named) media.push(named);
    return !named;
  });
  return { text: kept.join("\n").trim(), media };
}

/** A run that ended well but said nothing is a failure of the engine. */
export function emptyAnswer(): EngineError {
  return new EngineError("empty", "openclaw answered nothing");
}

function answer({ text, media }: Said): Verdict {
  if (text === "" && media.length === 0) throw emptyAnswer();
  return { kind: "answer", text: wellFormed(text), ...(media.length === 0 ? {} : { media }) };
}

function stopped(byRequest: boolean): EngineError {
  if (byRequest) return new EngineError("aborted", "the openclaw run was aborted");
  return new EngineError("timeout", "the openclaw run took too long");
}
