/** What workers call as `agentFactory:<name>`: the module and the names that the published worker image expects. */
import { exposeApi } from "@okrlinkhub/agent-factory";
import { components } from "./_generated/api";
import { authorize } from "./auth";

export const {
  workerClaim,
  workerHydrationBundle,
  workerHeartbeat,
  workerRenewLease,
  workerSettle,
  workerComplete,
  workerFail,
  workerAppendConversationMessages,
  workerAttachMessageMetadata,
  workerConversationHasQueued,
  workerControlState,
  workerWake,
  workerMemory,
  workerPrepareSnapshotUpload,
  workerFinalizeSnapshotUpload,
  workerFailSnapshotUpload,
  workerLatestSnapshotForRestore,
  workerReleaseConversation,
  workerGlobalSkillsManifest,
  workerGlobalSkillsIndex,
  workerGlobalSkillFiles,
  workerGenerateMediaUploadUrl,
  workerGetStorageFileUrl,
  workerHello,
  workerReportProbe,
} = exposeApi(components.agentFactory, { auth: authorize });
