/** Users, their agents and their accounts, and what an app shows of them. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as bindUserAgentFile from "../core/identity/bindUserAgent.js";
import * as revokeBindingFile from "../core/identity/revokeBinding.js";
import * as resolveFile from "../core/identity/resolve.js";
import * as createPairingFile from "../core/identity/createPairing.js";
import * as consumePairingFile from "../core/identity/consumePairing.js";
import * as pairingStatusFile from "../core/identity/pairingStatus.js";
import * as onboardingFile from "../core/identity/onboarding.js";
import * as readinessFile from "../core/identity/readiness.js";
import * as agentsFile from "../core/views/agents.js";
import * as queueItemsFile from "../core/views/queueItems.js";
import * as conversationFile from "../core/views/conversation.js";
import * as statsFile from "../core/views/stats.js";
import * as snapshotsFile from "../core/views/snapshots.js";
import { internalMutation, internalQuery } from "./_generated/server.js";

export const bindUserAgent = internalMutation(bindUserAgentFile.bindUserAgent);
export const revokeUserAgentBinding = internalMutation(revokeBindingFile.revokeUserAgentBinding);
export const getUserAgentBinding = internalQuery(resolveFile.getUserAgentBinding);
export const resolveAgentForUser = internalQuery(resolveFile.resolveAgentForUser);
export const resolveAgentForTelegram = internalQuery(resolveFile.resolveAgentForTelegram);
export const createPairingCode = internalMutation(createPairingFile.createPairingCode);
export const createUserAgentPairing = internalMutation(createPairingFile.createUserAgentPairing);
export const consumePairingCode = internalMutation(consumePairingFile.consumePairingCode);
export const consumePairingAtBot = internalMutation(consumePairingFile.consumeAtBot);
export const getPairingCodeStatus = internalQuery(pairingStatusFile.getPairingCodeStatus);
export const getUserAgentPairingStatus = internalQuery(pairingStatusFile.getUserAgentPairingStatus);
export const getUserAgentOnboardingState = internalQuery(onboardingFile.getUserAgentOnboardingState);
export const getProviderOperationalReadiness = internalQuery(readinessFile.getProviderOperationalReadiness);
export const getAgentOperationalReadiness = internalQuery(readinessFile.getAgentOperationalReadiness);
export const getTelegramAgentReadiness = internalQuery(readinessFile.getAgentOperationalReadiness);
export const listUserAgents = internalQuery(agentsFile.listUserAgents);
export const getUserAgent = internalQuery(agentsFile.getUserAgent);
export const getActiveUserAgent = internalQuery(agentsFile.getActiveUserAgent);
export const getUserAgentsOverview = internalQuery(agentsFile.getUserAgentsOverview);
export const listQueueItemsForUserAgent = internalQuery(queueItemsFile.listQueueItemsForUserAgent);
export const getUserAgentPushStats = internalQuery(statsFile.getUserAgentPushStats);
export const getUserAgentConversationStats = internalQuery(statsFile.getUserAgentConversationStats);
export const getUserAgentUsageStats = internalQuery(statsFile.getUserAgentUsageStats);
export const listSnapshotsForUserAgent = internalQuery(snapshotsFile.listSnapshotsForUserAgent);
export const getLatestSnapshotForUserAgent = internalQuery(snapshotsFile.getLatestSnapshotForUserAgent);
export const getConversationViewForUserAgent = internalQuery(
  conversationFile.getConversationViewForUserAgent,
);
