import type { PlannedPush } from "./people.js";
import { messageNamedIn, type Planned } from "./traffic.js";

/** A message that was pushed through the webhook. */
export interface Sent extends Planned {
  /** Epoch ms at which the user sent it. */
  sentAt: number;
}

/** What a user saw: one entry of Telegram's outbox. */
export interface Seen {
  chatId: number;
  text: string;
  /** Epoch ms. */
  at: number;
}

/** The machine that was killed, and what it was working on. */
export interface Kill {
  at: number;
  text: string;
}

/** What users saw, judged by Telegram's outbox alone. */
export interface Answers {
  messages: number;
  answered: number;
  /** Sent and never answered in its own chat. */
  lost: number;
  /** Answers beyond the first of a message, and answers in a chat they do not belong to. */
  duplicated: number;
  /** First answers that came after the first answer of a later message of the same conversation. */
  outOfOrder: number;
  /** From the kill to the answer of the message in hand; null without a kill or an answer. */
  recoveredAfterKillMs: number | null;
  p50Ms: number | null;
  p99Ms: number | null;
  seconds: number;
  /** The push was answered in its user's chat. */
  pushed: boolean;
}

/** What the fleet did, judged by the simulated Fly and by the wire to the deployment. */
export interface FleetFigures {
  machinesPeak: number;
  machinesAtEnd: number;
  volumesAtEnd: number;
  /** Snapshots that the deployment took. */
  snapshots: number;
  /** Each agent that was asked said what only its data directory had held; null: these engines keep nothing there. */
  memoryRestored: boolean | null;
  providerCalls: number;
}

/** The last line of the demo. Nothing in it comes from the product's own tables. */
export type Verdict = Answers & FleetFigures;

/** Compares what users saw with what they sent. `push` may be missing while it was not sent. */
export function judge(
  sent: readonly Sent[],
  seen: readonly Seen[],
  { kill, push, tookMs }: { kill?: Kill | undefined; push?: PlannedPush | undefined; tookMs: number },
): Answers {
  const bySequence = new Map(sent.map((message) => [nameOf(message), message]));
  const firstAnswerAt = new Map<string, number>();
  const furthest = new Map<number, number>();
  let duplicated = 0;
  let outOfOrder = 0;
  let pushed = false;
  for (const answer of seen) {
    const named = messageNamedIn(answer.text);
    if (isAnswerTo(push, answer) && !pushed) {
      pushed = true;
      continue;
    }
    const message = named ? bySequence.get(nameOf(named)) : undefined;
    if (!message || message.chatId !== answer.chatId || firstAnswerAt.has(nameOf(message))) {
      duplicated += 1;
      continue;
    }
    firstAnswerAt.set(nameOf(message), answer.at);
    const latest = furthest.get(message.conversation) ?? 0;
    if (message.sequence < latest) outOfOrder += 1;
    furthest.set(message.conversation, Math.max(latest, message.sequence));
  }
  const waits = sent
    .flatMap((message) => {
      const at = firstAnswerAt.get(nameOf(message));
      return at === undefined ? [] : [at - message.sentAt];
    })
    .sort((a, b) => a - b);
  const killed = kill && sent.find((message) => message.text === kill.text);
  const recoveredAt = killed ? firstAnswerAt.get(nameOf(killed)) : undefined;
  return {
    messages: sent.length,
    answered: firstAnswerAt.size,
    lost: sent.length - firstAnswerAt.size,
    duplicated,
    outOfOrder,
    recoveredAfterKillMs: kill && recoveredAt !== undefined ? recoveredAt - kill.at : null,
    p50Ms: percentile(waits, 0.5),
    p99Ms: percentile(waits, 0.99),
    seconds: Math.round(tookMs / 100) / 10,
    pushed,
  };
}

/** An answer may quote older messages, so its end counts. */
const isAnswerTo = (push: PlannedPush | undefined, answer: Seen): boolean =>
  push !== undefined && answer.chatId === push.chatId && answer.text.trimEnd().endsWith(push.text);

/** Whether the promises were kept: everything answered, once, in order; nothing left over; nothing forgotten. */
export const isClean = (verdict: Verdict): boolean =>
  verdict.lost === 0 &&
  verdict.duplicated === 0 &&
  verdict.outOfOrder === 0 &&
  verdict.machinesAtEnd === 0 &&
  verdict.volumesAtEnd === 0 &&
  verdict.memoryRestored !== false &&
  verdict.pushed;

const nameOf = (message: { conversation: number; sequence: number }): string =>
  `${message.conversation}/${message.sequence}`;

/** Nearest rank; `sorted` ascending. */
function percentile(sorted: number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
