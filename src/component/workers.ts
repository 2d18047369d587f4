/**
 * What a worker asks once in its life or once in a while (its memory, its skills, files, a word about itself), and what actions ask
 * for. Registrations only.
 */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as fetchFileFile from "../core/intake/fetchFile.js";
import * as openForActionFile from "../core/secrets/openForAction.js";
import { internalMutation, internalQuery } from "./_generated/server.js";
export * from "./workers.generated.js";

export const beginFetch = internalMutation(fetchFileFile.begin);
export const endFetch = internalMutation(fetchFileFile.end);
export const openSecret = internalQuery(openForActionFile.openForAction);
