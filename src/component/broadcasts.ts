/** The durable run of a broadcast. Registrations only. */
import * as broadcastRunFile from "../core/pushing/broadcastRun.js";
import { internalMutation } from "./_generated/server.js";

export const deliverBatch = internalMutation(broadcastRunFile.batch);
export const endRun = internalMutation(broadcastRunFile.ended);
export const broadcastV1 = broadcastRunFile.broadcastV1;
