import { formatTable } from "../demo/timeline.js";
import type { CallErrors } from "./calls.js";
import type { Outcome } from "./ledger.js";
import type { LoadOptions } from "./options.js";
import type { EngineStatistics } from "./statistics.js";

const UNKNOWN = "unknown: the deployment does not say";
/** Shown of the conflicting pairs, the most frequent first. */
const MAX_PAIRS = 15;

/** The last line of a load. `null`: cannot be known of this deployment, or nothing was claimed. */
export interface LoadFigures {
  workers: number;
  messages: number;
  messagesPerSecond: number;
  attemptsPerCall: number | null;
  worstAttempts: number | null;
  errorsToCallers: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

/** The figures for people. */
export function tableOf(parts: {
  options: LoadOptions;
  figures: LoadFigures;
  outcome: Outcome;
  errors: CallErrors;
  statistics: EngineStatistics | null;
}): string {
  const { options, figures, outcome, errors, statistics } = parts;
  const ms = (value: number | null) => (value === null ? "-" : `${value} ms`);
  const known = (value: number | null) => (value === null ? UNKNOWN : String(value));
  const kind = options.loops ?? "processes with the echo engine";
  const rows: [string, string][] = [
    ["workers", `${options.workers}, ${kind}`],
    ["messages, conversations", `${options.messages}, ${options.conversations}`],
    ["enqueued", options.drain ? "before" : options.rate === undefined ? "meanwhile" : `${options.rate}/s`],
    ["answered", String(outcome.answered)],
    ["lost", String(outcome.lost)],
    ["answered twice", String(outcome.duplicated)],
    ["out of order", String(outcome.outOfOrder)],
    ["messages per second", String(figures.messagesPerSecond)],
    ["attempts per mutation", known(figures.attemptsPerCall)],
    ["worst", known(figures.worstAttempts)],
    ["errors to callers", String(figures.errorsToCallers)],
    ...errors.byCode().map(([code, count]): [string, string] => [`  ${code}`, String(count)]),
    ["enqueue to claim, median", ms(figures.p50Ms)],
    ["enqueue to claim, 99 %", ms(figures.p99Ms)],
  ];
  return formatTable(rows) + countersOf(statistics);
}

/** Functions by calls, and who made whom start again. */
export function countersOf(statistics: EngineStatistics | null): string {
  if (statistics === null) return "";
  const functions = statistics.functions.map(
    ({ function: name, type, calls, attempts, worstAttempts, errors }) => {
      const tries = type === "mutation" ? `, ${attempts} attempts, worst ${worstAttempts}` : "";
      return `  ${name}: ${calls} calls${tries}, ${errors} errors\n`;
    },
  );
  const pairs = statistics.conflicts
    .slice(0, MAX_PAIRS)
    .map(({ retried, writer, index, count }) => `  ${count} × ${retried} <- ${writer} (${index})\n`);
  const more = statistics.conflicts.length - pairs.length;
  return (
    `functions\n${functions.join("")}` +
    `conflicts, retried <- writer${pairs.length === 0 ? ": none\n" : `\n${pairs.join("")}`}` +
    (more > 0 ? `  and ${more} more pairs\n` : "")
  );
}
