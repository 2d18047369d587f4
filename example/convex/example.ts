/** What this app's users and administrators call from their browsers. */
import { exposeApi } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";
import { authorize } from "./auth";

export const {
  enqueue,
  listQueueItemsForConversation,
  queueStats,
  workerStats,
  getMessageRuntimeConfig,
  setMessageRuntimeConfig,
  policies,
  setPolicies,
  configureAgent,
  seedDefaultAgent,
  importSecret,
  secretStatus,
  secretStoreReadiness,
  configureTelegramWebhook,
  listParkedUpdates,
  listJobsByStatus,
  listDeadLetters,
  inspectDeadLetter,
  redriveDeadLetter,
  purgeDeadLetters,
  listAmbiguousReplies,
  releaseStuckJobs,
  createAgentWorkerToken,
  listWorkerTokens,
  rotateWorkerToken,
  revokeWorkerToken,
} = exposeApi(components.agentFactory, { auth: authorize });
