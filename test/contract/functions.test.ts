/**
 * Every function of 1.0.11's interface has one address, `lib.<name>`, and takes 1.0.11's arguments under their names and
 * demands no others. `nowMs`, which 1.0.11 took nearly everywhere, is gone on purpose.
 */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as lib from "../../src/component/lib.js";

type Kind = "query" | "mutation" | "action";
/** `name: required arguments | optional arguments`, in 1.0.11's words. */
const FUNCTIONS: Record<Kind, string> = {
  mutation: `
    configureAgent: agentKey version secretsRef enabled | bridgeConfig
    setProviderRuntimeConfig: providerConfig |
    setMessageRuntimeConfig: messageConfig |
    importSecret: secretRef plaintextValue | metadata
    enqueue: conversationId agentKey payload | priority scheduledFor maxAttempts providerConfig
    appendConversationMessages: conversationId messages | workspaceId
    attachMessageMetadata: messageId metadata |
    releaseStuckJobs: | limit
    claim: workerId | conversationId
    heartbeat: workerId messageId leaseId |
    complete: workerId messageId leaseId | providerConfig
    fail: workerId messageId leaseId errorMessage | providerConfig
    prepareDataSnapshotUpload: workerId workspaceId agentKey reason | conversationId
    finalizeDataSnapshotUpload: workerId snapshotId storageId sha256 sizeBytes |
    failDataSnapshotUpload: workerId snapshotId error |
    bindUserAgent: consumerUserId agentKey | source telegramUserId telegramChatId metadata
    revokeUserAgentBinding: consumerUserId |
    createPairingCode: consumerUserId agentKey | ttlMs
    consumePairingCode: code telegramUserId telegramChatId |
    createUserAgentPairing: consumerUserId agentKey | ttlMs
    importTelegramTokenForAgent: consumerUserId agentKey plaintextValue | metadata
    sendMessageToUserAgent: consumerUserId agentKey content | metadata saidByUser providerConfig
    createPushTemplate: companyId templateKey title text periodicity suggestedTimes actorUserId | enabled
    updatePushTemplate: templateId actorUserId | title text periodicity suggestedTimes enabled
    deletePushTemplate: templateId |
    createPushJobFromTemplate: companyId consumerUserId templateId timezone | schedule enabled
    createPushJobCustom: companyId consumerUserId title text periodicity timezone schedule | enabled
    updatePushJob: jobId | title text periodicity timezone schedule enabled
    deletePushJob: jobId |
    setPushJobEnabled: jobId enabled |
    triggerPushJobNow: jobId | providerConfig
    dispatchDuePushJobs: | limit providerConfig
    sendBroadcastToAllActiveAgents: companyId title text requestedBy | providerConfig
    createPushJobFromTemplateForAgent: companyId consumerUserId agentKey templateId timezone | schedule enabled
    createPushJobCustomForAgent: companyId consumerUserId agentKey title text periodicity timezone schedule | enabled
    updatePushJobForAgent: consumerUserId agentKey jobId | title text periodicity timezone schedule enabled
    triggerPushJobNowForAgent: consumerUserId agentKey jobId | providerConfig
    deployGlobalSkill: slug version | sourceJs displayName description entryPoint moduleFormat releaseChannel actor
    setGlobalSkillStatus: slug status | actor
    deleteGlobalSkill: slug |
    generateMediaUploadUrl: |`,
  query: `
    providerRuntimeConfig: |
    messageRuntimeConfig: |
    secretStatus: secretRefs |
    queueStats: |
    workerStats: |
    listQueueItemsForConversation: conversationId | limit
    listJobsByStatus: status | limit
    hasQueuedJobsForConversation: conversationId |
    getHydrationBundle: messageId workspaceId |
    getWorkerControlState: workerId |
    getLatestDataSnapshotForRestore: workspaceId agentKey | conversationId
    listSnapshotsForConversation: conversationId | limit
    listSnapshotsForUserAgent: consumerUserId agentKey | limit
    getLatestSnapshotForUserAgent: consumerUserId agentKey |
    getUserAgentBinding: consumerUserId |
    resolveAgentForUser: consumerUserId |
    resolveAgentForTelegram: | telegramUserId telegramChatId
    getPairingCodeStatus: code |
    getUserAgentPairingStatus: consumerUserId agentKey |
    getUserAgentOnboardingState: consumerUserId agentKey |
    getRequiredSecretRefs: | agentKey
    getProviderOperationalReadiness: |
    getTelegramAgentReadiness: consumerUserId agentKey |
    getAgentOperationalReadiness: consumerUserId agentKey |
    listUserAgents: consumerUserId | includeDisabled
    getUserAgent: consumerUserId agentKey |
    getActiveUserAgent: consumerUserId |
    getUserAgentsOverview: consumerUserId |
    getConversationViewForUserAgent: consumerUserId agentKey | limit
    listQueueItemsForUserAgent: consumerUserId agentKey | statuses limit
    getUserAgentPushStats: consumerUserId agentKey |
    getUserAgentConversationStats: consumerUserId agentKey |
    getUserAgentUsageStats: consumerUserId agentKey |
    listPushTemplatesByCompany: companyId | includeDisabled
    listPushJobsForUser: consumerUserId | includeDisabled
    listPushDispatchesByJob: jobId | limit
    listPushJobsForAgent: consumerUserId agentKey | includeDisabled
    listPushDispatchesForAgent: consumerUserId agentKey | limit
    listGlobalSkills: | releaseChannel status limit
    getWorkerGlobalSkillsManifest: | workspaceId workerId releaseChannel
    getStorageFileUrl: storageId |`,
  action: `
    reconcileWorkers: | flyApiToken convexUrl workspaceId scalingPolicy providerConfig
    checkIdleShutdowns: | flyApiToken providerConfig
    deleteFlyVolume: appName volumeId | flyApiToken
    configureTelegramWebhook: convexSiteUrl | secretRef
    getWebhookReadiness: agentKey |`,
};

const functions = new Map<string, unknown>(Object.entries(lib));
const words = (text: string | undefined): string[] => (text ?? "").split(/\s+/).filter((word) => word !== "");
const rows = Object.entries(FUNCTIONS).flatMap(([kind, list]) =>
  list
    .trim()
    .split("\n")
    .map((line) => {
      const [name = "", args = ""] = line.trim().split(":");
      const [required, optional] = args.split("|");
      return { name, kind, required: words(required), optional: words(optional) };
    }),
);

const registered = z.object({
  isQuery: z.literal(true).optional(),
  isMutation: z.literal(true).optional(),
  isAction: z.literal(true).optional(),
  exportArgs: z.custom<() => string>((value) => typeof value === "function"),
  exportReturns: z.custom<() => string>((value) => typeof value === "function"),
});
const argsShape = z.object({ value: z.record(z.string(), z.object({ optional: z.boolean() })) });

function described(name: string) {
  const fn = registered.parse(Object.assign({}, functions.get(name)));
  const args = argsShape.parse(JSON.parse(fn.exportArgs())).value;
  const kind = fn.isQuery ? "query" : fn.isMutation ? "mutation" : "action";
  return { kind, args, returns: fn.exportReturns() };
}

describe("the functions of 1.0.11", () => {
  it("are all here: 75 of lib and 12 that only queue had", () => {
    expect(rows).toHaveLength(87);
  });

  it.each(rows)("$name: $kind", ({ name, kind, required, optional }) => {
    const { args, ...fn } = described(name);
    expect(fn.kind).toBe(kind);
    expect(fn.returns).not.toBe("null");
    for (const argument of [...required, ...optional]) expect(Object.keys(args)).toContain(argument);
    const demanded = Object.keys(args).filter((argument) => args[argument]?.optional === false);
    // Asking for less than 1.0.11 did breaks nobody.
    for (const argument of demanded) expect(required).toContain(argument);
  });
});

describe("no function", () => {
  it("lets its caller choose the clock, or goes without validators", () => {
    for (const [name, value] of Object.entries(lib)) {
      expect(typeof value, name).toBe("function");
      const { args, returns } = described(name);
      expect(Object.keys(args), name).not.toContain("nowMs");
      expect(returns, name).not.toBe("null");
    }
  });
});
