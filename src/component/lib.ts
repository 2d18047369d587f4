/**
 * The public surface of the component, as a table of contents: one line per function, in the order a newcomer meets
 * them. No logic here; each body is one folder and one file away.
 */
import * as configureAgentFile from "../core/agents/configureAgent.js";
import * as requiredSecrets from "../core/agents/requiredSecrets.js";
import * as auditExport from "../core/audit/exportAudit.js";
import * as auditRecord from "../core/audit/recordCalls.js";
import * as provider from "../core/config/provider.js";
import * as runtime from "../core/config/runtime.js";
import * as reconcile from "../core/fleet/reconcile.js";
import * as media from "../core/media/media.js";
import * as explainMessageFile from "../core/ops/explainMessage.js";
import * as fleetHealthFile from "../core/ops/fleetHealth.js";
import * as fleetOverviewFile from "../core/ops/fleetOverview.js";
import * as opsOrphans from "../core/ops/orphans.js";
import * as viewsAgents from "../core/views/agents.js";
import * as viewsConversation from "../core/views/conversation.js";
import * as viewsQueueItems from "../core/views/queueItems.js";
import * as viewsSend from "../core/views/send.js";
import * as viewsSnapshots from "../core/views/snapshots.js";
import * as viewsStats from "../core/views/stats.js";
import * as broadcasts from "../core/pushing/broadcasts.js";
import * as dispatchDue from "../core/pushing/dispatchDue.js";
import * as pushDispatches from "../core/pushing/dispatches.js";
import * as pushJobs from "../core/pushing/jobs.js";
import * as agentPushJobs from "../core/pushing/jobsForAgent.js";
import * as messageTemplates from "../core/pushing/messageTemplates.js";
import * as pushTemplates from "../core/pushing/templates.js";
import * as triggerPush from "../core/pushing/trigger.js";
import * as bindUserAgentFile from "../core/identity/bindUserAgent.js";
import * as consumePairing from "../core/identity/consumePairing.js";
import * as createPairing from "../core/identity/createPairing.js";
import * as onboarding from "../core/identity/onboarding.js";
import * as pairingStatus from "../core/identity/pairingStatus.js";
import * as identityReadiness from "../core/identity/readiness.js";
import * as resolveFile from "../core/identity/resolve.js";
import * as revokeBinding from "../core/identity/revokeBinding.js";
import * as append from "../core/queue/append.js";
import * as attachMetadata from "../core/queue/attachMetadata.js";
import * as claimFile from "../core/queue/claim.js";
import * as deadLetters from "../core/queue/deadLetters.js";
import * as enqueueFile from "../core/queue/enqueue.js";
import * as heartbeatFile from "../core/queue/heartbeat.js";
import * as hydrate from "../core/queue/hydrate.js";
import * as queueReads from "../core/queue/reads.js";
import * as reap from "../core/queue/reap.js";
import * as settleFile from "../core/queue/settle.js";
import * as deleteSecretFile from "../core/secrets/deleteSecret.js";
import * as importSecretFile from "../core/secrets/importSecret.js";
import * as secretReadiness from "../core/secrets/readiness.js";
import * as rewrap from "../core/secrets/rewrap.js";
import * as secretStatusFile from "../core/secrets/secretStatus.js";
import * as secretVersions from "../core/secrets/secretVersions.js";
import * as skillsDelete from "../core/skills/deleteSkill.js";
import * as skillsDeploy from "../core/skills/deploy.js";
import * as skillsFiles from "../core/skills/files.js";
import * as skillsList from "../core/skills/list.js";
import * as skillsManifest from "../core/skills/manifest.js";
import * as skillsStatus from "../core/skills/setStatus.js";
import * as snapshotFail from "../core/snapshots/failUpload.js";
import * as snapshotFinalize from "../core/snapshots/finalizeUpload.js";
import * as snapshotList from "../core/snapshots/list.js";
import * as snapshotPrepare from "../core/snapshots/prepareUpload.js";
import * as snapshotRelease from "../core/snapshots/release.js";
import * as snapshotRestore from "../core/snapshots/restore.js";
import * as snapshotMemory from "../core/snapshots/workerMemory.js";
import * as configureWebhook from "../core/telegram/configureWebhook.js";
import * as identifyWebhook from "../core/telegram/identifyWebhook.js";
import * as importToken from "../core/telegram/importToken.js";
import * as ingestUpdate from "../core/telegram/ingestUpdate.js";
import * as listParked from "../core/telegram/listParked.js";
import * as redrive from "../core/telegram/redrive.js";
import * as webhookReadiness from "../core/telegram/webhookReadiness.js";
import * as connectionList from "../core/connections/list.js";
import * as connectionRegister from "../core/connections/register.js";
import * as connectionRemove from "../core/connections/remove.js";
import * as probeReads from "../core/probes/reads.js";
import * as probeReport from "../core/probes/report.js";
import * as probeRequest from "../core/probes/request.js";
import * as deploymentHello from "../core/workers/deployments/hello.js";
import * as deploymentHours from "../core/workers/deployments/hours.js";
import * as deploymentList from "../core/workers/deployments/list.js";
import * as deploymentProvision from "../core/workers/deployments/provision.js";
import * as workerReads from "../core/workers/reads.js";
import * as wakeRead from "../core/workers/wakeRead.js";
import * as createToken from "../core/workers/tokens/createToken.js";
import * as listTokens from "../core/workers/tokens/listTokens.js";
import * as refusals from "../core/workers/tokens/refusals.js";
import * as revokeToken from "../core/workers/tokens/revokeToken.js";
import * as rotateToken from "../core/workers/tokens/rotateToken.js";
import { action, mutation, query } from "./_generated/server.js";

// -- Agents and settings --
export const configureAgent = mutation(configureAgentFile.configureAgent);
export const getRequiredSecretRefs = query(requiredSecrets.getRequiredSecretRefs);
export const messageRuntimeConfig = query(runtime.messageRuntimeConfig);
export const setMessageRuntimeConfig = mutation(runtime.setMessageRuntimeConfig);
export const policies = query(runtime.policies);
export const setPolicies = mutation(runtime.setPolicies);

// -- Fleet -- machines that come when conversations wait
export const providerRuntimeConfig = query(provider.providerRuntimeConfig);
export const setProviderRuntimeConfig = mutation(provider.setProviderRuntimeConfig);
export const reconcileWorkers = action(reconcile.reconcileWorkers);
export const checkIdleShutdowns = action(reconcile.checkIdleShutdowns);
export const deleteFlyVolume = action(reconcile.deleteFlyVolume);

// -- Operators -- why a message waits, what every machine does, what is wrong, what is left over
export const explainMessage = query(explainMessageFile.explainMessage);
export const fleetOverview = query(fleetOverviewFile.fleetOverview);
export const fleetHealth = query(fleetHealthFile.fleetHealth);
export const orphanReport = query(opsOrphans.orphanReport);
export const collectOrphans = mutation(opsOrphans.collectOrphans);

// -- Queue -- a message in
export const enqueue = mutation(enqueueFile.enqueue);
export const listQueueItemsForConversation = query(queueReads.listQueueItemsForConversation);
export const hasQueuedJobsForConversation = query(queueReads.hasQueuedJobsForConversation);
export const listJobsByStatus = query(queueReads.listJobsByStatus);
export const queueStats = query(queueReads.queueStats);

// -- Queue -- one message at a time out to a worker; every write is fenced by the lease
export const claim = mutation(claimFile.claim);
export const poll = mutation(claimFile.poll);
export const getHydrationBundle = query(hydrate.getHydrationBundle);
export const heartbeat = mutation(heartbeatFile.heartbeat);
export const renewLease = mutation(heartbeatFile.renewLease);
export const settle = mutation(settleFile.settle);
export const complete = mutation(settleFile.complete);
export const fail = mutation(settleFile.fail);
export const appendConversationMessages = mutation(append.appendConversationMessages);
export const attachMessageMetadata = mutation(attachMetadata.attachMessageMetadata);
export const releaseStuckJobs = mutation(reap.releaseStuckJobs);

// -- Queue -- what went wrong
export const listDeadLetters = query(deadLetters.listDeadLetters);
export const inspectDeadLetter = query(deadLetters.inspectDeadLetter);
export const redriveDeadLetter = mutation(deadLetters.redriveDeadLetter);
export const purgeDeadLetters = mutation(deadLetters.purgeDeadLetters);
export const listAmbiguousReplies = query(deadLetters.listAmbiguousReplies);

// -- Workers --
export const workerStats = query(workerReads.workerStats);
export const getWorkerControlState = query(workerReads.getWorkerControlState);
export const workerWake = query(wakeRead.workerWake);

// -- Snapshots -- the memory: a worker saves the conversation it is bound to, and restores that one
export const getWorkerMemory = query(snapshotMemory.getWorkerMemory);
export const getLatestDataSnapshotForRestore = query(snapshotRestore.getLatestDataSnapshotForRestore);
export const prepareDataSnapshotUpload = mutation(snapshotPrepare.prepareDataSnapshotUpload);
export const finalizeDataSnapshotUpload = mutation(snapshotFinalize.finalizeDataSnapshotUpload);
export const failDataSnapshotUpload = mutation(snapshotFail.failDataSnapshotUpload);
export const releaseConversation = mutation(snapshotRelease.releaseConversation);
export const listSnapshotsForConversation = query(snapshotList.listSnapshotsForConversation);

// -- Secrets --
export const importSecret = mutation(importSecretFile.importSecret);
export const secretStatus = query(secretStatusFile.secretStatus);
export const secretStoreReadiness = query(secretReadiness.secretStoreReadiness);
export const listSecretVersions = query(secretVersions.listSecretVersions);
export const deleteSecret = mutation(deleteSecretFile.deleteSecret);
export const rewrapSecrets = mutation(rewrap.rewrapSecrets);
export const rewrapProgress = query(rewrap.rewrapProgress);

// -- Audit -- what was done, sealed into a chain of hashes
export const auditHead = query(auditExport.auditHead);
export const exportAudit = query(auditExport.exportAudit);
export const recordRefusal = mutation(auditRecord.recordRefusal);
export const recordAdminOperation = mutation(auditRecord.recordAdminOperation);

// -- Worker credentials --
export const createAgentWorkerToken = mutation(createToken.createAgentWorkerToken);
export const listWorkerTokens = query(listTokens.listWorkerTokens);
export const rotateWorkerToken = mutation(rotateToken.rotateWorkerToken);
export const revokeWorkerToken = mutation(revokeToken.revokeWorkerToken);
export const noteWorkerRefusal = mutation(refusals.noteWorkerRefusal);

// -- Deployments -- agent workers: provisioned, watched, accounted for
export const provisionAgentWorker = mutation(deploymentProvision.provisionAgentWorker);
export const listDeployments = query(deploymentList.listDeployments);
export const workerHours = query(deploymentHours.workerHours);
export const workerHello = mutation(deploymentHello.workerHello);

// -- Telegram -- set the webhook, take updates in, look at those that could not be taken
export const configureTelegramWebhook = action(configureWebhook.configureTelegramWebhook);
export const identifyTelegramWebhook = query(identifyWebhook.identifyTelegramWebhook);
export const getWebhookReadiness = action(webhookReadiness.getWebhookReadiness);
export const importTelegramTokenForAgent = mutation(importToken.importTelegramTokenForAgent);
export const ingestTelegramUpdate = mutation(ingestUpdate.ingestTelegramUpdate);
export const listParkedUpdates = query(listParked.listParkedUpdates);
export const redriveParkedUpdate = mutation(redrive.redriveParkedUpdate);
export const discardParkedUpdate = mutation(redrive.discardParkedUpdate);

// -- People -- which agent a user has, and how their Telegram account becomes theirs
export const bindUserAgent = mutation(bindUserAgentFile.bindUserAgent);
export const revokeUserAgentBinding = mutation(revokeBinding.revokeUserAgentBinding);
export const getUserAgentBinding = query(resolveFile.getUserAgentBinding);
export const resolveAgentForUser = query(resolveFile.resolveAgentForUser);
export const resolveAgentForTelegram = query(resolveFile.resolveAgentForTelegram);
export const createPairingCode = mutation(createPairing.createPairingCode);
export const createUserAgentPairing = mutation(createPairing.createUserAgentPairing);
export const consumePairingCode = mutation(consumePairing.consumePairingCode);
export const getPairingCodeStatus = query(pairingStatus.getPairingCodeStatus);
export const getUserAgentPairingStatus = query(pairingStatus.getUserAgentPairingStatus);

// -- People -- what is missing before they can write
export const getUserAgentOnboardingState = query(onboarding.getUserAgentOnboardingState);
export const getProviderOperationalReadiness = query(identityReadiness.getProviderOperationalReadiness);
export const getAgentOperationalReadiness = query(identityReadiness.getAgentOperationalReadiness);
export const getTelegramAgentReadiness = query(identityReadiness.getAgentOperationalReadiness);

// -- Global skills -- code that every worker carries, approved per channel and delivered by hash
export const deployGlobalSkill = mutation(skillsDeploy.deployGlobalSkill);
export const listGlobalSkills = query(skillsList.listGlobalSkills);
export const setGlobalSkillStatus = mutation(skillsStatus.setGlobalSkillStatus);
export const deleteGlobalSkill = mutation(skillsDelete.deleteGlobalSkill);
export const getWorkerGlobalSkillsManifest = query(skillsManifest.getWorkerGlobalSkillsManifest);
export const getWorkerGlobalSkillsIndex = query(skillsManifest.getWorkerGlobalSkillsIndex);
export const getGlobalSkillFiles = query(skillsFiles.getGlobalSkillFiles);

// -- Media -- files of a conversation
export const generateMediaUploadUrl = mutation(media.generateMediaUploadUrl);
export const getStorageFileUrl = query(media.getStorageFileUrl);

// -- Pushes -- texts, jobs at fixed local times, their runs
export const createPushTemplate = mutation(pushTemplates.createPushTemplate);
export const updatePushTemplate = mutation(pushTemplates.updatePushTemplate);
export const deletePushTemplate = mutation(pushTemplates.deletePushTemplate);
export const listPushTemplatesByCompany = query(pushTemplates.listPushTemplatesByCompany);
export const createPushJobFromTemplate = mutation(pushJobs.createPushJobFromTemplate);
export const createPushJobCustom = mutation(pushJobs.createPushJobCustom);
export const updatePushJob = mutation(pushJobs.updatePushJob);
export const deletePushJob = mutation(pushJobs.deletePushJob);
export const setPushJobEnabled = mutation(pushJobs.setPushJobEnabled);
export const listPushJobsForUser = query(pushJobs.listPushJobsForUser);
export const triggerPushJobNow = mutation(triggerPush.triggerPushJobNow);
export const dispatchDuePushJobs = mutation(dispatchDue.dispatchDuePushJobs);
export const listPushDispatchesByJob = query(pushDispatches.listPushDispatchesByJob);

// -- Pushes -- of one agent of one user
export const createPushJobFromTemplateForAgent = mutation(agentPushJobs.createPushJobFromTemplateForAgent);
export const createPushJobCustomForAgent = mutation(agentPushJobs.createPushJobCustomForAgent);
export const updatePushJobForAgent = mutation(agentPushJobs.updatePushJobForAgent);
export const triggerPushJobNowForAgent = mutation(agentPushJobs.triggerPushJobNowForAgent);
export const listPushJobsForAgent = query(agentPushJobs.listPushJobsForAgent);
export const listPushDispatchesForAgent = query(agentPushJobs.listPushDispatchesForAgent);

// -- Pushes -- to everybody, and texts sent by hand
export const sendBroadcastToAllActiveAgents = mutation(broadcasts.sendBroadcastToAllActiveAgents);
export const getBroadcast = query(broadcasts.getBroadcast);
export const listBroadcasts = query(broadcasts.listBroadcasts);
export const cancelBroadcast = mutation(broadcasts.cancelBroadcast);
export const createMessageTemplate = mutation(messageTemplates.createMessageTemplate);
export const updateMessageTemplate = mutation(messageTemplates.updateMessageTemplate);
export const deleteMessageTemplate = mutation(messageTemplates.deleteMessageTemplate);
export const listMessageTemplatesByCompany = query(messageTemplates.listMessageTemplatesByCompany);
export const sendMessageTemplateToUserAgent = mutation(messageTemplates.sendMessageTemplateToUserAgent);

// -- What an app shows a user of their agents --
export const listUserAgents = query(viewsAgents.listUserAgents);
export const getUserAgent = query(viewsAgents.getUserAgent);
export const getActiveUserAgent = query(viewsAgents.getActiveUserAgent);
export const getUserAgentsOverview = query(viewsAgents.getUserAgentsOverview);
export const getConversationViewForUserAgent = query(viewsConversation.getConversationViewForUserAgent);
export const listQueueItemsForUserAgent = query(viewsQueueItems.listQueueItemsForUserAgent);
export const sendMessageToUserAgent = mutation(viewsSend.sendMessageToUserAgent);
export const getUserAgentPushStats = query(viewsStats.getUserAgentPushStats);
export const getUserAgentConversationStats = query(viewsStats.getUserAgentConversationStats);
export const getUserAgentUsageStats = query(viewsStats.getUserAgentUsageStats);
export const listSnapshotsForUserAgent = query(viewsSnapshots.listSnapshotsForUserAgent);
export const getLatestSnapshotForUserAgent = query(viewsSnapshots.getLatestSnapshotForUserAgent);

// -- Workers in other networks -- names of credentials that live there, and what they reach from there
export const registerConnection = mutation(connectionRegister.registerConnection);
export const listConnections = query(connectionList.listConnections);
export const removeConnection = mutation(connectionRemove.removeConnection);
export const requestProbe = mutation(probeRequest.requestProbe);
export const getProbe = query(probeReads.getProbe);
export const listProbes = query(probeReads.listProbes);
export const reportProbe = mutation(probeReport.reportProbe);
