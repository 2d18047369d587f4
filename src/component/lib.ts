/**
 * The public surface of the component, as a table of contents: one row per function, in the order a newcomer meets
 * them. No logic here; each body is one folder and one file away. Every call loads all of this file, so only what is
 * called often has its body in it; the rest is registered in a module of its weight (see README.md).
 */
import * as agents from "../contract/agents.js";
import * as audit from "../contract/audit.js";
import * as broadcasts from "../contract/broadcasts.js";
import * as connections from "../contract/connections.js";
import * as deadLetters from "../contract/deadLetters.js";
import * as deployments from "../contract/deployments.js";
import * as fleet from "../contract/fleet.js";
import * as identity from "../contract/identity.js";
import * as media from "../contract/media.js";
import * as ops from "../contract/ops.js";
import * as policy from "../contract/policies.js";
import * as probes from "../contract/probes.js";
import * as pushing from "../contract/pushing.js";
import * as queue from "../contract/queue.js";
import * as secrets from "../contract/secrets.js";
import * as skills from "../contract/skills.js";
import * as snapshots from "../contract/snapshots.js";
import * as telegram from "../contract/telegram.js";
import * as tokens from "../contract/tokens.js";
import * as views from "../contract/views.js";
import * as workers from "../contract/workers.js";
import * as inline from "../core/inline.js";
import { relayWith } from "../core/relay.js";
import { internal } from "./_generated/api.js";
import { action, mutation, query } from "./_generated/server.js";

const relay = relayWith({ query, mutation, action });

// -- Agents and settings --
export const configureAgent = relay.mutation(agents.configureAgent)(() => internal.operators.configureAgent);
export const getRequiredSecretRefs = relay.query(agents.getRequiredSecretRefs)(
  () => internal.operators.getRequiredSecretRefs,
);
export const messageRuntimeConfig = relay.query(agents.messageRuntimeConfig)(
  () => internal.operators.messageRuntimeConfig,
);
export const setMessageRuntimeConfig = relay.mutation(agents.setMessageRuntimeConfig)(
  () => internal.operators.setMessageRuntimeConfig,
);
export const policies = relay.query(policy.policies)(() => internal.operators.policies);
export const setPolicies = relay.mutation(policy.setPolicies)(() => internal.operators.setPolicies);

// -- Fleet -- machines that come when conversations wait
export const providerRuntimeConfig = relay.query(fleet.providerRuntimeConfig)(
  () => internal.operators.providerRuntimeConfig,
);
export const setProviderRuntimeConfig = relay.mutation(fleet.setProviderRuntimeConfig)(
  () => internal.operators.setProviderRuntimeConfig,
);
export const reconcileWorkers = relay.action(fleet.reconcileWorkers)(() => internal.cloud.reconcileWorkers);
export const checkIdleShutdowns = relay.action(fleet.checkIdleShutdowns)(
  () => internal.cloud.checkIdleShutdowns,
);
export const deleteFlyVolume = relay.action(fleet.deleteFlyVolume)(() => internal.cloud.deleteFlyVolume);

// -- Operators -- why a message waits, what every machine does, what is wrong, what is left over
export const explainMessage = relay.query(ops.explainMessage)(() => internal.operators.explainMessage);
export const fleetOverview = relay.query(ops.fleetOverview)(() => internal.operators.fleetOverview);
export const fleetHealth = relay.query(ops.fleetHealth)(() => internal.operators.fleetHealth);
export const orphanReport = relay.query(ops.orphanReport)(() => internal.operators.orphanReport);
export const collectOrphans = relay.mutation(ops.collectOrphans)(() => internal.operators.collectOrphans);

// -- Queue -- a message in
export const enqueue = mutation(inline.enqueue);
export const listQueueItemsForConversation = relay.query(queue.listQueueItemsForConversation)(
  () => internal.operators.listQueueItemsForConversation,
);
export const hasQueuedJobsForConversation = relay.query(queue.hasQueuedJobsForConversation)(
  () => internal.operators.hasQueuedJobsForConversation,
);
export const listJobsByStatus = relay.query(queue.listJobsByStatus)(
  () => internal.operators.listJobsByStatus,
);
export const queueStats = relay.query(queue.queueStats)(() => internal.operators.queueStats);

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
export const attachMessageMetadata = relay.mutation(queue.attachMessageMetadata)(
  () => internal.workers.attachMessageMetadata,
);
export const releaseStuckJobs = relay.mutation(queue.releaseStuckJobs)(() => internal.queue.releaseStuckJobs);

// -- Queue -- what went wrong
export const listDeadLetters = relay.query(deadLetters.listDeadLetters)(
  () => internal.operators.listDeadLetters,
);
export const inspectDeadLetter = relay.query(deadLetters.inspectDeadLetter)(
  () => internal.operators.inspectDeadLetter,
);
export const redriveDeadLetter = relay.mutation(deadLetters.redriveDeadLetter)(
  () => internal.operators.redriveDeadLetter,
);
export const purgeDeadLetters = relay.mutation(deadLetters.purgeDeadLetters)(
  () => internal.operators.purgeDeadLetters,
);
export const listAmbiguousReplies = relay.query(deadLetters.listAmbiguousReplies)(
  () => internal.operators.listAmbiguousReplies,
);

// -- Workers --
export const workerStats = relay.query(workers.workerStats)(() => internal.operators.workerStats);
export const getWorkerControlState = query(inline.getWorkerControlState);
export const workerWake = query(inline.workerWake);

// -- Snapshots -- the memory: a worker saves the conversation it is bound to, and restores that one
export const getWorkerMemory = relay.query(snapshots.getWorkerMemory)(() => internal.workers.getWorkerMemory);
export const getLatestDataSnapshotForRestore = relay.query(snapshots.getLatestDataSnapshotForRestore)(
  () => internal.workers.getLatestDataSnapshotForRestore,
);
export const prepareDataSnapshotUpload = relay.mutation(snapshots.prepareDataSnapshotUpload)(
  () => internal.workers.prepareDataSnapshotUpload,
);
export const finalizeDataSnapshotUpload = relay.mutation(snapshots.finalizeDataSnapshotUpload)(
  () => internal.workers.finalizeDataSnapshotUpload,
);
export const failDataSnapshotUpload = relay.mutation(snapshots.failDataSnapshotUpload)(
  () => internal.workers.failDataSnapshotUpload,
);
export const releaseConversation = relay.mutation(snapshots.releaseConversation)(
  () => internal.workers.releaseConversation,
);
export const listSnapshotsForConversation = relay.query(snapshots.listSnapshotsForConversation)(
  () => internal.operators.listSnapshotsForConversation,
);

// -- Secrets --
export const importSecret = relay.mutation(secrets.importSecret)(() => internal.operators.importSecret);
export const secretStatus = relay.query(secrets.secretStatus)(() => internal.operators.secretStatus);
export const secretStoreReadiness = relay.query(secrets.secretStoreReadiness)(
  () => internal.operators.secretStoreReadiness,
);
export const listSecretVersions = relay.query(secrets.listSecretVersions)(
  () => internal.operators.listSecretVersions,
);
export const deleteSecret = relay.mutation(secrets.deleteSecret)(() => internal.operators.deleteSecret);
export const rewrapSecrets = relay.mutation(secrets.rewrapSecrets)(() => internal.operators.rewrapSecrets);
export const rewrapProgress = relay.query(secrets.rewrapProgress)(() => internal.operators.rewrapProgress);

// -- Audit -- what was done, sealed into a chain of hashes
export const auditHead = relay.query(audit.auditHead)(() => internal.operators.auditHead);
export const exportAudit = relay.query(audit.exportAudit)(() => internal.operators.exportAudit);
export const recordRefusal = relay.mutation(audit.recordRefusal)(() => internal.operators.recordRefusal);
export const recordAdminOperation = relay.mutation(audit.recordAdminOperation)(
  () => internal.operators.recordAdminOperation,
);

// -- Worker credentials --
export const createAgentWorkerToken = relay.mutation(tokens.createAgentWorkerToken)(
  () => internal.operators.createAgentWorkerToken,
);
export const listWorkerTokens = relay.query(tokens.listWorkerTokens)(
  () => internal.operators.listWorkerTokens,
);
export const rotateWorkerToken = relay.mutation(tokens.rotateWorkerToken)(
  () => internal.operators.rotateWorkerToken,
);
export const revokeWorkerToken = relay.mutation(tokens.revokeWorkerToken)(
  () => internal.operators.revokeWorkerToken,
);
export const noteWorkerRefusal = relay.mutation(tokens.noteWorkerRefusal)(
  () => internal.workers.noteWorkerRefusal,
);

// -- Deployments -- agent workers: provisioned, watched, accounted for
export const provisionAgentWorker = relay.mutation(deployments.provisionAgentWorker)(
  () => internal.operators.provisionAgentWorker,
);
export const listDeployments = relay.query(deployments.listDeployments)(
  () => internal.operators.listDeployments,
);
export const workerHours = relay.query(deployments.workerHours)(() => internal.operators.workerHours);
export const workerHello = relay.mutation(workers.workerHello)(() => internal.workers.workerHello);

// -- Telegram -- set the webhook, take updates in, look at those that could not be taken
export const configureTelegramWebhook = relay.action(telegram.configureTelegramWebhook)(
  () => internal.telegram.configureTelegramWebhook,
);
export const identifyTelegramWebhook = query(inline.identifyTelegramWebhook);
export const getWebhookReadiness = relay.action(telegram.getWebhookReadiness)(
  () => internal.telegram.getWebhookReadiness,
);
export const importTelegramTokenForAgent = relay.mutation(identity.importTelegramTokenForAgent)(
  () => internal.operators.importTelegramTokenForAgent,
);
export const ingestTelegramUpdate = mutation(inline.ingestTelegramUpdate);
export const listParkedUpdates = relay.query(telegram.listParkedUpdates)(
  () => internal.operators.listParkedUpdates,
);
export const redriveParkedUpdate = relay.mutation(telegram.redriveParkedUpdate)(
  () => internal.operators.redriveParkedUpdate,
);
export const discardParkedUpdate = relay.mutation(telegram.discardParkedUpdate)(
  () => internal.operators.discardParkedUpdate,
);

// -- People -- which agent a user has, and how their Telegram account becomes theirs
export const bindUserAgent = relay.mutation(identity.bindUserAgent)(() => internal.people.bindUserAgent);
export const revokeUserAgentBinding = relay.mutation(identity.revokeUserAgentBinding)(
  () => internal.people.revokeUserAgentBinding,
);
export const getUserAgentBinding = relay.query(identity.getUserAgentBinding)(
  () => internal.people.getUserAgentBinding,
);
export const resolveAgentForUser = relay.query(identity.resolveAgentForUser)(
  () => internal.people.resolveAgentForUser,
);
export const resolveAgentForTelegram = relay.query(identity.resolveAgentForTelegram)(
  () => internal.people.resolveAgentForTelegram,
);
export const createPairingCode = relay.mutation(identity.createPairingCode)(
  () => internal.people.createPairingCode,
);
export const createUserAgentPairing = relay.mutation(identity.createUserAgentPairing)(
  () => internal.people.createUserAgentPairing,
);
export const consumePairingCode = relay.mutation(identity.consumePairingCode)(
  () => internal.people.consumePairingCode,
);
export const getPairingCodeStatus = relay.query(identity.getPairingCodeStatus)(
  () => internal.people.getPairingCodeStatus,
);
export const getUserAgentPairingStatus = relay.query(identity.getUserAgentPairingStatus)(
  () => internal.people.getUserAgentPairingStatus,
);

// -- People -- what is missing before they can write
export const getUserAgentOnboardingState = relay.query(identity.getUserAgentOnboardingState)(
  () => internal.people.getUserAgentOnboardingState,
);
export const getProviderOperationalReadiness = relay.query(identity.getProviderOperationalReadiness)(
  () => internal.people.getProviderOperationalReadiness,
);
export const getAgentOperationalReadiness = relay.query(identity.getAgentOperationalReadiness)(
  () => internal.people.getAgentOperationalReadiness,
);
export const getTelegramAgentReadiness = relay.query(identity.getAgentOperationalReadiness)(
  () => internal.people.getTelegramAgentReadiness,
);

// -- Global skills -- code that every worker carries, approved per channel and delivered by hash
export const deployGlobalSkill = relay.mutation(skills.deployGlobalSkill)(
  () => internal.operators.deployGlobalSkill,
);
export const listGlobalSkills = relay.query(skills.listGlobalSkills)(
  () => internal.operators.listGlobalSkills,
);
export const setGlobalSkillStatus = relay.mutation(skills.setGlobalSkillStatus)(
  () => internal.operators.setGlobalSkillStatus,
);
export const deleteGlobalSkill = relay.mutation(skills.deleteGlobalSkill)(
  () => internal.operators.deleteGlobalSkill,
);
export const getWorkerGlobalSkillsManifest = relay.query(skills.getWorkerGlobalSkillsManifest)(
  () => internal.workers.getWorkerGlobalSkillsManifest,
);
export const getWorkerGlobalSkillsIndex = relay.query(skills.getWorkerGlobalSkillsIndex)(
  () => internal.workers.getWorkerGlobalSkillsIndex,
);
export const getGlobalSkillFiles = relay.query(skills.getGlobalSkillFiles)(
  () => internal.workers.getGlobalSkillFiles,
);

// -- Media -- files of a conversation
export const generateMediaUploadUrl = relay.mutation(media.generateMediaUploadUrl)(
  () => internal.workers.generateMediaUploadUrl,
);
export const getStorageFileUrl = relay.query(media.getStorageFileUrl)(
  () => internal.workers.getStorageFileUrl,
);

// -- Pushes -- texts, jobs at fixed local times, their runs
export const createPushTemplate = relay.mutation(pushing.createPushTemplate)(
  () => internal.pushing.createPushTemplate,
);
export const updatePushTemplate = relay.mutation(pushing.updatePushTemplate)(
  () => internal.pushing.updatePushTemplate,
);
export const deletePushTemplate = relay.mutation(pushing.deletePushTemplate)(
  () => internal.pushing.deletePushTemplate,
);
export const listPushTemplatesByCompany = relay.query(pushing.listPushTemplatesByCompany)(
  () => internal.pushing.listPushTemplatesByCompany,
);
export const createPushJobFromTemplate = relay.mutation(pushing.createPushJobFromTemplate)(
  () => internal.pushing.createPushJobFromTemplate,
);
export const createPushJobCustom = relay.mutation(pushing.createPushJobCustom)(
  () => internal.pushing.createPushJobCustom,
);
export const updatePushJob = relay.mutation(pushing.updatePushJob)(() => internal.pushing.updatePushJob);
export const deletePushJob = relay.mutation(pushing.deletePushJob)(() => internal.pushing.deletePushJob);
export const setPushJobEnabled = relay.mutation(pushing.setPushJobEnabled)(
  () => internal.pushing.setPushJobEnabled,
);
export const listPushJobsForUser = relay.query(pushing.listPushJobsForUser)(
  () => internal.pushing.listPushJobsForUser,
);
export const triggerPushJobNow = relay.mutation(pushing.triggerPushJobNow)(
  () => internal.pushing.triggerPushJobNow,
);
export const dispatchDuePushJobs = relay.mutation(pushing.dispatchDuePushJobs)(
  () => internal.pushing.dispatchDuePushJobs,
);
export const listPushDispatchesByJob = relay.query(pushing.listPushDispatchesByJob)(
  () => internal.pushing.listPushDispatchesByJob,
);

// -- Pushes -- of one agent of one user
export const createPushJobFromTemplateForAgent = relay.mutation(pushing.createPushJobFromTemplateForAgent)(
  () => internal.pushing.createPushJobFromTemplateForAgent,
);
export const createPushJobCustomForAgent = relay.mutation(pushing.createPushJobCustomForAgent)(
  () => internal.pushing.createPushJobCustomForAgent,
);
export const updatePushJobForAgent = relay.mutation(pushing.updatePushJobForAgent)(
  () => internal.pushing.updatePushJobForAgent,
);
export const triggerPushJobNowForAgent = relay.mutation(pushing.triggerPushJobNowForAgent)(
  () => internal.pushing.triggerPushJobNowForAgent,
);
export const listPushJobsForAgent = relay.query(pushing.listPushJobsForAgent)(
  () => internal.pushing.listPushJobsForAgent,
);
export const listPushDispatchesForAgent = relay.query(pushing.listPushDispatchesForAgent)(
  () => internal.pushing.listPushDispatchesForAgent,
);

// -- Pushes -- to everybody, and texts sent by hand
export const sendBroadcastToAllActiveAgents = relay.mutation(broadcasts.sendBroadcastToAllActiveAgents)(
  () => internal.broadcasts.sendBroadcastToAllActiveAgents,
);
export const getBroadcast = relay.query(broadcasts.getBroadcast)(() => internal.broadcasts.getBroadcast);
export const listBroadcasts = relay.query(broadcasts.listBroadcasts)(
  () => internal.broadcasts.listBroadcasts,
);
export const cancelBroadcast = relay.mutation(broadcasts.cancelBroadcast)(
  () => internal.broadcasts.cancelBroadcast,
);
export const createMessageTemplate = relay.mutation(broadcasts.createMessageTemplate)(
  () => internal.pushing.createMessageTemplate,
);
export const updateMessageTemplate = relay.mutation(broadcasts.updateMessageTemplate)(
  () => internal.pushing.updateMessageTemplate,
);
export const deleteMessageTemplate = relay.mutation(broadcasts.deleteMessageTemplate)(
  () => internal.pushing.deleteMessageTemplate,
);
export const listMessageTemplatesByCompany = relay.query(broadcasts.listMessageTemplatesByCompany)(
  () => internal.pushing.listMessageTemplatesByCompany,
);
export const sendMessageTemplateToUserAgent = relay.mutation(broadcasts.sendMessageTemplateToUserAgent)(
  () => internal.pushing.sendMessageTemplateToUserAgent,
);

// -- What an app shows a user of their agents --
export const getAgentMembership = relay.query(identity.getAgentMembership)(
  () => internal.people.getAgentMembership,
);
export const listUserAgents = relay.query(views.listUserAgents)(() => internal.people.listUserAgents);
export const getUserAgent = relay.query(views.getUserAgent)(() => internal.people.getUserAgent);
export const getActiveUserAgent = relay.query(views.getActiveUserAgent)(
  () => internal.people.getActiveUserAgent,
);
export const getUserAgentsOverview = relay.query(views.getUserAgentsOverview)(
  () => internal.people.getUserAgentsOverview,
);
export const getConversationViewForUserAgent = relay.query(views.getConversationViewForUserAgent)(
  () => internal.people.getConversationViewForUserAgent,
);
export const listQueueItemsForUserAgent = relay.query(views.listQueueItemsForUserAgent)(
  () => internal.people.listQueueItemsForUserAgent,
);
export const sendMessageToUserAgent = relay.mutation(views.sendMessageToUserAgent)(
  () => internal.people.sendMessageToUserAgent,
);
export const getUserAgentPushStats = relay.query(views.getUserAgentPushStats)(
  () => internal.people.getUserAgentPushStats,
);
export const getUserAgentConversationStats = relay.query(views.getUserAgentConversationStats)(
  () => internal.people.getUserAgentConversationStats,
);
export const getUserAgentUsageStats = relay.query(views.getUserAgentUsageStats)(
  () => internal.people.getUserAgentUsageStats,
);
export const listSnapshotsForUserAgent = relay.query(views.listSnapshotsForUserAgent)(
  () => internal.people.listSnapshotsForUserAgent,
);
export const getLatestSnapshotForUserAgent = relay.query(views.getLatestSnapshotForUserAgent)(
  () => internal.people.getLatestSnapshotForUserAgent,
);

// -- Workers in other networks -- names of credentials that live there, and what they reach from there
export const registerConnection = relay.mutation(connections.registerConnection)(
  () => internal.operators.registerConnection,
);
export const listConnections = relay.query(connections.listConnections)(
  () => internal.operators.listConnections,
);
export const removeConnection = relay.mutation(connections.removeConnection)(
  () => internal.operators.removeConnection,
);
export const requestProbe = relay.mutation(probes.requestProbe)(() => internal.operators.requestProbe);
export const getProbe = relay.query(probes.getProbe)(() => internal.operators.getProbe);
export const listProbes = relay.query(probes.listProbes)(() => internal.operators.listProbes);
export const reportProbe = relay.mutation(probes.reportProbe)(() => internal.workers.reportProbe);
