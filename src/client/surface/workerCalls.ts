/** What a worker calls, under 1.0.11's names. Each takes the optional `workerToken` of its contract row. */
import * as contract from "../../contract/queue.js";
import * as workers from "../../contract/workers.js";
import { row } from "./row.js";

type Leased = { workerId: string; messageId: string };
const leasedScope = ({ workerId, messageId }: Leased) => ({ workerId, messageId });

export const workerCallsSurface = {
  workerClaim: row("claim", {
    kind: "mutation",
    access: "worker",
    args: contract.claim.args,
    scope: ({ workerId, conversationId }) => ({ workerId, conversationId }),
  }),
  workerHydrationBundle: row("getHydrationBundle", {
    kind: "query",
    access: "worker",
    args: contract.getHydrationBundle.args,
    scope: ({ workerId, messageId }) => ({ workerId, messageId }),
  }),
  workerHeartbeat: row("heartbeat", {
    kind: "mutation",
    access: "worker",
    args: contract.heartbeat.args,
    scope: leasedScope,
  }),
  workerRenewLease: row("renewLease", {
    kind: "mutation",
    access: "worker",
    args: contract.renewLease.args,
    scope: leasedScope,
  }),
  workerSettle: row("settle", {
    kind: "mutation",
    access: "worker",
    args: contract.settle.args,
    scope: leasedScope,
  }),
  workerComplete: row("complete", {
    kind: "mutation",
    access: "worker",
    args: contract.complete.args,
    fill: ["providerConfig"],
    scope: leasedScope,
  }),
  workerFail: row("fail", {
    kind: "mutation",
    access: "worker",
    args: contract.fail.args,
    fill: ["providerConfig"],
    scope: leasedScope,
  }),
  workerAppendConversationMessages: row("appendConversationMessages", {
    kind: "mutation",
    access: "worker",
    args: contract.appendConversationMessages.args,
    scope: ({ conversationId, workerId }) => ({ conversationId, workerId }),
  }),
  workerAttachMessageMetadata: row("attachMessageMetadata", {
    kind: "mutation",
    access: "worker",
    args: contract.attachMessageMetadata.args,
    scope: ({ messageId, workerId }) => ({ messageId, workerId }),
  }),
  workerConversationHasQueued: row("hasQueuedJobsForConversation", {
    kind: "query",
    access: "worker",
    args: contract.hasQueuedJobsForConversation.args,
    scope: ({ conversationId }) => ({ conversationId }),
  }),
  workerControlState: row("getWorkerControlState", {
    kind: "query",
    access: "worker",
    args: workers.getWorkerControlState.args,
    scope: ({ workerId }) => ({ workerId }),
  }),
  workerWake: row("workerWake", {
    kind: "query",
    access: "worker",
    args: workers.workerWake.args,
    scope: ({ workerId }) => ({ workerId }),
  }),
};
