/** The slots of push jobs, at fixed local times. Registrations only. */
import * as dispatchDueFile from "../core/pushing/dispatchDue.js";
import * as wakeFile from "../core/pushing/wake.js";
import { internalMutation } from "./_generated/server.js";

export const wakeSlot = internalMutation(wakeFile.slot);
export const dispatchRest = internalMutation(dispatchDueFile.rest);
