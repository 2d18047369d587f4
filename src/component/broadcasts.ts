/** The durable run of a broadcast. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as broadcastRunFile from "../core/pushing/broadcastRun.js";
import { internalMutation } from "./_generated/server.js";
export * from "./broadcasts.generated.js";

export const deliverBatch = internalMutation(broadcastRunFile.batch);
export const endRun = internalMutation(broadcastRunFile.ended);
export const broadcastV1 = broadcastRunFile.broadcastV1;
