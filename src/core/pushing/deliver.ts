/** One push into one chat. */
import { errorDataOf } from "../../contract/errors.js";
import type { EnqueueArgs } from "../queue/enqueue.js";
import { enqueueMessage } from "../queue/enqueue.js";
import type { Id } from "../../component/_generated/dataModel.js";
import type { MutationCtx } from "../../component/_generated/server.js";
import type { PushTarget } from "./target.js";

export interface Push {
  /** Names this run for ever: the same key enqueues nothing a second time. */
  runKey: string;
  text: string;
  metadata: Record<string, string>;
  providerConfig?: EnqueueArgs["providerConfig"];
}

/** Throws what `enqueueMessage` throws. */
export const deliver = (ctx: MutationCtx, target: PushTarget, push: Push): Promise<Id<"messageQueue">> =>
  enqueueMessage(ctx, {
    conversationId: target.conversationId,
    agentKey: target.agentKey,
    payload: {
      ...target.payload,
      messageText: push.text,
      metadata: { ...target.metadata, ...push.metadata, runKey: push.runKey },
    },
    idempotencyKey: push.runKey,
    providerConfig: push.providerConfig,
  });

export type Delivery = { messageId: Id<"messageQueue"> } | { error: string };

/**
 * As `deliver`, for one of many: what the queue refuses on purpose (which it does before it writes anything) is that one's
 * result and not the end of the batch.
 */
export async function tryDeliver(ctx: MutationCtx, target: PushTarget, push: Push): Promise<Delivery> {
  try {
    return { messageId: await deliver(ctx, target, push) };
  } catch (error) {
    const refusal = errorDataOf(error);
    if (refusal === null) throw error;
    return { error: refusal.message };
  }
}
