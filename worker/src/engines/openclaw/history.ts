import type { HistoryPayload, HistoryRow } from "./frames.js";
import { splitMediaLines, type Said } from "./verdict.js";

/** What the transcript knows of a turn. */
export interface TurnTrace {
  /** The run key of the user row that was found; absent when the gateway never began the turn. */
  runKey?: string;
  /** The answer, when the model has given one. */
  said?: Said;
}

/**
 * Looks for the newest turn of a message: its user row, and the last finished assistant row before the next keyed user
 * row. Other rows in between belong to the turn: tool results, and the gateway's own note after a restart, which
 * has a key of its own but says by its provenance that no client sent it.
 */
export function traceTurn(history: HistoryPayload, isOurs: (runKey: string) => boolean): TurnTrace {
  const { messages } = history;
  const start = messages.findLastIndex((row) => isOurs(runKeyOf(row) ?? ""));
  const first = messages[start];
  if (!first) return {};
  const rest = messages.slice(start + 1);
  const next = rest.findIndex((row) => runKeyOf(row) !== undefined);
  const turn = next === -1 ? rest : rest.slice(0, next);
  const said = turn.map(answerOf).findLast(({ text, media }) => text !== "" || media.length > 0);
  return { runKey: runKeyOf(first), said };
}

/** The run keys of every attempt at a message: `<messageId>:<attempt>` and `<messageId>:<attempt>:r<n>`. */
export function isAttemptAt(messageId: string): (runKey: string) => boolean {
  return (runKey) =>
    runKey.startsWith(`${messageId}:`) && /^\d+(:r\d+)?$/.test(runKey.slice(messageId.length + 1));
}

function runKeyOf(row: HistoryRow): string | undefined {
  if (row.role !== "user" || !row.idempotencyKey?.endsWith(":user")) return undefined;
  if (row.provenance?.kind === "internal_system") return undefined;
  return row.idempotencyKey.slice(0, -":user".length);
}

/** What a finished assistant row says, nothing for any other row: half answers and tool calls are no answers. */
function answerOf(row: HistoryRow): Said {
  const unfinished = ["aborted", "error", "toolUse"].includes(row.stopReason ?? "");
  if (row.role !== "assistant" || row.openclawAbort !== undefined || unfinished)
    return { text: "", media: [] };
  if (typeof row.content === "string") return splitMediaLines(row.content);
  const parts = row.content.filter((part) => part.type === "text").map((part) => part.text ?? "");
  return splitMediaLines(parts.join("\n"));
}
