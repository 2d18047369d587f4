/** What a worker asks once in its life or once in a while: its memory, its skills, a word about itself. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as workerMemoryFile from "../core/snapshots/workerMemory.js";
import * as restoreFile from "../core/snapshots/restore.js";
import * as prepareUploadFile from "../core/snapshots/prepareUpload.js";
import * as finalizeUploadFile from "../core/snapshots/finalizeUpload.js";
import * as failUploadFile from "../core/snapshots/failUpload.js";
import * as releaseFile from "../core/snapshots/release.js";
import * as helloFile from "../core/workers/deployments/hello.js";
import * as manifestFile from "../core/skills/manifest.js";
import * as filesFile from "../core/skills/files.js";
import * as reportFile from "../core/probes/report.js";
import { internalMutation, internalQuery } from "./_generated/server.js";

export const getWorkerMemory = internalQuery(workerMemoryFile.getWorkerMemory);
export const getLatestDataSnapshotForRestore = internalQuery(restoreFile.getLatestDataSnapshotForRestore);
export const prepareDataSnapshotUpload = internalMutation(prepareUploadFile.prepareDataSnapshotUpload);
export const finalizeDataSnapshotUpload = internalMutation(finalizeUploadFile.finalizeDataSnapshotUpload);
export const failDataSnapshotUpload = internalMutation(failUploadFile.failDataSnapshotUpload);
export const releaseConversation = internalMutation(releaseFile.releaseConversation);
export const workerHello = internalMutation(helloFile.workerHello);
export const getWorkerGlobalSkillsManifest = internalQuery(manifestFile.getWorkerGlobalSkillsManifest);
export const getWorkerGlobalSkillsIndex = internalQuery(manifestFile.getWorkerGlobalSkillsIndex);
export const getGlobalSkillFiles = internalQuery(filesFile.getGlobalSkillFiles);
export const reportProbe = internalMutation(reportFile.reportProbe);
