/** The slots of push jobs, at fixed local times. Registrations only. */
import * as dispatchDueFile from "./pushing/dispatchDue.js";
import * as wakeFile from "./pushing/wake.js";
import { internalMutation } from "./_generated/server.js";

export const wakeSlot = internalMutation(wakeFile.slot);
export const dispatchRest = internalMutation(dispatchDueFile.rest);
