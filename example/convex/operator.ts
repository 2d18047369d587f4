/** For the people who run this app: `npx convex run operator:queueStats`. No client can reach these. */
import { exposeOperatorApi } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";

export const {
  configureAgent,
  seedDefaultAgent,
  getMessageRuntimeConfig,
  setMessageRuntimeConfig,
  policies,
  setPolicies,
  importSecret,
  secretStatus,
  secretStoreReadiness,
  configureTelegramWebhook,
  listParkedUpdates,
  queueStats,
  workerStats,
  listQueueItemsForConversation,
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
} = exposeOperatorApi(components.agentFactory);
