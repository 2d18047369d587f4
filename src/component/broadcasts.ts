/** The durable run of a broadcast. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as broadcastRunFile from "../core/pushing/broadcastRun.js";
import * as broadcastsFile from "../core/pushing/broadcasts.js";
import { internalMutation, internalQuery } from "./_generated/server.js";

export const deliverBatch = internalMutation(broadcastRunFile.batch);
export const endRun = internalMutation(broadcastRunFile.ended);
export const broadcastV1 = broadcastRunFile.broadcastV1;

export const sendBroadcastToAllActiveAgents = internalMutation(broadcastsFile.sendBroadcastToAllActiveAgents);
export const getBroadcast = internalQuery(broadcastsFile.getBroadcast);
export const listBroadcasts = internalQuery(broadcastsFile.listBroadcasts);
export const cancelBroadcast = internalMutation(broadcastsFile.cancelBroadcast);
