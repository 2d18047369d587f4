/**
 * The public surface of the component, as a table of contents: one line per function, in the order a newcomer meets
 * them. No logic here; each body is one folder and one file away.
 */
import * as configureAgentFile from "./agents/configureAgent.js";
import * as runtime from "./config/runtime.js";
import * as append from "./queue/append.js";
import * as attachMetadata from "./queue/attachMetadata.js";
import * as claimFile from "./queue/claim.js";
import * as deadLetters from "./queue/deadLetters.js";
import * as enqueueFile from "./queue/enqueue.js";
import * as heartbeatFile from "./queue/heartbeat.js";
import * as hydrate from "./queue/hydrate.js";
import * as queueReads from "./queue/reads.js";
import * as reap from "./queue/reap.js";
import * as settleFile from "./queue/settle.js";
import * as importSecretFile from "./secrets/importSecret.js";
import * as secretReadiness from "./secrets/readiness.js";
import * as secretStatusFile from "./secrets/secretStatus.js";
import * as configureWebhook from "./telegram/configureWebhook.js";
import * as identifyWebhook from "./telegram/identifyWebhook.js";
import * as ingestMessage from "./telegram/ingestMessage.js";
import * as listParked from "./telegram/listParked.js";
import * as workerReads from "./workers/reads.js";
import * as createToken from "./workers/tokens/createToken.js";
import * as listTokens from "./workers/tokens/listTokens.js";
import * as revokeToken from "./workers/tokens/revokeToken.js";
import * as rotateToken from "./workers/tokens/rotateToken.js";
import { action, mutation, query } from "./_generated/server.js";

// -- Agents and settings --
export const configureAgent = mutation(configureAgentFile.configureAgent);
export const messageRuntimeConfig = query(runtime.messageRuntimeConfig);
export const setMessageRuntimeConfig = mutation(runtime.setMessageRuntimeConfig);
export const policies = query(runtime.policies);
export const setPolicies = mutation(runtime.setPolicies);

// -- Queue -- a message in
export const enqueue = mutation(enqueueFile.enqueue);
export const listQueueItemsForConversation = query(queueReads.listQueueItemsForConversation);
export const hasQueuedJobsForConversation = query(queueReads.hasQueuedJobsForConversation);
export const listJobsByStatus = query(queueReads.listJobsByStatus);
export const queueStats = query(queueReads.queueStats);

// -- Queue -- one message at a time out to a worker; every write is fenced by the lease
export const claim = mutation(claimFile.claim);
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

// -- Secrets --
export const importSecret = mutation(importSecretFile.importSecret);
export const secretStatus = query(secretStatusFile.secretStatus);
export const secretStoreReadiness = query(secretReadiness.secretStoreReadiness);

// -- Worker credentials --
export const createAgentWorkerToken = mutation(createToken.createAgentWorkerToken);
export const listWorkerTokens = query(listTokens.listWorkerTokens);
export const rotateWorkerToken = mutation(rotateToken.rotateWorkerToken);
export const revokeWorkerToken = mutation(revokeToken.revokeWorkerToken);

// -- Telegram -- set the webhook, take updates in, look at those that could not be taken
export const configureTelegramWebhook = action(configureWebhook.configureTelegramWebhook);
export const identifyTelegramWebhook = query(identifyWebhook.identifyTelegramWebhook);
export const ingestTelegramMessage = mutation(ingestMessage.ingestTelegramMessage);
export const listParkedUpdates = query(listParked.listParkedUpdates);
