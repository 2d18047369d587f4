/** Users, their agents and their accounts, and what an app shows of them. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as pairAtBotFile from "../core/identity/pairAtBot.js";
import * as writeFile from "../core/views/write.js";
import * as editFile from "../core/intake/edit.js";
import * as membershipFile from "../core/intake/membership.js";
import * as migrateFile from "../core/intake/migrate.js";
import { internalMutation } from "./_generated/server.js";
export * from "./people.generated.js";

export const noteMembership = internalMutation(membershipFile.noteMembership);
export const replaceWaitingText = internalMutation(editFile.replaceWaitingText);
export const migrateChat = internalMutation(migrateFile.migrateChat);
export const askPairingAtBot = internalMutation(pairAtBotFile.ask);
export const answerPairingAtBot = internalMutation(pairAtBotFile.answer);
export const enqueueAsUser = internalMutation(writeFile.enqueueAsUser);
