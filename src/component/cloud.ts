/** The fleet's calls to the provider of machines. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as carryOutFile from "../core/fleet/carryOut.js";
import * as orphansFile from "../core/fleet/orphans.js";
import * as passFile from "../core/fleet/pass.js";
import * as deleteVolumeFile from "../core/fleet/deleteVolume.js";
import { internalAction } from "./_generated/server.js";
export * from "./cloud.generated.js";

export const runPass = internalAction(passFile.run);
export const carryOut = internalAction(carryOutFile.run);
export const deleteVolume = internalAction(deleteVolumeFile.deleteExpired);
export const collectOrphan = internalAction(orphansFile.collect);
