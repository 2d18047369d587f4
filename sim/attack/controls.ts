/** The control calls: the same targets with right credentials, so that a refusal of everything would be noticed. */
import { usualArguments } from "./cases.js";
import { attempt, delivery, type Origins } from "./requests.js";
import type { Actor, Stage } from "./stage.js";
import type { Attempt, Reply, Target } from "./types.js";

const ENDS_A_MESSAGE = new Set(["settle", "complete", "fail"]);

/** A call that must succeed. */
export interface Control {
  attempt: Attempt;
  /** Says why the reply is no success, or null. */
  fault(reply: Reply): string | null;
}

export async function controlOf(stage: Stage, origins: Origins, target: Target): Promise<Control> {
  const actor: Actor = ENDS_A_MESSAGE.has(target.call.fn) ? await stage.fresh() : stage.victim;
  return {
    attempt: attempt(target, origins, actor.credential, usualArguments(target, actor)),
    fault: (reply) => {
      if (reply.status !== 200 || !reply.ok) return `HTTP ${reply.status} ${reply.code ?? ""}`;
      return isRight(target.call.fn, reply.value) ? null : `answered ${JSON.stringify(reply.value)}`;
    },
  };
}

/** An update without a text is nothing to answer: accepted and ignored. */
export function webhookControl(stage: Stage, origins: Origins): Control {
  const update = {
    update_id: 1,
    edited_message: { message_id: 1, date: 1, chat: { id: 7, type: "private" } },
  };
  return {
    attempt: delivery(origins, stage.webhookSecret, JSON.stringify(update)),
    fault: (reply) => (reply.ok ? null : `HTTP ${reply.status} ${reply.code ?? ""}`),
  };
}

/** What a worker that holds its message is told; functions without an entry only have to answer. */
function isRight(fn: string, value: unknown): boolean {
  const field = (name: string) =>
    typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  switch (fn) {
    case "heartbeat":
    case "complete":
    case "attachMessageMetadata":
      return value === true;
    case "renewLease":
    case "settle":
      return field("ok") === true;
    case "fail":
      return field("requeued") === true || field("deadLettered") === true;
    case "appendConversationMessages":
      return field("updated") === true;
    case "getHydrationBundle":
      return field("conversationId") !== undefined;
    case "getWorkerControlState":
      return field("shouldStop") === false;
    default:
      return true;
  }
}
