/**
 * The keys of 1.0.11's `exposeApi`: each with its kind, and with the class that decides who may call it. A key that is
 * missing, or moved to a laxer class, breaks an app or opens it.
 */
import { describe, expect, it } from "vitest";
import { surface } from "./index.js";
import type { AccessClass, FunctionKind } from "../../contract/row.js";
import type { OperationScope } from "./row.js";

type Expected = Record<FunctionKind, Partial<Record<AccessClass, string>>>;
const KEYS: Expected = {
  query: {
    read: `queueStats workerStats getMessageRuntimeConfig getProviderRuntimeConfig globalSkillsList secretStatus
      myAgentKey getUserAgentBinding listUserAgents getUserAgent getActiveUserAgent getUserAgentsOverview
      getPairingCodeStatus getUserAgentPairingStatus getUserAgentOnboardingState getRequiredSecretRefs
      getProviderOperationalReadiness getTelegramAgentReadiness getAgentOperationalReadiness listPushTemplatesByCompany
      listPushJobsForUser listPushDispatchesByJob listQueueItemsForConversation listQueueItemsForUserAgent
      getConversationViewForUserAgent listSnapshotsForConversation listSnapshotsForUserAgent
      getLatestSnapshotForUserAgent listPushJobsForAgent listPushDispatchesForAgent getUserAgentPushStats
      getUserAgentConversationStats getUserAgentUsageStats`,
    // It names the user behind any Telegram id.
    admin: "resolveAgentForTelegram",
    worker: `workerHydrationBundle workerGlobalSkillsManifest workerConversationHasQueued workerControlState
      workerLatestSnapshotForRestore workerGetStorageFileUrl`,
  },
  mutation: {
    write: `enqueue sendMessageToUserAgent revokeUserAgentBinding createPairingCode createUserAgentPairing
      importTelegramTokenForAgent createPushJobFromTemplate createPushJobCustom updatePushJob deletePushJob
      setPushJobEnabled triggerPushJobNow triggerPushJobNowForAgent createPushJobFromTemplateForAgent
      createPushJobCustomForAgent updatePushJobForAgent`,
    admin: `setProviderRuntimeConfig setMessageRuntimeConfig seedDefaultAgent importSecret globalSkillsDeploy
      globalSkillsSetStatus globalSkillsDelete bindUserAgent consumePairingCode createPushTemplate updatePushTemplate
      deletePushTemplate sendBroadcastToAllActiveAgents`,
    worker: `workerClaim workerHeartbeat workerComplete workerFail workerAppendConversationMessages
      workerPrepareSnapshotUpload workerFinalizeSnapshotUpload workerFailSnapshotUpload workerGenerateMediaUploadUrl
      workerAttachMessageMetadata`,
    system: "dispatchDuePushJobs",
  },
  action: {
    admin: "deleteFlyVolume configureTelegramWebhook getWebhookReadiness",
    // 1.0.11's users call these from cron jobs, without an identity.
    system: "startWorkers checkIdleShutdowns recoverQueue",
  },
};
const words = (list: string | undefined) => (list ?? "").split(/\s+/).filter((word) => word !== "");
const keys = Object.entries(KEYS).flatMap(([kind, classes]) =>
  Object.entries(classes).flatMap(([access, list]) => words(list).map((name) => ({ name, kind, access }))),
);

/** Not there yet. Asserted exactly, so that the list can only shrink. */
const PENDING = words(``);

interface AnyRow {
  kind: FunctionKind;
  access: AccessClass;
  args: Record<string, unknown>;
  scope: (args: Record<string, unknown>) => OperationScope;
  adminOnlyArgs: readonly string[];
  ignoredArgs: readonly string[];
  fill: readonly string[];
}
const rows = surface as unknown as Record<string, AnyRow>;

describe("the keys of 1.0.11", () => {
  it("are 86, each named once", () => {
    expect(keys).toHaveLength(86);
    expect(new Set(keys.map(({ name }) => name)).size).toBe(86);
  });
  it("are all there but the pending ones", () => {
    const missing = keys.map(({ name }) => name).filter((name) => !(name in rows));
    expect(missing.sort()).toEqual([...PENDING].sort());
  });
  it.each(keys.filter(({ name }) => name in rows))(
    "$name is a $kind for $access",
    ({ name, ...expected }) => {
      const { kind, access } = rows[name] as AnyRow;
      expect({ kind, access }).toEqual(expected);
    },
  );
});

describe.each(Object.entries(rows))("%s", (_name, row) => {
  const scopeFields = { consumerUserId: "u", agentKey: "a", conversationId: "c", workspace: "w" };

  it("tells auth whose data its arguments name", () => {
    const named = Object.fromEntries(Object.entries(scopeFields).filter(([field]) => field in row.args));
    // The two other names for a workspace: a worker's, and that of the push functions.
    for (const alias of ["workspaceId", "companyId"]) {
      if (alias in row.args && row.access !== "worker") named.workspace = "w";
    }
    const args = {
      ...scopeFields,
      workspaceId: "w",
      companyId: "w",
      jobId: "j",
      messageId: "m",
      workerId: "x",
    };
    const brought = Object.fromEntries(Object.entries(args).filter(([field]) => field in row.args));
    expect(row.scope(brought)).toMatchObject(named);
    if ("jobId" in row.args) expect(row.scope(brought)).toMatchObject({ jobId: "j" });
  });

  it("lets only administrators choose what machines run, and nobody the time", () => {
    const privileged = ["providerConfig", "flyApiToken", "convexUrl", "scalingPolicy"];
    const open = privileged.filter(
      (name) => name in row.args && !row.adminOnlyArgs.includes(name) && !row.fill.includes(name),
    );
    // An administrative operation is refused as a whole.
    expect(row.access === "admin" ? [] : open).toEqual([]);
    expect("nowMs" in row.args ? row.ignoredArgs : ["nowMs"]).toContain("nowMs");
  });

  it("is no read when it changes something, and for workers only with a token", () => {
    if (row.kind !== "query") expect(row.access).not.toBe("read");
    expect("workerToken" in row.args).toBe(row.access === "worker");
  });
});
