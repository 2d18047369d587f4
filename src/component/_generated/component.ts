/* eslint-disable */
/**
 * Generated `ComponentApi` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type { FunctionReference } from "convex/server";

/**
 * A utility for referencing a Convex component's exposed API.
 *
 * Useful when expecting a parameter like `components.myComponent`.
 * Usage:
 * ```ts
 * async function myFunction(ctx: QueryCtx, component: ComponentApi) {
 *   return ctx.runQuery(component.someFile.someQuery, { ...args });
 * }
 * ```
 */
export type ComponentApi<Name extends string | undefined = string | undefined> =
  {
    lib: {
      appendConversationMessages: FunctionReference<
        "mutation",
        "internal",
        {
          conversationId: string;
          leaseId?: string;
          messages: Array<{
            at?: number;
            content: string;
            role: "system" | "user" | "assistant" | "tool";
          }>;
          workerId?: string;
          workerToken?: string;
          workspaceId?: string;
        },
        { messageCount: number; updated: boolean },
        Name
      >;
      attachMessageMetadata: FunctionReference<
        "mutation",
        "internal",
        {
          leaseId?: string;
          messageId: string;
          metadata: Record<string, string>;
          workerId?: string;
          workerToken?: string;
        },
        boolean,
        Name
      >;
      claim: FunctionReference<
        "mutation",
        "internal",
        {
          conversationId?: string;
          hydrate?: boolean;
          workerId: string;
          workerToken?: string;
          workspaceId?: string;
        },
        null | {
          agentKey: string;
          attempt: number;
          conversationId: string;
          heartbeatIntervalMs: number;
          hydration?: {
            agentKey: string;
            bridgeRuntimeConfig: {
              appBaseUrlMapJson: string | null;
              appKey: string | null;
              baseUrl: string | null;
              serviceId: string | null;
              serviceKey: string | null;
              serviceKeySecretRef: string | null;
            } | null;
            conversationId: string;
            conversationState: {
              contextHistory: Array<{
                at: number;
                content: string;
                role: "system" | "user" | "assistant" | "tool";
              }>;
              pendingToolCalls: Array<{
                callId: string;
                status: "pending" | "running" | "done" | "failed";
                toolName: string;
              }>;
            };
            messageId: string;
            payload: {
              externalMessageId?: string;
              messageText: string;
              metadata?: Record<string, string>;
              provider: string;
              providerUserId: string;
              rawUpdateJson?: string;
            };
            reply?: {
              ambiguousParts: Array<number>;
              nextPart: number;
              parts: number;
              text: string;
            };
            telegramBotToken: string | null;
          };
          hydrationError?: string;
          leaseExpiresAt: number;
          leaseId: string;
          maxAttempts: number;
          messageId: string;
          payload: {
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
        },
        Name
      >;
      complete: FunctionReference<
        "mutation",
        "internal",
        {
          leaseId: string;
          messageId: string;
          providerConfig?: {
            appName: string;
            image: string;
            kind: "fly" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          workerId: string;
          workerToken?: string;
        },
        boolean,
        Name
      >;
      configureAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          bridgeConfig?: {
            appBaseUrlMapJsonSecretRef?: string;
            appKey?: string;
            baseUrl?: string;
            enabled: boolean;
            serviceId?: string;
            serviceKeySecretRef?: string;
          };
          enabled: boolean;
          secretsRef: Array<string>;
          tag?: string;
          version: string;
          workspace?: string;
        },
        string,
        Name
      >;
      configureTelegramWebhook: FunctionReference<
        "action",
        "internal",
        { convexSiteUrl: string; secretRef?: string },
        {
          currentUrl: string | null;
          description: string;
          isReady: boolean;
          lastErrorDate: number | null;
          lastErrorMessage: string | null;
          ok: true;
          pendingUpdateCount: number;
          webhookUrl: string;
        },
        Name
      >;
      createAgentWorkerToken: FunctionReference<
        "mutation",
        "internal",
        {
          expiresInMs?: number;
          group?: string;
          tags?: Array<string>;
          workerId?: string;
          workspace?: string;
        },
        { expiresAt: number; token: string; tokenId: string },
        Name
      >;
      enqueue: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          conversationId: string;
          idempotencyKey?: string;
          maxAttempts?: number;
          payload: {
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
          priority?: number;
          providerConfig?: {
            appName: string;
            image: string;
            kind: "fly" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          scheduledFor?: number;
          tag?: string;
        },
        string,
        Name
      >;
      fail: FunctionReference<
        "mutation",
        "internal",
        {
          errorMessage: string;
          leaseId: string;
          messageId: string;
          providerConfig?: {
            appName: string;
            image: string;
            kind: "fly" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          workerId: string;
          workerToken?: string;
        },
        {
          deadLettered: boolean;
          nextScheduledFor: number | null;
          requeued: boolean;
        },
        Name
      >;
      getHydrationBundle: FunctionReference<
        "query",
        "internal",
        {
          leaseId?: string;
          messageId: string;
          workerId?: string;
          workerToken?: string;
          workspaceId: string;
        },
        null | {
          agentKey: string;
          bridgeRuntimeConfig: {
            appBaseUrlMapJson: string | null;
            appKey: string | null;
            baseUrl: string | null;
            serviceId: string | null;
            serviceKey: string | null;
            serviceKeySecretRef: string | null;
          } | null;
          conversationId: string;
          conversationState: {
            contextHistory: Array<{
              at: number;
              content: string;
              role: "system" | "user" | "assistant" | "tool";
            }>;
            pendingToolCalls: Array<{
              callId: string;
              status: "pending" | "running" | "done" | "failed";
              toolName: string;
            }>;
          };
          messageId: string;
          payload: {
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
          reply?: {
            ambiguousParts: Array<number>;
            nextPart: number;
            parts: number;
            text: string;
          };
          telegramBotToken: string | null;
        },
        Name
      >;
      getWorkerControlState: FunctionReference<
        "query",
        "internal",
        { workerId: string; workerToken?: string },
        { shouldStop: boolean },
        Name
      >;
      hasQueuedJobsForConversation: FunctionReference<
        "query",
        "internal",
        { conversationId: string; workerToken?: string },
        boolean,
        Name
      >;
      heartbeat: FunctionReference<
        "mutation",
        "internal",
        {
          leaseId: string;
          messageId: string;
          workerId: string;
          workerToken?: string;
        },
        boolean,
        Name
      >;
      identifyTelegramWebhook: FunctionReference<
        "query",
        "internal",
        { webhookSecret: string },
        null | { agentKey: string | null; botId: string },
        Name
      >;
      importSecret: FunctionReference<
        "mutation",
        "internal",
        {
          metadata?: Record<string, string>;
          plaintextValue: string;
          secretRef: string;
        },
        { secretId: string; secretRef: string; version: number },
        Name
      >;
      ingestTelegramMessage: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          chatId: string;
          externalMessageId: string;
          messageText: string;
          metadata: Record<string, string>;
          rawUpdateJson: string;
          senderId: string;
          updateId: number;
          webhookSecret: string;
        },
        | { kind: "enqueued"; messageId: string }
        | { code: string; kind: "parked" }
        | { kind: "refused" },
        Name
      >;
      inspectDeadLetter: FunctionReference<
        "query",
        "internal",
        { messageId: string },
        {
          _creationTime: number;
          _id: string;
          agentKey: string;
          attempts: number;
          conversationId: string;
          deadLetteredAt: number;
          lastError: string | null;
          maxAttempts: number;
          payload: {
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
          priority: number;
          reply: {
            ambiguousParts: Array<number>;
            nextPart: number;
            parts: number;
            text: string;
          } | null;
          scheduledFor: number;
          status: "queued" | "processing" | "done" | "failed" | "dead_letter";
        } | null,
        Name
      >;
      listAmbiguousReplies: FunctionReference<
        "query",
        "internal",
        { limit?: number },
        Array<{
          agentKey: string;
          ambiguousAt: number;
          conversationId: string;
          messageId: string;
          reply: {
            ambiguousParts: Array<number>;
            nextPart: number;
            parts: number;
            text: string;
          };
        }>,
        Name
      >;
      listDeadLetters: FunctionReference<
        "query",
        "internal",
        { before?: number; limit?: number },
        Array<{
          _creationTime: number;
          _id: string;
          agentKey: string;
          attempts: number;
          conversationId: string;
          deadLetteredAt: number;
          lastError: string | null;
          maxAttempts: number;
          payload: {
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
          priority: number;
          reply: {
            ambiguousParts: Array<number>;
            nextPart: number;
            parts: number;
            text: string;
          } | null;
          scheduledFor: number;
          status: "queued" | "processing" | "done" | "failed" | "dead_letter";
        }>,
        Name
      >;
      listJobsByStatus: FunctionReference<
        "query",
        "internal",
        {
          limit?: number;
          status: "queued" | "processing" | "done" | "failed" | "dead_letter";
        },
        Array<{
          _creationTime: number;
          _id: string;
          agentKey: string;
          attempts: number;
          conversationId: string;
          lastError?: string;
          maxAttempts: number;
          priority: number;
          scheduledFor: number;
          status: "queued" | "processing" | "done" | "failed" | "dead_letter";
        }>,
        Name
      >;
      listParkedUpdates: FunctionReference<
        "query",
        "internal",
        { limit?: number },
        Array<{
          agentKey: string;
          botId: string;
          code: string;
          message: string;
          parkedAt: number;
          parkedId: string;
          rawUpdateJson: string;
          updateId: number;
        }>,
        Name
      >;
      listQueueItemsForConversation: FunctionReference<
        "query",
        "internal",
        { conversationId: string; limit?: number },
        Array<{
          _creationTime: number;
          _id: string;
          agentKey: string;
          attempts: number;
          conversationId: string;
          lastError: string | null;
          maxAttempts: number;
          payload: {
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
          priority: number;
          scheduledFor: number;
          status: "queued" | "processing" | "done" | "failed" | "dead_letter";
        }>,
        Name
      >;
      listWorkerTokens: FunctionReference<
        "query",
        "internal",
        { limit?: number },
        Array<{
          createdAt: number;
          expiresAt: number;
          group: string | null;
          revokedAt: number | null;
          tags: Array<string>;
          tokenId: string;
          workerId: string | null;
          workspace: string | null;
        }>,
        Name
      >;
      messageRuntimeConfig: FunctionReference<
        "query",
        "internal",
        {},
        { systemPrompt?: string } | null,
        Name
      >;
      policies: FunctionReference<
        "query",
        "internal",
        {},
        {
          hydration: { historyTurns: number };
          lease: {
            heartbeatIntervalMs: number;
            leaseMs: number;
            reapGridMs: number;
            staleAfterMs: number;
          };
          queue: {
            deadLetterRetentionMs: number;
            defaultPriority: number;
            doneRetentionMs: number;
            idempotencyKeyMs: number;
            maxMetadataBytes: number;
            maxPriority: number;
            maxTextBytes: number;
          };
          retry: {
            backoffFactor: number;
            baseDelayMs: number;
            jitterRatio: number;
            maxAttempts: number;
            maxDelayMs: number;
          };
          scaling: {
            idleTimeoutMs: number;
            maxWorkers: number;
            queuePerWorkerTarget: number;
            reconcileIntervalMs: number;
            spawnStep: number;
          };
        },
        Name
      >;
      purgeDeadLetters: FunctionReference<
        "mutation",
        "internal",
        { endedBefore?: number; limit?: number; messageId?: string },
        { more: boolean; purged: number },
        Name
      >;
      queueStats: FunctionReference<
        "query",
        "internal",
        {},
        {
          capped: boolean;
          deadLetter: number;
          processing: number;
          queuedReady: number;
        },
        Name
      >;
      redriveDeadLetter: FunctionReference<
        "mutation",
        "internal",
        { messageId: string },
        boolean,
        Name
      >;
      releaseStuckJobs: FunctionReference<
        "mutation",
        "internal",
        { limit?: number },
        { requeued: number; unlocked: number },
        Name
      >;
      renewLease: FunctionReference<
        "mutation",
        "internal",
        {
          leaseId: string;
          messageId: string;
          workerId: string;
          workerToken?: string;
        },
        | { leaseExpiresAt: number; ok: true; shouldStop: boolean }
        | { ok: false; reason: "lease_lost" },
        Name
      >;
      revokeWorkerToken: FunctionReference<
        "mutation",
        "internal",
        { tokenId: string },
        boolean,
        Name
      >;
      rotateWorkerToken: FunctionReference<
        "mutation",
        "internal",
        { expiresInMs?: number; overlapMs?: number; tokenId: string },
        { expiresAt: number; token: string; tokenId: string },
        Name
      >;
      secretStatus: FunctionReference<
        "query",
        "internal",
        { secretRefs: Array<string> },
        Array<{
          hasActive: boolean;
          secretRef: string;
          version: number | null;
        }>,
        Name
      >;
      secretStoreReadiness: FunctionReference<
        "query",
        "internal",
        {},
        {
          issues: Array<{ code: string; message: string }>;
          masterKey: "env" | "generated" | "absent" | "invalid";
        },
        Name
      >;
      setMessageRuntimeConfig: FunctionReference<
        "mutation",
        "internal",
        { messageConfig: { systemPrompt?: string } },
        null,
        Name
      >;
      setPolicies: FunctionReference<
        "mutation",
        "internal",
        {
          policies: {
            hydration?: { historyTurns?: number };
            lease?: {
              heartbeatIntervalMs?: number;
              leaseMs?: number;
              reapGridMs?: number;
              staleAfterMs?: number;
            };
            queue?: {
              deadLetterRetentionMs?: number;
              defaultPriority?: number;
              doneRetentionMs?: number;
              idempotencyKeyMs?: number;
              maxMetadataBytes?: number;
              maxPriority?: number;
              maxTextBytes?: number;
            };
            retry?: {
              backoffFactor?: number;
              baseDelayMs?: number;
              jitterRatio?: number;
              maxAttempts?: number;
              maxDelayMs?: number;
            };
            scaling?: {
              idleTimeoutMs?: number;
              maxWorkers?: number;
              queuePerWorkerTarget?: number;
              reconcileIntervalMs?: number;
              spawnStep?: number;
            };
          };
        },
        {
          hydration: { historyTurns: number };
          lease: {
            heartbeatIntervalMs: number;
            leaseMs: number;
            reapGridMs: number;
            staleAfterMs: number;
          };
          queue: {
            deadLetterRetentionMs: number;
            defaultPriority: number;
            doneRetentionMs: number;
            idempotencyKeyMs: number;
            maxMetadataBytes: number;
            maxPriority: number;
            maxTextBytes: number;
          };
          retry: {
            backoffFactor: number;
            baseDelayMs: number;
            jitterRatio: number;
            maxAttempts: number;
            maxDelayMs: number;
          };
          scaling: {
            idleTimeoutMs: number;
            maxWorkers: number;
            queuePerWorkerTarget: number;
            reconcileIntervalMs: number;
            spawnStep: number;
          };
        },
        Name
      >;
      settle: FunctionReference<
        "mutation",
        "internal",
        {
          ambiguousParts?: Array<number>;
          claimNext?: { hydrate: boolean };
          leaseId: string;
          messageId: string;
          outcome?:
            | { kind: "complete" }
            | { errorMessage: string; kind: "fail"; retryable?: boolean };
          reply?: { parts: number; text: string };
          sendingPart?: number;
          turns?: Array<{
            at?: number;
            content: string;
            role: "system" | "user" | "assistant" | "tool";
          }>;
          workerId: string;
          workerToken?: string;
        },
        | {
            next: {
              agentKey: string;
              attempt: number;
              conversationId: string;
              heartbeatIntervalMs: number;
              hydration?: {
                agentKey: string;
                bridgeRuntimeConfig: {
                  appBaseUrlMapJson: string | null;
                  appKey: string | null;
                  baseUrl: string | null;
                  serviceId: string | null;
                  serviceKey: string | null;
                  serviceKeySecretRef: string | null;
                } | null;
                conversationId: string;
                conversationState: {
                  contextHistory: Array<{
                    at: number;
                    content: string;
                    role: "system" | "user" | "assistant" | "tool";
                  }>;
                  pendingToolCalls: Array<{
                    callId: string;
                    status: "pending" | "running" | "done" | "failed";
                    toolName: string;
                  }>;
                };
                messageId: string;
                payload: {
                  externalMessageId?: string;
                  messageText: string;
                  metadata?: Record<string, string>;
                  provider: string;
                  providerUserId: string;
                  rawUpdateJson?: string;
                };
                reply?: {
                  ambiguousParts: Array<number>;
                  nextPart: number;
                  parts: number;
                  text: string;
                };
                telegramBotToken: string | null;
              };
              hydrationError?: string;
              leaseExpiresAt: number;
              leaseId: string;
              maxAttempts: number;
              messageId: string;
              payload: {
                externalMessageId?: string;
                messageText: string;
                metadata?: Record<string, string>;
                provider: string;
                providerUserId: string;
                rawUpdateJson?: string;
              };
            } | null;
            nextScheduledFor: number | null;
            ok: true;
            status: "held" | "done" | "queued" | "dead_letter";
          }
        | { ok: false; reason: "lease_lost" },
        Name
      >;
      workerStats: FunctionReference<
        "query",
        "internal",
        {},
        {
          activeCount: number;
          capped: boolean;
          idleCount: number;
          workers: Array<{
            appName: string | null;
            heartbeatAt: number;
            load: number;
            machineId: string | null;
            status: "active" | "draining" | "stopping" | "stopped";
            workerId: string;
          }>;
        },
        Name
      >;
    };
  };
