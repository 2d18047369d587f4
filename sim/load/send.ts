import { setTimeout as sleep } from "node:timers/promises";
import type { Planned } from "../demo/traffic.js";
import { persistently, type CallErrors } from "./calls.js";
import type { Ledger } from "./ledger.js";
import type { Stage } from "./stage.js";

/** Enqueues under way at a time. A conversation is one sender's, so that its messages arrive in order. */
const SENDERS = 4;

/** Enqueues all messages, `rate` per second at most. */
export async function sendAll(
  stage: Stage,
  planned: readonly Planned[],
  rate: number | undefined,
  parts: { ledger: Ledger; errors: CallErrors; signal: AbortSignal },
): Promise<void> {
  const { ledger, errors, signal } = parts;
  const startedAt = Date.now();
  const send = async (sender: number) => {
    for (const [place, message] of planned.entries()) {
      if (message.conversation % SENDERS !== sender) continue;
      if (rate !== undefined) {
        const dueAt = startedAt + (place * 1_000) / rate;
        if (dueAt > Date.now()) await sleep(dueAt - Date.now(), undefined, { signal });
      }
      ledger.enqueued(message, Date.now());
      await persistently("enqueue", errors, signal, () => stage.enqueue(message));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)));
}
