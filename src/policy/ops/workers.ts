/** What is wrong with workers that somebody else runs, in words. */
import type { Finding } from "../../contract/ops.js";
import { timeText } from "./words.js";

/** A worker that held a conversation and gives no sign of life: others may take that. Times are epoch ms. */
export interface SilentOwner {
  worker: string;
  conversationId: string;
  since: number;
  /** Until then it may come back and save. */
  keptUntil: number;
}

export interface WorkerTrouble {
  silentOwners: readonly SilentOwner[];
  /** Asked to save and give up its conversation because others wait, and not done in time. */
  holdsOn: { worker: string; conversationId: string; askedAt: number }[];
  /** Processes that were refused the worker id they asked for, by error code, lately. */
  refused: { code: string; count: number; tokenIds: string[] }[];
}

export const startAgain = (worker: string): string =>
  `Start worker ${worker} again, with the same WORKER_ID and on the same data directory`;

export const workerFindings = ({ silentOwners, holdsOn, refused }: WorkerTrouble): Finding[] => [
  ...silentOwners.map(({ worker, conversationId, since, keptUntil }): Finding => ({
    severity: "info",
    code: "owner_silent",
    text: `Worker ${worker} has given no sign of life since ${timeText(since)}. What it has not saved of conversation '${conversationId}' is on its disk; others may go on with the conversation meanwhile.`,
    fix: `${startAgain(worker)}, before ${timeText(keptUntil)}.`,
  })),
  ...holdsOn.map(({ worker, conversationId, askedAt }): Finding => ({
    severity: "warning",
    code: "owner_holds_on",
    text: `Worker ${worker} was asked at ${timeText(askedAt)} to save and give up conversation '${conversationId}', as others wait, and did not.`,
    fix: "Its log says why it cannot save (memory.notSaved). Other workers are asked meanwhile.",
  })),
  ...refused.map(({ code, count, tokenIds }): Finding => ({
    severity: "warning",
    code,
    text: `${count} call(s) were refused because the worker id ${refusedBecause[code] ?? "is not the caller's"}${tokenIds.length > 0 ? `: token ${tokenIds.join(", ")}` : ""}.`,
    fix: refusedFix[code] ?? null,
  })),
];

const refusedBecause: Readonly<Record<string, string>> = {
  worker_id_taken: "belongs to another token",
  worker_id_in_use: "is in use by another process",
};
const refusedFix: Readonly<Record<string, string>> = {
  worker_id_taken:
    "Give that worker another WORKER_ID, rotate the first token instead of minting one, or mint one for this id (workerId).",
  worker_id_in_use: "Give every replica a WORKER_ID of its own, or leave it out; stop what runs twice.",
};
