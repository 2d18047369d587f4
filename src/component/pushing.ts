/** The slots of push jobs, at fixed local times. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as dispatchDueFile from "../core/pushing/dispatchDue.js";
import { internalMutation } from "./_generated/server.js";
export * from "./pushing.generated.js";

export const wakeSlot = internalMutation(dispatchDueFile.slot);
export const dispatchRest = internalMutation(dispatchDueFile.rest);
