/** The work in batches that the cron and others schedule. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as sealFile from "../core/audit/seal.js";
import * as pairingCodesFile from "../core/identity/pairingCodes.js";
import * as wipeFile from "../core/secrets/wipe.js";
import * as rewrapFile from "../core/secrets/rewrap.js";
import * as manageFile from "../core/skills/manage.js";
import * as queueSweepFile from "../core/queue/sweep.js";
import * as sweepsFile from "../core/upkeep/sweeps.js";
import { internalMutation, internalQuery } from "./_generated/server.js";

export const expirePairings = internalMutation(pairingCodesFile.due);
export const sweep = internalMutation(sweepsFile.sweep);
export const findOverdue = internalQuery(queueSweepFile.found);
export const unstrandMessage = internalMutation(queueSweepFile.unstrand);
export const sealAuditStep = internalMutation(sealFile.step);
export const findUnsealed = internalQuery(sealFile.unsealed);
export const wipeSecretRest = internalMutation(wipeFile.wipeRest);
export const rewrapStep = internalMutation(rewrapFile.step);
export const collectSkillFiles = internalMutation(manageFile.files);
