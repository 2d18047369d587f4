/** The slots of push jobs, at fixed local times. Registrations only. */
import "../core/inline.js";
import "../core/queue/pass.js";
import "../core/queue/reap.js";
import "../core/upkeep/tick.js";
import * as dispatchDueFile from "../core/pushing/dispatchDue.js";
import * as wakeFile from "../core/pushing/wake.js";
import * as templatesFile from "../core/pushing/templates.js";
import * as jobsFile from "../core/pushing/jobs.js";
import * as triggerFile from "../core/pushing/trigger.js";
import * as dispatchesFile from "../core/pushing/dispatches.js";
import * as jobsForAgentFile from "../core/pushing/jobsForAgent.js";
import * as messageTemplatesFile from "../core/pushing/messageTemplates.js";
import { internalMutation, internalQuery } from "./_generated/server.js";

export const wakeSlot = internalMutation(wakeFile.slot);
export const dispatchRest = internalMutation(dispatchDueFile.rest);

export const createPushTemplate = internalMutation(templatesFile.createPushTemplate);
export const updatePushTemplate = internalMutation(templatesFile.updatePushTemplate);
export const deletePushTemplate = internalMutation(templatesFile.deletePushTemplate);
export const listPushTemplatesByCompany = internalQuery(templatesFile.listPushTemplatesByCompany);
export const createPushJobFromTemplate = internalMutation(jobsFile.createPushJobFromTemplate);
export const createPushJobCustom = internalMutation(jobsFile.createPushJobCustom);
export const updatePushJob = internalMutation(jobsFile.updatePushJob);
export const deletePushJob = internalMutation(jobsFile.deletePushJob);
export const setPushJobEnabled = internalMutation(jobsFile.setPushJobEnabled);
export const listPushJobsForUser = internalQuery(jobsFile.listPushJobsForUser);
export const triggerPushJobNow = internalMutation(triggerFile.triggerPushJobNow);
export const dispatchDuePushJobs = internalMutation(dispatchDueFile.dispatchDuePushJobs);
export const listPushDispatchesByJob = internalQuery(dispatchesFile.listPushDispatchesByJob);
export const createPushJobFromTemplateForAgent = internalMutation(
  jobsForAgentFile.createPushJobFromTemplateForAgent,
);
export const createPushJobCustomForAgent = internalMutation(jobsForAgentFile.createPushJobCustomForAgent);
export const updatePushJobForAgent = internalMutation(jobsForAgentFile.updatePushJobForAgent);
export const triggerPushJobNowForAgent = internalMutation(jobsForAgentFile.triggerPushJobNowForAgent);
export const listPushJobsForAgent = internalQuery(jobsForAgentFile.listPushJobsForAgent);
export const listPushDispatchesForAgent = internalQuery(jobsForAgentFile.listPushDispatchesForAgent);
export const createMessageTemplate = internalMutation(messageTemplatesFile.createMessageTemplate);
export const updateMessageTemplate = internalMutation(messageTemplatesFile.updateMessageTemplate);
export const deleteMessageTemplate = internalMutation(messageTemplatesFile.deleteMessageTemplate);
export const listMessageTemplatesByCompany = internalQuery(
  messageTemplatesFile.listMessageTemplatesByCompany,
);
export const sendMessageTemplateToUserAgent = internalMutation(
  messageTemplatesFile.sendMessageTemplateToUserAgent,
);
