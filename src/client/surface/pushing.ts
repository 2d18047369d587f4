/** Pushes: what users do for themselves, and what operators do for everybody. */
import { v } from "convex/values";
import * as broadcasts from "../../contract/broadcasts.js";
import * as contract from "../../contract/pushing.js";
import { mappedRow, row } from "./row.js";

interface Scoped {
  companyId?: string;
  consumerUserId?: string;
  agentKey?: string;
  jobId?: string;
}
/** The company of a push is the workspace; a job's id says nothing about its owner. */
const scope = ({ companyId, consumerUserId, agentKey, jobId }: Scoped) => ({
  workspace: companyId,
  consumerUserId,
  agentKey,
  jobId,
});

export const pushingSurface = {
  createPushTemplate: row("createPushTemplate", {
    kind: "mutation",
    access: "admin",
    args: contract.createPushTemplate.args,
    scope,
  }),
  updatePushTemplate: row("updatePushTemplate", {
    kind: "mutation",
    access: "admin",
    args: contract.updatePushTemplate.args,
  }),
  deletePushTemplate: row("deletePushTemplate", {
    kind: "mutation",
    access: "admin",
    args: contract.deletePushTemplate.args,
  }),
  listPushTemplatesByCompany: row("listPushTemplatesByCompany", {
    kind: "query",
    access: "read",
    args: contract.listPushTemplatesByCompany.args,
    scope,
  }),

  createPushJobFromTemplate: row("createPushJobFromTemplate", {
    kind: "mutation",
    access: "write",
    args: contract.createPushJobFromTemplate.args,
    scope,
  }),
  createPushJobCustom: row("createPushJobCustom", {
    kind: "mutation",
    access: "write",
    args: contract.createPushJobCustom.args,
    scope,
  }),
  updatePushJob: row("updatePushJob", {
    kind: "mutation",
    access: "write",
    args: contract.updatePushJob.args,
    scope,
  }),
  deletePushJob: row("deletePushJob", {
    kind: "mutation",
    access: "write",
    args: contract.deletePushJob.args,
    scope,
  }),
  setPushJobEnabled: row("setPushJobEnabled", {
    kind: "mutation",
    access: "write",
    args: contract.setPushJobEnabled.args,
    scope,
  }),
  triggerPushJobNow: row("triggerPushJobNow", {
    kind: "mutation",
    access: "write",
    args: contract.triggerPushJobNow.args,
    fill: ["providerConfig"],
    scope,
  }),
  listPushJobsForUser: row("listPushJobsForUser", {
    kind: "query",
    access: "read",
    args: contract.listPushJobsForUser.args,
    scope,
  }),
  listPushDispatchesByJob: row("listPushDispatchesByJob", {
    kind: "query",
    access: "read",
    args: contract.listPushDispatchesByJob.args,
    scope,
  }),
  // 1.0.11's crons pass `nowMs` and nothing else that they should not.
  dispatchDuePushJobs: mappedRow(
    "dispatchDuePushJobs",
    {
      kind: "mutation",
      access: "system",
      args: { nowMs: v.optional(v.number()), limit: v.optional(v.number()) },
      ignoredArgs: ["nowMs"],
      fill: ["providerConfig"],
    },
    ({ limit, providerConfig }) => ({ limit, providerConfig }),
  ),

  listPushJobsForAgent: row("listPushJobsForAgent", {
    kind: "query",
    access: "read",
    args: contract.listPushJobsForAgent.args,
    scope,
  }),
  createPushJobFromTemplateForAgent: row("createPushJobFromTemplateForAgent", {
    kind: "mutation",
    access: "write",
    args: contract.createPushJobFromTemplateForAgent.args,
    scope,
  }),
  createPushJobCustomForAgent: row("createPushJobCustomForAgent", {
    kind: "mutation",
    access: "write",
    args: contract.createPushJobCustomForAgent.args,
    scope,
  }),
  updatePushJobForAgent: row("updatePushJobForAgent", {
    kind: "mutation",
    access: "write",
    args: contract.updatePushJobForAgent.args,
    scope,
  }),
  triggerPushJobNowForAgent: row("triggerPushJobNowForAgent", {
    kind: "mutation",
    access: "write",
    args: contract.triggerPushJobNowForAgent.args,
    fill: ["providerConfig"],
    scope,
  }),
  listPushDispatchesForAgent: row("listPushDispatchesForAgent", {
    kind: "query",
    access: "read",
    args: contract.listPushDispatchesForAgent.args,
    scope,
  }),

  sendBroadcastToAllActiveAgents: row("sendBroadcastToAllActiveAgents", {
    kind: "mutation",
    access: "admin",
    args: broadcasts.sendBroadcastToAllActiveAgents.args,
    fill: ["providerConfig"],
    scope,
  }),
  getBroadcast: row("getBroadcast", { kind: "query", access: "admin", args: broadcasts.getBroadcast.args }),
  listBroadcasts: row("listBroadcasts", {
    kind: "query",
    access: "admin",
    args: broadcasts.listBroadcasts.args,
    scope,
  }),
  cancelBroadcast: row("cancelBroadcast", {
    kind: "mutation",
    access: "admin",
    args: broadcasts.cancelBroadcast.args,
  }),

  // Texts of the company, sent to its people by its staff.
  createMessageTemplate: row("createMessageTemplate", {
    kind: "mutation",
    access: "admin",
    args: broadcasts.createMessageTemplate.args,
    scope,
  }),
  updateMessageTemplate: row("updateMessageTemplate", {
    kind: "mutation",
    access: "admin",
    args: broadcasts.updateMessageTemplate.args,
  }),
  deleteMessageTemplate: row("deleteMessageTemplate", {
    kind: "mutation",
    access: "admin",
    args: broadcasts.deleteMessageTemplate.args,
  }),
  listMessageTemplatesByCompany: row("listMessageTemplatesByCompany", {
    kind: "query",
    access: "admin",
    args: broadcasts.listMessageTemplatesByCompany.args,
    scope,
  }),
  sendMessageTemplateToUserAgent: row("sendMessageTemplateToUserAgent", {
    kind: "mutation",
    access: "admin",
    args: broadcasts.sendMessageTemplateToUserAgent.args,
    fill: ["providerConfig"],
    scope,
  }),
};
