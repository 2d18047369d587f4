/**
 * What this app's users and administrators call from their browsers. `auth.ts` decides who may: everybody about their own
 * data, administrators about everything. What only crons need (`startWorkers` …) is in `operator.ts`, out of reach here.
 */
import { exposeApi } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";
import { authorize } from "./auth";

/** For users: their agents, their conversations, their pushes. */
export const {
  // pairing
  getUserAgentBinding,
  myAgentKey,
  getPairingCodeStatus,
  getUserAgentPairingStatus,
  getUserAgentOnboardingState,
  getProviderOperationalReadiness,
  getAgentOperationalReadiness,
  getTelegramAgentReadiness,
  revokeUserAgentBinding,
  createPairingCode,
  createUserAgentPairing,
  // what a user sees of their agents
  listUserAgents,
  getUserAgent,
  getActiveUserAgent,
  getUserAgentsOverview,
  getConversationViewForUserAgent,
  listQueueItemsForUserAgent,
  getUserAgentPushStats,
  getUserAgentConversationStats,
  getUserAgentUsageStats,
  listSnapshotsForUserAgent,
  getLatestSnapshotForUserAgent,
  sendMessageToUserAgent,
  // messages
  listQueueItemsForConversation,
  queueStats,
  enqueue,
  // pushes
  listPushTemplatesByCompany,
  listPushJobsForUser,
  listPushDispatchesByJob,
  listPushJobsForAgent,
  listPushDispatchesForAgent,
  createPushJobFromTemplate,
  createPushJobCustom,
  updatePushJob,
  deletePushJob,
  setPushJobEnabled,
  triggerPushJobNow,
  createPushJobFromTemplateForAgent,
  createPushJobCustomForAgent,
  updatePushJobForAgent,
  triggerPushJobNowForAgent,
  // Telegram
  importTelegramTokenForAgent,
  // memory
  listSnapshotsForConversation,
  // skills
  globalSkillsList,
  // agents and settings
  getRequiredSecretRefs,
  getMessageRuntimeConfig,
  policies,
  // secrets
  secretStatus,
  // machines
  getProviderRuntimeConfig,
  // workers
  workerStats,
} = exposeApi(components.agentFactory, { auth: authorize });

/** For administrators: refused with `admin_required` unless `auth.ts` grants it. */
export const {
  // pairing
  bindUserAgent,
  consumePairingCode,
  resolveAgentForTelegram,
  // messages
  listJobsByStatus,
  listDeadLetters,
  inspectDeadLetter,
  redriveDeadLetter,
  purgeDeadLetters,
  listAmbiguousReplies,
  // pushes
  createPushTemplate,
  updatePushTemplate,
  deletePushTemplate,
  sendBroadcastToAllActiveAgents,
  getBroadcast,
  listBroadcasts,
  cancelBroadcast,
  createMessageTemplate,
  updateMessageTemplate,
  deleteMessageTemplate,
  listMessageTemplatesByCompany,
  sendMessageTemplateToUserAgent,
  // Telegram
  configureTelegramWebhook,
  getWebhookReadiness,
  listParkedUpdates,
  redriveParkedUpdate,
  discardParkedUpdate,
  // skills
  globalSkillsDeploy,
  globalSkillsSetStatus,
  globalSkillsDelete,
  // agents and settings
  configureAgent,
  seedDefaultAgent,
  setMessageRuntimeConfig,
  setPolicies,
  // secrets
  importSecret,
  secretStoreReadiness,
  listSecretVersions,
  deleteSecret,
  rewrapSecrets,
  rewrapProgress,
  // machines
  setProviderRuntimeConfig,
  deleteFlyVolume,
  // workers
  createAgentWorkerToken,
  listWorkerTokens,
  rotateWorkerToken,
  revokeWorkerToken,
  // why something waits
  explainMessage,
  fleetOverview,
  fleetHealth,
  orphanReport,
  collectOrphans,
  // the audit log
  auditHead,
  exportAudit,
} = exposeApi(components.agentFactory, { auth: authorize });
