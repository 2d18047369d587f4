/** A host's calls about its users' agents, for component tests. */
import { api } from "../../src/component/_generated/api.js";
import type { QueueStatus } from "../../src/contract/queue.js";
import type { World } from "./world.js";

const { lib } = api;

export const textsOf = (list: { payload: { messageText: string } }[]): string[] =>
  list.map(({ payload }) => payload.messageText);

export const userAgents = (world: World) => ({
  bind: (consumerUserId: string, agentKey: string, chat?: string, metadata?: Record<string, string>) =>
    world.t.mutation(lib.bindUserAgent, {
      consumerUserId,
      agentKey,
      telegramUserId: chat,
      telegramChatId: chat,
      metadata,
    }),
  say: (consumerUserId: string, agentKey: string, content: string) =>
    world.t.mutation(lib.sendMessageToUserAgent, { consumerUserId, agentKey, content }),
  agent: (consumerUserId: string, agentKey: string) =>
    world.t.query(lib.getUserAgent, { consumerUserId, agentKey }),
  overview: (consumerUserId: string) => world.t.query(lib.getUserAgentsOverview, { consumerUserId }),
  view: (consumerUserId: string, agentKey: string, args: { limit?: number; before?: number } = {}) =>
    world.t.query(lib.getConversationViewForUserAgent, { consumerUserId, agentKey, ...args }),
  items: (
    consumerUserId: string,
    agentKey: string,
    args: { statuses?: QueueStatus[]; limit?: number; before?: number } = {},
  ) => world.t.query(lib.listQueueItemsForUserAgent, { consumerUserId, agentKey, ...args }),
  /** A worker answers the next message: its turns go into the history. */
  async answer(worker: string, reply: string): Promise<void> {
    const job = await world.mustClaim(worker);
    await world.t.mutation(lib.settle, {
      ...world.lease(worker, job),
      turns: [
        { role: "user", content: job.payload.messageText },
        { role: "assistant", content: reply },
      ],
      outcome: { kind: "complete" },
    });
  },
});
