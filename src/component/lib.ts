/**
 * The public surface of the component, as a table of contents: one row per function, in the order a newcomer meets
 * them. No logic here; each body is one folder and one file away. Every call loads all of this file, so only what is
 * called often has its body in it; the rest is registered in a module of its weight (see README.md).
 */
import * as rows from "../contract/rows.js";
import * as inline from "../core/inline.js";
import { relayWith } from "../core/relay.js";
import { internal } from "./_generated/api.js";
import { action, mutation, query } from "./_generated/server.js";

const relay = relayWith({ query, mutation, action });

// -- Agents and settings --
export const configureAgent = relay.mutation(rows.agents.configureAgent)(
  () => internal.operators.configureAgent,
);
export const getRequiredSecretRefs = relay.query(rows.agents.getRequiredSecretRefs)(
  () => internal.operators.getRequiredSecretRefs,
);
export const messageRuntimeConfig = relay.query(rows.agents.messageRuntimeConfig)(
  () => internal.operators.messageRuntimeConfig,
);
export const setMessageRuntimeConfig = relay.mutation(rows.agents.setMessageRuntimeConfig)(
  () => internal.operators.setMessageRuntimeConfig,
);
export const policies = relay.query(rows.policies.policies)(() => internal.operators.policies);
export const setPolicies = relay.mutation(rows.policies.setPolicies)(() => internal.operators.setPolicies);

// -- Fleet -- machines that come when conversations wait
export const providerRuntimeConfig = relay.query(rows.fleet.providerRuntimeConfig)(
  () => internal.operators.providerRuntimeConfig,
);
export const setProviderRuntimeConfig = relay.mutation(rows.fleet.setProviderRuntimeConfig)(
  () => internal.operators.setProviderRuntimeConfig,
);
export const reconcileWorkers = relay.action(rows.fleet.reconcileWorkers)(
  () => internal.cloud.reconcileWorkers,
);
export const checkIdleShutdowns = relay.action(rows.fleet.checkIdleShutdowns)(
  () => internal.cloud.checkIdleShutdowns,
);
export const deleteFlyVolume = relay.action(rows.fleet.deleteFlyVolume)(() => internal.cloud.deleteFlyVolume);

// -- Operators -- why a message waits, what every machine does, what is wrong, what is left over
export const explainMessage = relay.query(rows.ops.explainMessage)(() => internal.operators.explainMessage);
export const fleetOverview = relay.query(rows.ops.fleetOverview)(() => internal.operators.fleetOverview);
export const fleetHealth = relay.query(rows.ops.fleetHealth)(() => internal.operators.fleetHealth);
export const orphanReport = relay.query(rows.ops.orphanReport)(() => internal.operators.orphanReport);
export const collectOrphans = relay.mutation(rows.ops.collectOrphans)(
  () => internal.operators.collectOrphans,
);

// -- Queue -- a message in
export const enqueue = mutation(inline.enqueue);
export const listQueueItemsForConversation = relay.query(rows.queue.listQueueItemsForConversation)(
  () => internal.operators.listQueueItemsForConversation,
);
export const hasQueuedJobsForConversation = relay.query(rows.queue.hasQueuedJobsForConversation)(
  () => internal.operators.hasQueuedJobsForConversation,
);
export const listJobsByStatus = relay.query(rows.queue.listJobsByStatus)(
  () => internal.operators.listJobsByStatus,
);
export const queueStats = relay.query(rows.queue.queueStats)(() => internal.operators.queueStats);

// -- Queue -- one message at a time out to a worker; every write is fenced by the lease
export const claim = mutation(inline.claim);
export const poll = mutation(inline.poll);
export const getHydrationBundle = query(inline.getHydrationBundle);
export const heartbeat = mutation(inline.heartbeat);
export const renewLease = mutation(inline.renewLease);
export const settle = mutation(inline.settle);
export const complete = mutation(inline.complete);
export const fail = mutation(inline.fail);
export const appendConversationMessages = mutation(inline.appendConversationMessages);
export const attachMessageMetadata = mutation(inline.attachMessageMetadata);
export const releaseStuckJobs = relay.mutation(rows.queue.releaseStuckJobs)(
  () => internal.queue.releaseStuckJobs,
);

// -- Queue -- what went wrong
export const listDeadLetters = relay.query(rows.deadLetters.listDeadLetters)(
  () => internal.operators.listDeadLetters,
);
export const inspectDeadLetter = relay.query(rows.deadLetters.inspectDeadLetter)(
  () => internal.operators.inspectDeadLetter,
);
export const redriveDeadLetter = relay.mutation(rows.deadLetters.redriveDeadLetter)(
  () => internal.operators.redriveDeadLetter,
);
export const purgeDeadLetters = relay.mutation(rows.deadLetters.purgeDeadLetters)(
  () => internal.operators.purgeDeadLetters,
);
export const listAmbiguousReplies = relay.query(rows.deadLetters.listAmbiguousReplies)(
  () => internal.operators.listAmbiguousReplies,
);

// -- Workers --
export const workerStats = query(inline.workerStats);
export const getWorkerControlState = query(inline.getWorkerControlState);
export const workerWake = query(inline.workerWake);

// -- Snapshots -- the memory: a worker saves the conversation it is bound to, and restores that one
export const getWorkerMemory = relay.query(rows.snapshots.getWorkerMemory)(
  () => internal.workers.getWorkerMemory,
);
export const getLatestDataSnapshotForRestore = relay.query(rows.snapshots.getLatestDataSnapshotForRestore)(
  () => internal.workers.getLatestDataSnapshotForRestore,
);
export const prepareDataSnapshotUpload = relay.mutation(rows.snapshots.prepareDataSnapshotUpload)(
  () => internal.workers.prepareDataSnapshotUpload,
);
export const finalizeDataSnapshotUpload = relay.mutation(rows.snapshots.finalizeDataSnapshotUpload)(
  () => internal.workers.finalizeDataSnapshotUpload,
);
export const failDataSnapshotUpload = relay.mutation(rows.snapshots.failDataSnapshotUpload)(
  () => internal.workers.failDataSnapshotUpload,
);
export const releaseConversation = relay.mutation(rows.snapshots.releaseConversation)(
  () => internal.workers.releaseConversation,
);
export const listSnapshotsForConversation = relay.query(rows.snapshots.listSnapshotsForConversation)(
  () => internal.operators.listSnapshotsForConversation,
);

// -- Secrets --
export const importSecret = relay.mutation(rows.secrets.importSecret)(() => internal.operators.importSecret);
export const secretStatus = relay.query(rows.secrets.secretStatus)(() => internal.operators.secretStatus);
export const secretStoreReadiness = relay.query(rows.secrets.secretStoreReadiness)(
  () => internal.operators.secretStoreReadiness,
);
export const listSecretVersions = relay.query(rows.secrets.listSecretVersions)(
  () => internal.operators.listSecretVersions,
);
export const deleteSecret = relay.mutation(rows.secrets.deleteSecret)(() => internal.operators.deleteSecret);
export const rewrapSecrets = relay.mutation(rows.secrets.rewrapSecrets)(
  () => internal.operators.rewrapSecrets,
);
export const rewrapProgress = relay.query(rows.secrets.rewrapProgress)(
  () => internal.operators.rewrapProgress,
);

// -- Audit -- what was done, sealed into a chain of hashes
export const auditHead = relay.query(rows.audit.auditHead)(() => internal.operators.auditHead);
export const exportAudit = relay.query(rows.audit.exportAudit)(() => internal.operators.exportAudit);
export const recordRefusal = relay.mutation(rows.audit.recordRefusal)(() => internal.operators.recordRefusal);
export const recordAdminOperation = relay.mutation(rows.audit.recordAdminOperation)(
  () => internal.operators.recordAdminOperation,
);

// -- Worker credentials --
export const createAgentWorkerToken = relay.mutation(rows.tokens.createAgentWorkerToken)(
  () => internal.operators.createAgentWorkerToken,
);
export const listWorkerTokens = relay.query(rows.tokens.listWorkerTokens)(
  () => internal.operators.listWorkerTokens,
);
export const rotateWorkerToken = relay.mutation(rows.tokens.rotateWorkerToken)(
  () => internal.operators.rotateWorkerToken,
);
export const revokeWorkerToken = relay.mutation(rows.tokens.revokeWorkerToken)(
  () => internal.operators.revokeWorkerToken,
);
export const noteWorkerRefusal = mutation(inline.noteWorkerRefusal);

// -- Deployments -- agent workers: provisioned, watched, accounted for
export const provisionAgentWorker = relay.mutation(rows.deployments.provisionAgentWorker)(
  () => internal.operators.provisionAgentWorker,
);
export const listDeployments = relay.query(rows.deployments.listDeployments)(
  () => internal.operators.listDeployments,
);
export const workerHours = relay.query(rows.deployments.workerHours)(() => internal.operators.workerHours);
export const workerHello = relay.mutation(rows.workers.workerHello)(() => internal.workers.workerHello);

// -- Telegram -- set the webhook, take updates in, look at those that could not be taken
export const configureTelegramWebhook = relay.action(rows.telegram.configureTelegramWebhook)(
  () => internal.telegram.configureTelegramWebhook,
);
export const identifyTelegramWebhook = query(inline.identifyTelegramWebhook);
export const getWebhookReadiness = relay.action(rows.telegram.getWebhookReadiness)(
  () => internal.telegram.getWebhookReadiness,
);
export const importTelegramTokenForAgent = relay.mutation(rows.identity.importTelegramTokenForAgent)(
  () => internal.operators.importTelegramTokenForAgent,
);
export const ingestTelegramUpdate = mutation(inline.ingestTelegramUpdate);
export const listParkedUpdates = relay.query(rows.telegram.listParkedUpdates)(
  () => internal.operators.listParkedUpdates,
);
export const redriveParkedUpdate = relay.mutation(rows.telegram.redriveParkedUpdate)(
  () => internal.operators.redriveParkedUpdate,
);
export const discardParkedUpdate = relay.mutation(rows.telegram.discardParkedUpdate)(
  () => internal.operators.discardParkedUpdate,
);

// -- People -- which agent a user has, and how their Telegram account becomes theirs
export const bindUserAgent = relay.mutation(rows.identity.bindUserAgent)(() => internal.people.bindUserAgent);
export const revokeUserAgentBinding = relay.mutation(rows.identity.revokeUserAgentBinding)(
  () => internal.people.revokeUserAgentBinding,
);
export const getUserAgentBinding = relay.query(rows.identity.getUserAgentBinding)(
  () => internal.people.getUserAgentBinding,
);
export const resolveAgentForUser = relay.query(rows.identity.resolveAgentForUser)(
  () => internal.people.resolveAgentForUser,
);
export const resolveAgentForTelegram = relay.query(rows.identity.resolveAgentForTelegram)(
  () => internal.people.resolveAgentForTelegram,
);
export const createPairingCode = relay.mutation(rows.identity.createPairingCode)(
  () => internal.people.createPairingCode,
);
export const createUserAgentPairing = relay.mutation(rows.identity.createUserAgentPairing)(
  () => internal.people.createUserAgentPairing,
);
export const consumePairingCode = relay.mutation(rows.identity.consumePairingCode)(
  () => internal.people.consumePairingCode,
);
export const getPairingCodeStatus = relay.query(rows.identity.getPairingCodeStatus)(
  () => internal.people.getPairingCodeStatus,
);
export const getUserAgentPairingStatus = relay.query(rows.identity.getUserAgentPairingStatus)(
  () => internal.people.getUserAgentPairingStatus,
);

// -- People -- what is missing before they can write
export const getUserAgentOnboardingState = relay.query(rows.identity.getUserAgentOnboardingState)(
  () => internal.people.getUserAgentOnboardingState,
);
export const getProviderOperationalReadiness = relay.query(rows.identity.getProviderOperationalReadiness)(
  () => internal.people.getProviderOperationalReadiness,
);
export const getAgentOperationalReadiness = relay.query(rows.identity.getAgentOperationalReadiness)(
  () => internal.people.getAgentOperationalReadiness,
);
export const getTelegramAgentReadiness = relay.query(rows.identity.getAgentOperationalReadiness)(
  () => internal.people.getTelegramAgentReadiness,
);

// -- Global skills -- code that every worker carries, approved per channel and delivered by hash
export const deployGlobalSkill = relay.mutation(rows.skills.deployGlobalSkill)(
  () => internal.operators.deployGlobalSkill,
);
export const listGlobalSkills = relay.query(rows.skills.listGlobalSkills)(
  () => internal.operators.listGlobalSkills,
);
export const setGlobalSkillStatus = relay.mutation(rows.skills.setGlobalSkillStatus)(
  () => internal.operators.setGlobalSkillStatus,
);
export const deleteGlobalSkill = relay.mutation(rows.skills.deleteGlobalSkill)(
  () => internal.operators.deleteGlobalSkill,
);
export const getWorkerGlobalSkillsManifest = relay.query(rows.skills.getWorkerGlobalSkillsManifest)(
  () => internal.workers.getWorkerGlobalSkillsManifest,
);
export const getWorkerGlobalSkillsIndex = relay.query(rows.skills.getWorkerGlobalSkillsIndex)(
  () => internal.workers.getWorkerGlobalSkillsIndex,
);
export const getGlobalSkillFiles = relay.query(rows.skills.getGlobalSkillFiles)(
  () => internal.workers.getGlobalSkillFiles,
);

// -- Media -- files of a conversation
export const generateMediaUploadUrl = mutation(inline.generateMediaUploadUrl);
export const getStorageFileUrl = query(inline.getStorageFileUrl);

// -- Pushes -- texts, jobs at fixed local times, their runs
export const createPushTemplate = relay.mutation(rows.pushing.createPushTemplate)(
  () => internal.pushing.createPushTemplate,
);
export const updatePushTemplate = relay.mutation(rows.pushing.updatePushTemplate)(
  () => internal.pushing.updatePushTemplate,
);
export const deletePushTemplate = relay.mutation(rows.pushing.deletePushTemplate)(
  () => internal.pushing.deletePushTemplate,
);
export const listPushTemplatesByCompany = relay.query(rows.pushing.listPushTemplatesByCompany)(
  () => internal.pushing.listPushTemplatesByCompany,
);
export const createPushJobFromTemplate = relay.mutation(rows.pushing.createPushJobFromTemplate)(
  () => internal.pushing.createPushJobFromTemplate,
);
export const createPushJobCustom = relay.mutation(rows.pushing.createPushJobCustom)(
  () => internal.pushing.createPushJobCustom,
);
export const updatePushJob = relay.mutation(rows.pushing.updatePushJob)(() => internal.pushing.updatePushJob);
export const deletePushJob = relay.mutation(rows.pushing.deletePushJob)(() => internal.pushing.deletePushJob);
export const setPushJobEnabled = relay.mutation(rows.pushing.setPushJobEnabled)(
  () => internal.pushing.setPushJobEnabled,
);
export const listPushJobsForUser = relay.query(rows.pushing.listPushJobsForUser)(
  () => internal.pushing.listPushJobsForUser,
);
export const triggerPushJobNow = relay.mutation(rows.pushing.triggerPushJobNow)(
  () => internal.pushing.triggerPushJobNow,
);
export const dispatchDuePushJobs = relay.mutation(rows.pushing.dispatchDuePushJobs)(
  () => internal.pushing.dispatchDuePushJobs,
);
export const listPushDispatchesByJob = relay.query(rows.pushing.listPushDispatchesByJob)(
  () => internal.pushing.listPushDispatchesByJob,
);

// -- Pushes -- of one agent of one user
export const createPushJobFromTemplateForAgent = relay.mutation(
  rows.pushing.createPushJobFromTemplateForAgent,
)(() => internal.pushing.createPushJobFromTemplateForAgent);
export const createPushJobCustomForAgent = relay.mutation(rows.pushing.createPushJobCustomForAgent)(
  () => internal.pushing.createPushJobCustomForAgent,
);
export const updatePushJobForAgent = relay.mutation(rows.pushing.updatePushJobForAgent)(
  () => internal.pushing.updatePushJobForAgent,
);
export const triggerPushJobNowForAgent = relay.mutation(rows.pushing.triggerPushJobNowForAgent)(
  () => internal.pushing.triggerPushJobNowForAgent,
);
export const listPushJobsForAgent = relay.query(rows.pushing.listPushJobsForAgent)(
  () => internal.pushing.listPushJobsForAgent,
);
export const listPushDispatchesForAgent = relay.query(rows.pushing.listPushDispatchesForAgent)(
  () => internal.pushing.listPushDispatchesForAgent,
);

// -- Pushes -- to everybody, and texts sent by hand
export const sendBroadcastToAllActiveAgents = relay.mutation(rows.broadcasts.sendBroadcastToAllActiveAgents)(
  () => internal.broadcasts.sendBroadcastToAllActiveAgents,
);
export const getBroadcast = relay.query(rows.broadcasts.getBroadcast)(() => internal.broadcasts.getBroadcast);
export const listBroadcasts = relay.query(rows.broadcasts.listBroadcasts)(
  () => internal.broadcasts.listBroadcasts,
);
export const cancelBroadcast = relay.mutation(rows.broadcasts.cancelBroadcast)(
  () => internal.broadcasts.cancelBroadcast,
);
export const createMessageTemplate = relay.mutation(rows.broadcasts.createMessageTemplate)(
  () => internal.pushing.createMessageTemplate,
);
export const updateMessageTemplate = relay.mutation(rows.broadcasts.updateMessageTemplate)(
  () => internal.pushing.updateMessageTemplate,
);
export const deleteMessageTemplate = relay.mutation(rows.broadcasts.deleteMessageTemplate)(
  () => internal.pushing.deleteMessageTemplate,
);
export const listMessageTemplatesByCompany = relay.query(rows.broadcasts.listMessageTemplatesByCompany)(
  () => internal.pushing.listMessageTemplatesByCompany,
);
export const sendMessageTemplateToUserAgent = relay.mutation(rows.broadcasts.sendMessageTemplateToUserAgent)(
  () => internal.pushing.sendMessageTemplateToUserAgent,
);

// -- What an app shows a user of their agents --
export const listUserAgents = relay.query(rows.views.listUserAgents)(() => internal.people.listUserAgents);
export const getUserAgent = relay.query(rows.views.getUserAgent)(() => internal.people.getUserAgent);
export const getActiveUserAgent = relay.query(rows.views.getActiveUserAgent)(
  () => internal.people.getActiveUserAgent,
);
export const getUserAgentsOverview = relay.query(rows.views.getUserAgentsOverview)(
  () => internal.people.getUserAgentsOverview,
);
export const getConversationViewForUserAgent = relay.query(rows.views.getConversationViewForUserAgent)(
  () => internal.people.getConversationViewForUserAgent,
);
export const listQueueItemsForUserAgent = relay.query(rows.views.listQueueItemsForUserAgent)(
  () => internal.people.listQueueItemsForUserAgent,
);
export const sendMessageToUserAgent = mutation(inline.sendMessageToUserAgent);
export const getUserAgentPushStats = relay.query(rows.views.getUserAgentPushStats)(
  () => internal.people.getUserAgentPushStats,
);
export const getUserAgentConversationStats = relay.query(rows.views.getUserAgentConversationStats)(
  () => internal.people.getUserAgentConversationStats,
);
export const getUserAgentUsageStats = relay.query(rows.views.getUserAgentUsageStats)(
  () => internal.people.getUserAgentUsageStats,
);
export const listSnapshotsForUserAgent = relay.query(rows.views.listSnapshotsForUserAgent)(
  () => internal.people.listSnapshotsForUserAgent,
);
export const getLatestSnapshotForUserAgent = relay.query(rows.views.getLatestSnapshotForUserAgent)(
  () => internal.people.getLatestSnapshotForUserAgent,
);

// -- Workers in other networks -- names of credentials that live there, and what they reach from there
export const registerConnection = relay.mutation(rows.connections.registerConnection)(
  () => internal.operators.registerConnection,
);
export const listConnections = relay.query(rows.connections.listConnections)(
  () => internal.operators.listConnections,
);
export const removeConnection = relay.mutation(rows.connections.removeConnection)(
  () => internal.operators.removeConnection,
);
export const requestProbe = relay.mutation(rows.probes.requestProbe)(() => internal.operators.requestProbe);
export const getProbe = relay.query(rows.probes.getProbe)(() => internal.operators.getProbe);
export const listProbes = relay.query(rows.probes.listProbes)(() => internal.operators.listProbes);
export const reportProbe = relay.mutation(rows.probes.reportProbe)(() => internal.workers.reportProbe);
