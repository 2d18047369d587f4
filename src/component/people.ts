/** Users, their agents and their accounts, and what an app shows of them. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as pairAtBotFile from "../core/identity/pairAtBot.js";
import * as writeFile from "../core/views/write.js";
import * as chatEventsFile from "../core/intake/chatEvents.js";
import { internalMutation } from "./_generated/server.js";
export * from "./people.generated.js";

export const noteMembership = internalMutation(chatEventsFile.noteMembership);
export const replaceWaitingText = internalMutation(chatEventsFile.replaceWaitingText);
export const migrateChat = internalMutation(chatEventsFile.migrateChat);
export const askPairingAtBot = internalMutation(pairAtBotFile.ask);
export const answerPairingAtBot = internalMutation(pairAtBotFile.answer);
export const enqueueAsUser = internalMutation(writeFile.enqueueAsUser);
