/** What the queue schedules for itself and looks up on stale snapshots: its timers, its reaper, its pass. Registrations only. */
import * as discoverFile from "../core/queue/discover.js";
import * as lateFile from "../core/queue/late.js";
import * as passFile from "../core/queue/pass.js";
import * as reapFile from "../core/queue/reap.js";
import * as wakeFile from "../core/queue/wake.js";
import * as albumsFile from "../core/intake/closeAlbum.js";
import * as meetFile from "../core/workers/meet.js";
import * as quietFile from "../core/workers/quiet.js";
import * as replacedReportFile from "../core/workers/deployments/replacedReport.js";
import * as tendFile from "../core/workers/tend.js";
import * as wakeChoiceFile from "../core/workers/wakeChoice.js";
import * as yieldingFile from "../core/workers/yielding.js";
import { internalMutation, internalQuery } from "./_generated/server.js";

export const findCandidates = internalQuery(discoverFile.candidates);
export const isReapArmed = internalQuery(discoverFile.armed);
export const findQuiet = internalQuery(quietFile.quiet);
export const findOverdueLeases = internalQuery(discoverFile.overdueLeases);
export const wakeConversation = internalMutation(wakeFile.conversation);
export const admitMessage = internalMutation(wakeFile.message);
export const reapOnAlarm = internalMutation(reapFile.onAlarm);
export const expireLease = internalMutation(reapFile.expire);
export const hearLate = internalMutation(lateFile.hear);
export const findWaiting = internalQuery(passFile.waiting);
export const observe = internalMutation(passFile.observe);
export const meetWorker = internalMutation(meetFile.meet);
export const tendBound = internalMutation(tendFile.tend);
export const findReplacedReport = internalQuery(replacedReportFile.replacedReport);
export const chooseYielding = internalQuery(yieldingFile.choose);
export const chooseWakes = internalQuery(wakeChoiceFile.choose);
export const closeAlbum = internalMutation(albumsFile.close);

export const releaseStuckJobs = internalMutation(reapFile.releaseStuckJobs);
