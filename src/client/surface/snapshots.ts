/** Snapshots: workers save and restore, people see what there is. */
import { v } from "convex/values";
import * as contract from "../../contract/snapshots.js";
import { mappedRow, row } from "./row.js";

type Uploading = { workerId: string };
const workerScope = ({ workerId }: Uploading) => ({ workerId });

export const snapshotsSurface = {
  // Without download URLs: those open the memory to whoever has them.
  listSnapshotsForConversation: mappedRow(
    "listSnapshotsForConversation",
    {
      kind: "query",
      access: "read",
      args: { conversationId: v.string(), limit: v.optional(v.number()) },
      scope: ({ conversationId }) => ({ conversationId }),
    },
    ({ conversationId, limit }) => ({ conversationId, limit }),
  ),
  workerMemory: row("getWorkerMemory", {
    kind: "query",
    access: "worker",
    args: contract.getWorkerMemory.args,
    scope: workerScope,
  }),
  workerPrepareSnapshotUpload: row("prepareDataSnapshotUpload", {
    kind: "mutation",
    access: "worker",
    args: contract.prepareDataSnapshotUpload.args,
    scope: ({ workerId, workspaceId, agentKey, conversationId }) => ({
      workerId,
      workspace: workspaceId,
      agentKey,
      conversationId,
    }),
  }),
  workerFinalizeSnapshotUpload: row("finalizeDataSnapshotUpload", {
    kind: "mutation",
    access: "worker",
    args: contract.finalizeDataSnapshotUpload.args,
    scope: workerScope,
  }),
  workerFailSnapshotUpload: row("failDataSnapshotUpload", {
    kind: "mutation",
    access: "worker",
    args: contract.failDataSnapshotUpload.args,
    scope: workerScope,
  }),
  workerLatestSnapshotForRestore: row("getLatestDataSnapshotForRestore", {
    kind: "query",
    access: "worker",
    args: contract.getLatestDataSnapshotForRestore.args,
    scope: ({ workerId, workspaceId, agentKey, conversationId }) => ({
      workerId,
      workspace: workspaceId,
      agentKey,
      conversationId,
    }),
  }),
  workerReleaseConversation: row("releaseConversation", {
    kind: "mutation",
    access: "worker",
    args: contract.releaseConversation.args,
    scope: ({ workerId, conversationId }) => ({ workerId, conversationId }),
  }),
};
