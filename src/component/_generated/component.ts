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
      auditHead: FunctionReference<
        "query",
        "internal",
        {},
        {
          anchor: { hash: string; seq: number };
          head: { hash: string; seq: number };
          unsealed: number;
          unsealedCapped: boolean;
        },
        Name
      >;
      bindUserAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          metadata?: Record<string, string>;
          source?: "manual" | "telegram_pairing" | "api";
          telegramChatId?: string;
          telegramUserId?: string;
        },
        {
          agentKey: string;
          boundAt: number;
          consumerUserId: string;
          metadata: Record<string, string> | null;
          revokedAt: number | null;
          source: "manual" | "telegram_pairing" | "api";
          status: "active" | "revoked";
          telegramBotId?: string;
          telegramBotUsername?: string;
          telegramChatId: string | null;
          telegramUserId: string | null;
        },
        Name
      >;
      cancelBroadcast: FunctionReference<
        "mutation",
        "internal",
        { actorUserId?: string; broadcastId: string },
        boolean,
        Name
      >;
      checkIdleShutdowns: FunctionReference<
        "action",
        "internal",
        {
          flyApiToken?: string;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
        },
        {
          checked: number;
          nextCheckScheduled: boolean;
          pending: number;
          stopped: number;
        },
        Name
      >;
      claim: FunctionReference<
        "mutation",
        "internal",
        {
          conversationId?: string;
          hydrate?: boolean;
          instance?: string;
          listens?: boolean;
          stateful?: boolean;
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
            channel?: { credential: string | null; kind: string };
            connections?: Array<{ kind: string; name: string }>;
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
              attachments?: Array<{
                downloadUrl?: string;
                error?: string;
                expiresAt?: number;
                fileName?: string;
                kind: "photo" | "video" | "audio" | "voice" | "document";
                mimeType?: string;
                sizeBytes?: number;
                status: "ready" | "failed" | "expired";
                storageId?: string;
                telegramFileId?: string;
              }>;
              externalMessageId?: string;
              messageText: string;
              metadata?: Record<string, string>;
              provider: string;
              providerUserId: string;
              rawUpdateJson?: string;
            };
            reply?: {
              ambiguousParts: Array<number>;
              files?: Array<{
                downloadUrl?: string;
                fileName: string;
                kind: "photo" | "audio" | "voice" | "document";
                mimeType: string;
                sizeBytes: number;
                storageId: string;
              }>;
              nextPart: number;
              parts: number;
              text: string;
            };
            systemPrompt?: string;
            telegramBotToken: string | null;
            undeliverable?: string;
          };
          hydrationError?: string;
          leaseExpiresAt: number;
          leaseId: string;
          leaseMs?: number;
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
      collectOrphans: FunctionReference<
        "mutation",
        "internal",
        { dryRun?: boolean },
        {
          collecting: Array<{
            collectAfter: number;
            confirmed: boolean;
            firstSeenAt: number;
            kind: "machine" | "volume";
            lastSeenAt: number;
            listings: number;
            name: string;
            orphanId: string;
            problem: { at: number; code: string; message: string } | null;
            providerId: string;
            why: string;
          }>;
          dryRun: boolean;
          skipped: Array<{
            collectAfter: number;
            confirmed: boolean;
            firstSeenAt: number;
            kind: "machine" | "volume";
            lastSeenAt: number;
            listings: number;
            name: string;
            orphanId: string;
            problem: { at: number; code: string; message: string } | null;
            providerId: string;
            why: string;
          }>;
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
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
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
          botUsername: string | null;
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
      consumePairingCode: FunctionReference<
        "mutation",
        "internal",
        { code: string; telegramChatId: string; telegramUserId: string },
        {
          agentKey: string;
          code: string;
          consumerUserId: string;
          createdAt: number;
          expiresAt: number;
          status: "pending" | "used" | "expired";
          telegramBotId?: string;
          telegramBotUsername?: string;
          telegramChatId: string | null;
          telegramUserId: string | null;
          usedAt: number | null;
        },
        Name
      >;
      createAgentWorkerToken: FunctionReference<
        "mutation",
        "internal",
        {
          expiresInMs?: number;
          group?: string;
          maxWorkers?: number;
          tags?: Array<string>;
          trusted?: boolean;
          withAlias?: boolean;
          workerId?: string;
          workspace?: string;
        },
        {
          aliasPath?: string;
          expiresAt: number;
          token: string;
          tokenId: string;
        },
        Name
      >;
      createMessageTemplate: FunctionReference<
        "mutation",
        "internal",
        {
          actorUserId: string;
          companyId: string;
          enabled?: boolean;
          templateKey: string;
          text: string;
          title: string;
        },
        string,
        Name
      >;
      createPairingCode: FunctionReference<
        "mutation",
        "internal",
        { agentKey: string; consumerUserId: string; ttlMs?: number },
        {
          agentKey: string;
          code: string;
          consumerUserId: string;
          createdAt: number;
          expiresAt: number;
          status: "pending" | "used" | "expired";
          telegramBotId?: string;
          telegramBotUsername?: string;
          telegramChatId: string | null;
          telegramUserId: string | null;
          usedAt: number | null;
        },
        Name
      >;
      createPushJobCustom: FunctionReference<
        "mutation",
        "internal",
        {
          companyId: string;
          consumerUserId: string;
          enabled?: boolean;
          missedRunPolicy?: "run_once" | "skip";
          periodicity: "manual" | "daily" | "weekly" | "monthly";
          schedule:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          text: string;
          timezone: string;
          title: string;
        },
        string,
        Name
      >;
      createPushJobCustomForAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          companyId: string;
          consumerUserId: string;
          enabled?: boolean;
          missedRunPolicy?: "run_once" | "skip";
          periodicity: "manual" | "daily" | "weekly" | "monthly";
          schedule:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          text: string;
          timezone: string;
          title: string;
        },
        string,
        Name
      >;
      createPushJobFromTemplate: FunctionReference<
        "mutation",
        "internal",
        {
          companyId: string;
          consumerUserId: string;
          enabled?: boolean;
          missedRunPolicy?: "run_once" | "skip";
          schedule?:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          templateId: string;
          timezone: string;
        },
        string,
        Name
      >;
      createPushJobFromTemplateForAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          companyId: string;
          consumerUserId: string;
          enabled?: boolean;
          missedRunPolicy?: "run_once" | "skip";
          schedule?:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          templateId: string;
          timezone: string;
        },
        string,
        Name
      >;
      createPushTemplate: FunctionReference<
        "mutation",
        "internal",
        {
          actorUserId: string;
          companyId: string;
          enabled?: boolean;
          periodicity: "manual" | "daily" | "weekly" | "monthly";
          suggestedTimes: Array<
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string }
          >;
          templateKey: string;
          text: string;
          title: string;
        },
        string,
        Name
      >;
      createUserAgentPairing: FunctionReference<
        "mutation",
        "internal",
        { agentKey: string; consumerUserId: string; ttlMs?: number },
        {
          deepLink: string | null;
          pairing: {
            agentKey: string;
            code: string;
            consumerUserId: string;
            createdAt: number;
            expiresAt: number;
            status: "pending" | "used" | "expired";
            telegramBotId?: string;
            telegramBotUsername?: string;
            telegramChatId: string | null;
            telegramUserId: string | null;
            usedAt: number | null;
          };
        },
        Name
      >;
      deleteFlyVolume: FunctionReference<
        "action",
        "internal",
        {
          appName: string;
          flyApiToken?: string;
          force?: boolean;
          volumeId: string;
        },
        { message: string; ok: true; status: number },
        Name
      >;
      deleteGlobalSkill: FunctionReference<
        "mutation",
        "internal",
        { slug: string },
        {
          deleted: boolean;
          deletedReleases: number;
          deletedVersions: number;
          slug: string;
        },
        Name
      >;
      deleteMessageTemplate: FunctionReference<
        "mutation",
        "internal",
        { templateId: string },
        boolean,
        Name
      >;
      deletePushJob: FunctionReference<
        "mutation",
        "internal",
        { jobId: string },
        boolean,
        Name
      >;
      deletePushTemplate: FunctionReference<
        "mutation",
        "internal",
        { templateId: string },
        boolean,
        Name
      >;
      deleteSecret: FunctionReference<
        "mutation",
        "internal",
        { secretRef: string },
        { secretRef: string; wipedVersions: number },
        Name
      >;
      deployGlobalSkill: FunctionReference<
        "mutation",
        "internal",
        {
          actor?: string;
          description?: string;
          displayName?: string;
          entryPoint?: string;
          files?: Array<{ content: string; path: string }>;
          moduleFormat?: "esm" | "cjs";
          releaseChannel?: "stable" | "canary";
          slug: string;
          sourceJs?: string;
          version: string;
        },
        {
          releaseChannel: "stable" | "canary";
          releaseId: string;
          sha256: string;
          skillId: string;
          slug: string;
          version: string;
          versionId: string;
        },
        Name
      >;
      discardParkedUpdate: FunctionReference<
        "mutation",
        "internal",
        { parkedId: string },
        { discarded: boolean },
        Name
      >;
      dispatchDuePushJobs: FunctionReference<
        "mutation",
        "internal",
        {
          limit?: number;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
        },
        { enqueued: number; failed: number; scanned: number; skipped: number },
        Name
      >;
      enqueue: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          asUser?: string;
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
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
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
      explainMessage: FunctionReference<
        "query",
        "internal",
        { messageId: string },
        {
          agentKey: string;
          attempts: number;
          behind: null | {
            fix: string | null;
            messageId: string;
            nextLookAt: number | null;
            reason:
              | "answered"
              | "in_flight"
              | "dead_letter"
              | "delayed"
              | "behind_earlier"
              | "backoff"
              | "service_down"
              | "attachments"
              | "lane_unserved"
              | "no_provider_config"
              | "provider_config_incomplete"
              | "provider_unsupported"
              | "missing_secret"
              | "provider_error"
              | "fleet_error"
              | "worker_cap"
              | "launch_unsettled"
              | "workspace_cap"
              | "daily_budget"
              | "launch_step"
              | "launches_paused"
              | "launching"
              | "booting"
              | "owner_draining"
              | "owner_saving"
              | "owner_silent"
              | "owner_polling"
              | "worker_polling"
              | "in_line"
              | "next_pass";
            text: string;
          };
          conversationId: string;
          dueAt: number;
          endedAt: number | null;
          fix: string | null;
          lane: string;
          lastError: string | null;
          leaseExpiresAt: number | null;
          machineId: string | null;
          maxAttempts: number;
          messageId: string;
          nextLookAt: number | null;
          reason:
            | "answered"
            | "in_flight"
            | "dead_letter"
            | "delayed"
            | "behind_earlier"
            | "backoff"
            | "service_down"
            | "attachments"
            | "lane_unserved"
            | "no_provider_config"
            | "provider_config_incomplete"
            | "provider_unsupported"
            | "missing_secret"
            | "provider_error"
            | "fleet_error"
            | "worker_cap"
            | "launch_unsettled"
            | "workspace_cap"
            | "daily_budget"
            | "launch_step"
            | "launches_paused"
            | "launching"
            | "booting"
            | "owner_draining"
            | "owner_saving"
            | "owner_silent"
            | "owner_polling"
            | "worker_polling"
            | "in_line"
            | "next_pass";
          state: "answered" | "in_flight" | "waiting" | "dead_letter";
          text: string;
          workerId: string | null;
          workspace: string;
        },
        Name
      >;
      exportAudit: FunctionReference<
        "query",
        "internal",
        { afterSeq?: number; limit?: number },
        {
          anchor: { hash: string; seq: number };
          entries: Array<{
            actor: string;
            at: number;
            detail?: Record<string, string>;
            hash: string;
            kind: string;
            seq: number;
            subject: string;
          }>;
          head: { hash: string; seq: number };
          nextAfterSeq: number | null;
        },
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
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
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
      failDataSnapshotUpload: FunctionReference<
        "mutation",
        "internal",
        {
          error: string;
          snapshotId: string;
          upload?: { sha256: string; storageId: string };
          workerId: string;
          workerToken?: string;
        },
        boolean,
        Name
      >;
      finalizeDataSnapshotUpload: FunctionReference<
        "mutation",
        "internal",
        {
          location?: string;
          sha256: string;
          sizeBytes: number;
          snapshotId: string;
          storageId?: string;
          workerId: string;
          workerToken?: string;
        },
        boolean,
        Name
      >;
      fleetHealth: FunctionReference<
        "query",
        "internal",
        {},
        {
          findings: Array<{
            code: string;
            fix: string | null;
            severity: "error" | "warning" | "info";
            text: string;
          }>;
          healthy: boolean;
        },
        Name
      >;
      fleetOverview: FunctionReference<
        "query",
        "internal",
        {},
        {
          asOf: number | null;
          blocked: Array<{ conversationId: string; reason: string }>;
          capped: boolean;
          lastListedAt: number | null;
          lastVolumesListedAt: number | null;
          launchesPausedUntil: number | null;
          limits: {
            dailyMachineHours: number;
            maxWorkers: number;
            maxWorkersPerWorkspace: number;
            spawnStep: number;
          };
          machineHoursToday: number;
          machines: Array<{
            appName: string;
            busy: boolean;
            conversationId: string | null;
            createdAt: number;
            deadlineAt: number | null;
            image: string;
            machineHours: number;
            machineId: string | null;
            madeFor: string;
            problem: { at: number; code: string; message: string } | null;
            region: string | null;
            since: number;
            step: "launching" | "booting" | "running" | "retiring" | "stopped";
            volumeId: string | null;
            waitsFor: string;
            workerId: string;
            workerStatus: "active" | "draining" | "stopping" | "stopped";
          }>;
          nextPassAt: number | null;
          orphans: number;
          problem: { at: number; code: string; message: string } | null;
          quarantined: Array<{
            appName: string;
            conversationId: string;
            deleteAfter: number;
            lastUseAt: number;
            region: string;
            takenBy: string | null;
            volumeId: string;
            volumeName: string;
          }>;
        },
        Name
      >;
      generateMediaUploadUrl: FunctionReference<
        "mutation",
        "internal",
        { workerToken?: string },
        { uploadUrl: string },
        Name
      >;
      getActiveUserAgent: FunctionReference<
        "query",
        "internal",
        { consumerUserId: string },
        {
          agentKey: string;
          bindingStatus: "active" | "revoked" | null;
          canChat: boolean;
          canCreateNewAgent: boolean;
          canDisable: boolean;
          canManagePushJobs: boolean;
          consumerUserId: string;
          conversationId: string | null;
          displayName: string | null;
          pairingStatus: "pending" | "used" | "expired" | null;
          status: "draft" | "pairing" | "active" | "disabled" | "failed";
          telegramUsername: string | null;
          version: string | null;
        } | null,
        Name
      >;
      getAgentMembership: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          binding: "active" | "revoked" | null;
          granted: boolean;
          workspace: string | null;
        },
        Name
      >;
      getAgentOperationalReadiness: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          details?: Array<{ code: string; message: string }>;
          hasTelegramToken: boolean;
          issues: Array<string>;
          missingSecrets: Array<string>;
          providerRuntimeConfigPresent: boolean;
          webhookReady: boolean;
          workerRuntimeConfigPresent: boolean;
        },
        Name
      >;
      getBroadcast: FunctionReference<
        "query",
        "internal",
        { broadcastId: string },
        {
          broadcastId: string;
          companyId: string;
          completedAt: number | null;
          enqueued: number;
          error: string | null;
          failed: number;
          failures?: Array<{
            agentKey: string;
            consumerUserId: string;
            error: string;
          }>;
          requestedAt: number;
          requestedBy: string;
          status: "running" | "done" | "failed" | "canceled";
          target: "all_active_agents";
          text: string;
          title: string;
          totalTargets: number;
        } | null,
        Name
      >;
      getConversationViewForUserAgent: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          before?: number;
          consumerUserId: string;
          limit?: number;
        },
        {
          contextHistory: Array<{
            at: number;
            content: string;
            role: "system" | "user" | "assistant" | "tool";
          }>;
          conversationId: string;
          hasQueuedJobs: boolean;
          lastAssistantMessageAt: number | null;
          lastUserMessageAt: number | null;
          latestMessageId: string | null;
          nextBefore: number | null;
          pendingToolCalls: Array<{
            callId: string;
            status: "pending" | "running" | "done" | "failed";
            toolName: string;
          }>;
          queueItems: Array<{
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
          }>;
        },
        Name
      >;
      getGlobalSkillFiles: FunctionReference<
        "query",
        "internal",
        {
          hashes: Array<string>;
          workerId?: string;
          workerToken?: string;
          workspaceId?: string;
        },
        {
          files: Array<{ content: string; sha256: string }>;
          remaining: Array<string>;
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
          channel?: { credential: string | null; kind: string };
          connections?: Array<{ kind: string; name: string }>;
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
            attachments?: Array<{
              downloadUrl?: string;
              error?: string;
              expiresAt?: number;
              fileName?: string;
              kind: "photo" | "video" | "audio" | "voice" | "document";
              mimeType?: string;
              sizeBytes?: number;
              status: "ready" | "failed" | "expired";
              storageId?: string;
              telegramFileId?: string;
            }>;
            externalMessageId?: string;
            messageText: string;
            metadata?: Record<string, string>;
            provider: string;
            providerUserId: string;
            rawUpdateJson?: string;
          };
          reply?: {
            ambiguousParts: Array<number>;
            files?: Array<{
              downloadUrl?: string;
              fileName: string;
              kind: "photo" | "audio" | "voice" | "document";
              mimeType: string;
              sizeBytes: number;
              storageId: string;
            }>;
            nextPart: number;
            parts: number;
            text: string;
          };
          systemPrompt?: string;
          telegramBotToken: string | null;
          undeliverable?: string;
        },
        Name
      >;
      getLatestDataSnapshotForRestore: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          conversationId?: string;
          leaseId?: string;
          workerId?: string;
          workerToken?: string;
          workspaceId: string;
        },
        null | {
          createdAt: number;
          downloadUrl: string;
          generation: number;
          location?: string;
          sha256: string | null;
          sizeBytes: number | null;
          snapshotId: string;
        },
        Name
      >;
      getLatestSnapshotForUserAgent: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          includeDownloadUrls?: boolean;
        },
        {
          conversationId: string | null;
          createdAt: number;
          downloadUrl: string | null;
          sha256: string | null;
          sizeBytes: number | null;
          snapshotId: string;
          status: "uploading" | "ready" | "failed" | "expired";
        } | null,
        Name
      >;
      getPairingCodeStatus: FunctionReference<
        "query",
        "internal",
        { code: string },
        {
          agentKey: string;
          code: string;
          consumerUserId: string;
          createdAt: number;
          expiresAt: number;
          status: "pending" | "used" | "expired";
          telegramBotId?: string;
          telegramBotUsername?: string;
          telegramChatId: string | null;
          telegramUserId: string | null;
          usedAt: number | null;
        } | null,
        Name
      >;
      getProbe: FunctionReference<
        "query",
        "internal",
        { probeId: string },
        null | {
          expiresAt: number;
          finishedAt: number | null;
          kind: "host" | "url" | "model" | "gateway";
          probeId: string;
          requestedAt: number;
          result: {
            code: string;
            httpStatus?: number;
            latencyMs: number;
            message: string;
            ok: boolean;
          } | null;
          status: "waiting" | "done" | "expired";
          target: string | null;
          timeoutMs: number;
          workerId: string;
        },
        Name
      >;
      getProviderOperationalReadiness: FunctionReference<
        "query",
        "internal",
        {},
        {
          details?: Array<{ code: string; message: string }>;
          issues: Array<string>;
          providerRuntimeConfigPresent: boolean;
          workerRuntimeConfigPresent: boolean;
        },
        Name
      >;
      getRequiredSecretRefs: FunctionReference<
        "query",
        "internal",
        { agentKey?: string },
        { agentKey: string | null; secretRefs: Array<string> },
        Name
      >;
      getStorageFileUrl: FunctionReference<
        "query",
        "internal",
        { storageId: string; workerToken?: string },
        string | null,
        Name
      >;
      getTelegramAgentReadiness: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          details?: Array<{ code: string; message: string }>;
          hasTelegramToken: boolean;
          issues: Array<string>;
          missingSecrets: Array<string>;
          providerRuntimeConfigPresent: boolean;
          webhookReady: boolean;
          workerRuntimeConfigPresent: boolean;
        },
        Name
      >;
      getUserAgent: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          agentKey: string;
          bindingStatus: "active" | "revoked" | null;
          canChat: boolean;
          canCreateNewAgent: boolean;
          canDisable: boolean;
          canManagePushJobs: boolean;
          consumerUserId: string;
          conversationId: string | null;
          displayName: string | null;
          pairingStatus: "pending" | "used" | "expired" | null;
          status: "draft" | "pairing" | "active" | "disabled" | "failed";
          telegramUsername: string | null;
          version: string | null;
        } | null,
        Name
      >;
      getUserAgentBinding: FunctionReference<
        "query",
        "internal",
        { consumerUserId: string },
        {
          agentKey: string;
          boundAt: number;
          consumerUserId: string;
          metadata: Record<string, string> | null;
          revokedAt: number | null;
          source: "manual" | "telegram_pairing" | "api";
          status: "active" | "revoked";
          telegramBotId?: string;
          telegramBotUsername?: string;
          telegramChatId: string | null;
          telegramUserId: string | null;
        } | null,
        Name
      >;
      getUserAgentConversationStats: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          contextMessages: number;
          failedMessages: number;
          queuedMessages: number;
        },
        Name
      >;
      getUserAgentOnboardingState: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          agentKey: string;
          nextAction:
            | "import_token"
            | "configure_webhook"
            | "create_pairing"
            | "complete_pairing"
            | "ready";
          pairingCode: string | null;
          pairingDeepLink: string | null;
          pairingStatus: "pending" | "used" | "expired" | null;
          telegramUsername: string | null;
          tokenImported: boolean;
          tokenSecretRef: string | null;
          webhookReady: boolean;
        },
        Name
      >;
      getUserAgentPairingStatus: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          agentKey: string;
          code: string;
          consumerUserId: string;
          createdAt: number;
          expiresAt: number;
          status: "pending" | "used" | "expired";
          telegramBotId?: string;
          telegramBotUsername?: string;
          telegramChatId: string | null;
          telegramUserId: string | null;
          usedAt: number | null;
        } | null,
        Name
      >;
      getUserAgentPushStats: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          activePushJobs: number;
          latestDispatchAt: number | null;
          totalDispatches: number;
          totalPushJobs: number;
        },
        Name
      >;
      getUserAgentsOverview: FunctionReference<
        "query",
        "internal",
        { consumerUserId: string },
        {
          activeAgentKey: string | null;
          agents: Array<{
            agentKey: string;
            bindingStatus: "active" | "revoked" | null;
            canChat: boolean;
            canCreateNewAgent: boolean;
            canDisable: boolean;
            canManagePushJobs: boolean;
            consumerUserId: string;
            conversationId: string | null;
            displayName: string | null;
            pairingStatus: "pending" | "used" | "expired" | null;
            status: "draft" | "pairing" | "active" | "disabled" | "failed";
            telegramUsername: string | null;
            version: string | null;
          }>;
          canCreateNewAgent: boolean;
        },
        Name
      >;
      getUserAgentUsageStats: FunctionReference<
        "query",
        "internal",
        { agentKey: string; consumerUserId: string },
        {
          activePushJobs: number;
          contextMessages: number;
          failedMessages: number;
          latestDispatchAt: number | null;
          queuedMessages: number;
          totalDispatches: number;
          totalPushJobs: number;
        },
        Name
      >;
      getWebhookReadiness: FunctionReference<
        "action",
        "internal",
        { agentKey: string },
        {
          agentKey: string;
          currentUrl: string | null;
          lastErrorDate: number | null;
          lastErrorMessage: string | null;
          pendingUpdateCount: number;
          secretRef: string | null;
          webhookReady: boolean;
        },
        Name
      >;
      getWorkerControlState: FunctionReference<
        "query",
        "internal",
        { workerId: string; workerToken?: string },
        {
          probes?: Array<{
            kind: "host" | "url" | "model" | "gateway";
            probeId: string;
            target: string | null;
            timeoutMs: number;
          }>;
          release?: boolean;
          shouldStop: boolean;
        },
        Name
      >;
      getWorkerGlobalSkillsIndex: FunctionReference<
        "query",
        "internal",
        {
          ifNoneMatch?: string;
          releaseChannel?: "stable" | "canary";
          workerId?: string;
          workerToken?: string;
          workspaceId?: string;
        },
        {
          contentHash: string;
          layoutVersion: string;
          manifestVersion: string;
          releaseChannel: "stable" | "canary";
          skills: Array<{
            files: Array<{ content?: string; path: string; sha256: string }>;
            skillDirName: string;
            slug: string;
            version: string;
          }>;
          unchanged: boolean;
        },
        Name
      >;
      getWorkerGlobalSkillsManifest: FunctionReference<
        "query",
        "internal",
        {
          releaseChannel?: "stable" | "canary";
          workerId?: string;
          workerToken?: string;
          workspaceId?: string;
        },
        {
          generatedAt: number;
          layoutVersion: string;
          manifestVersion: string;
          releaseChannel: "stable" | "canary";
          skills: Array<{
            entryPoint: string;
            files: Array<{ content: string; path: string; sha256: string }>;
            moduleFormat: "esm" | "cjs";
            sha256: string;
            skillDirName: string;
            slug: string;
            sourceJs: string;
            version: string;
          }>;
          workspaceId: string;
        },
        Name
      >;
      getWorkerMemory: FunctionReference<
        "query",
        "internal",
        { leaseId?: string; workerId: string; workerToken?: string },
        null | {
          agentKey: string;
          conversationId: string;
          everyTurns: number;
          generation: number;
          maxBytes: number;
          workspaceId: string;
        },
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
        null | { botId: string },
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
      importTelegramTokenForAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          metadata?: Record<string, string>;
          plaintextValue: string;
        },
        { secretId: string; secretRef: string; version: number },
        Name
      >;
      ingestTelegramUpdate: FunctionReference<
        "mutation",
        "internal",
        {
          fallbackAgentKey: string;
          namedAgentKey?: string | null;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          rawUpdateJson: string;
          requireBinding: boolean;
          resolveFromBinding: boolean;
          webhookPath: string;
          webhookSecret: string;
        },
        | { kind: "refused" }
        | { kind: "notJson" }
        | { kind: "ignored" }
        | { kind: "unbound" }
        | { kind: "pairingAsked" }
        | { agentKey: string; consumerUserId: string; kind: "paired" }
        | { error: string; kind: "pairingFailed" }
        | { kind: "enqueued"; messageId: string }
        | { code: string; kind: "parked" },
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
            files?: Array<{
              downloadUrl?: string;
              fileName: string;
              kind: "photo" | "audio" | "voice" | "document";
              mimeType: string;
              sizeBytes: number;
              storageId: string;
            }>;
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
            files?: Array<{
              downloadUrl?: string;
              fileName: string;
              kind: "photo" | "audio" | "voice" | "document";
              mimeType: string;
              sizeBytes: number;
              storageId: string;
            }>;
            nextPart: number;
            parts: number;
            text: string;
          };
        }>,
        Name
      >;
      listBroadcasts: FunctionReference<
        "query",
        "internal",
        { before?: number; companyId: string; limit?: number },
        Array<{
          broadcastId: string;
          companyId: string;
          completedAt: number | null;
          enqueued: number;
          error: string | null;
          failed: number;
          failures?: Array<{
            agentKey: string;
            consumerUserId: string;
            error: string;
          }>;
          requestedAt: number;
          requestedBy: string;
          status: "running" | "done" | "failed" | "canceled";
          target: "all_active_agents";
          text: string;
          title: string;
          totalTargets: number;
        }>,
        Name
      >;
      listConnections: FunctionReference<
        "query",
        "internal",
        { workspaceId?: string },
        Array<{
          agentKeys: Array<string> | null;
          createdAt: number;
          description: string | null;
          kind: string;
          name: string;
          updatedAt: number;
          workspaceId: string;
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
            files?: Array<{
              downloadUrl?: string;
              fileName: string;
              kind: "photo" | "audio" | "voice" | "document";
              mimeType: string;
              sizeBytes: number;
              storageId: string;
            }>;
            nextPart: number;
            parts: number;
            text: string;
          } | null;
          scheduledFor: number;
          status: "queued" | "processing" | "done" | "failed" | "dead_letter";
        }>,
        Name
      >;
      listDeployments: FunctionReference<
        "query",
        "internal",
        { limit?: number; tokenId?: string },
        {
          capped: boolean;
          deployments: Array<{
            authenticated: boolean;
            causes: Array<{ cause: string; fix: string }>;
            claimed: boolean;
            createdAt: number;
            expiresAt: number;
            group: string | null;
            lastSeenAt: number | null;
            revokedAt: number | null;
            rotatedFrom: string | null;
            state: "pending" | "connected" | "draining" | "lost" | "revoked";
            tags: Array<string>;
            tokenId: string;
            workers: Array<{
              engine: string | null;
              host: string | null;
              lastSeenAt: number | null;
              mode: string | null;
              startedAt: number | null;
              status: "active" | "draining" | "stopping" | "gone";
              version: string | null;
              workerId: string;
            }>;
            workersCapped: boolean;
            workspace: string | null;
          }>;
        },
        Name
      >;
      listGlobalSkills: FunctionReference<
        "query",
        "internal",
        {
          limit?: number;
          releaseChannel?: "stable" | "canary";
          status?: "active" | "disabled";
        },
        Array<{
          activeRelease: {
            activatedAt: number;
            entryPoint: string;
            moduleFormat: "esm" | "cjs";
            releaseChannel: "stable" | "canary";
            releaseId: string;
            sha256: string;
            version: string;
            versionId: string;
          } | null;
          description?: string;
          displayName: string;
          skillId: string;
          slug: string;
          status: "active" | "disabled";
          updatedAt: number;
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
      listMessageTemplatesByCompany: FunctionReference<
        "query",
        "internal",
        {
          before?: number;
          companyId: string;
          includeDisabled?: boolean;
          limit?: number;
        },
        Array<{
          _id: string;
          companyId: string;
          createdAt: number;
          createdBy: string;
          enabled: boolean;
          templateKey: string;
          text: string;
          title: string;
          updatedAt: number;
          updatedBy: string;
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
      listProbes: FunctionReference<
        "query",
        "internal",
        { limit?: number; workerId: string },
        Array<{
          expiresAt: number;
          finishedAt: number | null;
          kind: "host" | "url" | "model" | "gateway";
          probeId: string;
          requestedAt: number;
          result: {
            code: string;
            httpStatus?: number;
            latencyMs: number;
            message: string;
            ok: boolean;
          } | null;
          status: "waiting" | "done" | "expired";
          target: string | null;
          timeoutMs: number;
          workerId: string;
        }>,
        Name
      >;
      listPushDispatchesByJob: FunctionReference<
        "query",
        "internal",
        { before?: number; jobId: string; limit?: number },
        Array<{
          _id: string;
          createdAt: number;
          error: string | null;
          runKey: string;
          scheduledFor: number;
          status: "enqueued" | "skipped" | "failed";
        }>,
        Name
      >;
      listPushDispatchesForAgent: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          before?: number;
          consumerUserId: string;
          limit?: number;
        },
        Array<{
          _id: string;
          createdAt: number;
          error: string | null;
          jobId: string;
          runKey: string;
          scheduledFor: number;
          status: "enqueued" | "skipped" | "failed";
        }>,
        Name
      >;
      listPushJobsForAgent: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          before?: number;
          consumerUserId: string;
          includeDisabled?: boolean;
          limit?: number;
        },
        Array<{
          _id: string;
          agentKey: string | null;
          companyId: string;
          consumerUserId: string;
          createdAt: number;
          enabled: boolean;
          lastRunAt: number | null;
          lastRunKey: string | null;
          missedRunPolicy: "run_once" | "skip";
          nextRunAt: number | null;
          periodicity: "manual" | "daily" | "weekly" | "monthly";
          schedule:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          sourceTemplateId: string | null;
          text: string;
          timezone: string;
          title: string;
          updatedAt: number;
        }>,
        Name
      >;
      listPushJobsForUser: FunctionReference<
        "query",
        "internal",
        {
          before?: number;
          consumerUserId: string;
          includeDisabled?: boolean;
          limit?: number;
        },
        Array<{
          _id: string;
          agentKey: string | null;
          companyId: string;
          consumerUserId: string;
          createdAt: number;
          enabled: boolean;
          lastRunAt: number | null;
          lastRunKey: string | null;
          missedRunPolicy: "run_once" | "skip";
          nextRunAt: number | null;
          periodicity: "manual" | "daily" | "weekly" | "monthly";
          schedule:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          sourceTemplateId: string | null;
          text: string;
          timezone: string;
          title: string;
          updatedAt: number;
        }>,
        Name
      >;
      listPushTemplatesByCompany: FunctionReference<
        "query",
        "internal",
        {
          before?: number;
          companyId: string;
          includeDisabled?: boolean;
          limit?: number;
        },
        Array<{
          _id: string;
          companyId: string;
          createdAt: number;
          createdBy: string;
          enabled: boolean;
          periodicity: "manual" | "daily" | "weekly" | "monthly";
          suggestedTimes: Array<
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string }
          >;
          templateKey: string;
          text: string;
          title: string;
          updatedAt: number;
          updatedBy: string;
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
      listQueueItemsForUserAgent: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          before?: number;
          consumerUserId: string;
          limit?: number;
          statuses?: Array<
            "queued" | "processing" | "done" | "failed" | "dead_letter"
          >;
        },
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
      listSecretVersions: FunctionReference<
        "query",
        "internal",
        { beforeVersion?: number; secretRef: string },
        Array<{
          active: boolean;
          createdAt: number;
          keyId: string;
          metadata?: Record<string, string>;
          supersededAt: number | null;
          version: number;
          wipedAt: number | null;
        }>,
        Name
      >;
      listSnapshotsForConversation: FunctionReference<
        "query",
        "internal",
        {
          conversationId: string;
          includeDownloadUrls?: boolean;
          limit?: number;
        },
        Array<{
          conversationId: string | null;
          createdAt: number;
          downloadUrl: string | null;
          sha256: string | null;
          sizeBytes: number | null;
          snapshotId: string;
          status: "uploading" | "ready" | "failed" | "expired";
        }>,
        Name
      >;
      listSnapshotsForUserAgent: FunctionReference<
        "query",
        "internal",
        {
          agentKey: string;
          before?: number;
          consumerUserId: string;
          includeDownloadUrls?: boolean;
          limit?: number;
        },
        Array<{
          conversationId: string | null;
          createdAt: number;
          downloadUrl: string | null;
          sha256: string | null;
          sizeBytes: number | null;
          snapshotId: string;
          status: "uploading" | "ready" | "failed" | "expired";
        }>,
        Name
      >;
      listUserAgents: FunctionReference<
        "query",
        "internal",
        { consumerUserId: string; includeDisabled?: boolean },
        Array<{
          agentKey: string;
          bindingStatus: "active" | "revoked" | null;
          canChat: boolean;
          canCreateNewAgent: boolean;
          canDisable: boolean;
          canManagePushJobs: boolean;
          consumerUserId: string;
          conversationId: string | null;
          displayName: string | null;
          pairingStatus: "pending" | "used" | "expired" | null;
          status: "draft" | "pairing" | "active" | "disabled" | "failed";
          telegramUsername: string | null;
          version: string | null;
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
          hasAlias: boolean;
          lastUsedAt: number | null;
          maxWorkers: number | null;
          revokedAt: number | null;
          rotatedFrom: string | null;
          tags: Array<string>;
          tokenId: string;
          trusted: boolean;
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
      noteWorkerRefusal: FunctionReference<
        "mutation",
        "internal",
        { code: string; door: "gateway" | "alias"; tokenId?: string },
        { limited: boolean; retryAfterMs: number },
        Name
      >;
      orphanReport: FunctionReference<
        "query",
        "internal",
        {},
        {
          capped: boolean;
          lastListedAt: number | null;
          lastVolumesListedAt: number | null;
          orphans: Array<{
            collectAfter: number;
            confirmed: boolean;
            firstSeenAt: number;
            kind: "machine" | "volume";
            lastSeenAt: number;
            listings: number;
            name: string;
            orphanId: string;
            problem: { at: number; code: string; message: string } | null;
            providerId: string;
            why: string;
          }>;
        },
        Name
      >;
      policies: FunctionReference<
        "query",
        "internal",
        {},
        {
          attachments: {
            maxBytes: number;
            retentionMs: number;
            waitMs: number;
          };
          audit: { retentionMs: number };
          fleet: {
            bootDeadlineMs: number;
            dailyMachineHours: number;
            drainDeadlineMs: number;
            lanes: Array<string>;
            maxMachineAgeMs: number;
            maxRetirementsPerPass: number;
            maxWorkersPerWorkspace: number;
            orphanGraceMs: number;
            rolloutBudget: number;
            stateful: boolean;
            stepDeadlineMs: number;
            stopTimeoutMs: number;
            volumeQuarantineMs: number;
            yieldBusyAfterMs: number;
            yieldIdleAfterMs: number;
          };
          gateway: { refusalsPerMinute: number };
          hydration: { historyTurns: number };
          lease: {
            forgetAfterMs: number;
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
            turnRetentionMs: number;
          };
          retry: {
            backoffFactor: number;
            baseDelayMs: number;
            jitterRatio: number;
            lateAttemptsAfterMs: number;
            maxAttempts: number;
            maxDelayMs: number;
            serviceMaxAgeMs: number;
          };
          scaling: {
            idleTimeoutMs: number;
            maxWorkers: number;
            queuePerWorkerTarget: number;
            reconcileIntervalMs: number;
            spawnStep: number;
          };
          secrets: { historyRetentionMs: number; supersededGraceMs: number };
          skills: { manifestHash: "source" | "bundle" | "none" };
          snapshots: {
            everyTurns: number;
            keep: number;
            maxBytes: number;
            uploadExpiryMs: number;
          };
          telegram: { groupMessages: "addressed" | "all" };
        },
        Name
      >;
      poll: FunctionReference<
        "mutation",
        "internal",
        {
          conversationId?: string;
          hydrate?: boolean;
          instance?: string;
          listens?: boolean;
          stateful?: boolean;
          workerId: string;
          workerToken?: string;
          workspaceId?: string;
        },
        {
          idle: null | {
            probes?: Array<{
              kind: "host" | "url" | "model" | "gateway";
              probeId: string;
              target: string | null;
              timeoutMs: number;
            }>;
            release?: boolean;
            retryAfterMs: number;
            shouldStop: boolean;
          };
          job: null | {
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
              channel?: { credential: string | null; kind: string };
              connections?: Array<{ kind: string; name: string }>;
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
                attachments?: Array<{
                  downloadUrl?: string;
                  error?: string;
                  expiresAt?: number;
                  fileName?: string;
                  kind: "photo" | "video" | "audio" | "voice" | "document";
                  mimeType?: string;
                  sizeBytes?: number;
                  status: "ready" | "failed" | "expired";
                  storageId?: string;
                  telegramFileId?: string;
                }>;
                externalMessageId?: string;
                messageText: string;
                metadata?: Record<string, string>;
                provider: string;
                providerUserId: string;
                rawUpdateJson?: string;
              };
              reply?: {
                ambiguousParts: Array<number>;
                files?: Array<{
                  downloadUrl?: string;
                  fileName: string;
                  kind: "photo" | "audio" | "voice" | "document";
                  mimeType: string;
                  sizeBytes: number;
                  storageId: string;
                }>;
                nextPart: number;
                parts: number;
                text: string;
              };
              systemPrompt?: string;
              telegramBotToken: string | null;
              undeliverable?: string;
            };
            hydrationError?: string;
            leaseExpiresAt: number;
            leaseId: string;
            leaseMs?: number;
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
          };
        },
        Name
      >;
      prepareDataSnapshotUpload: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          conversationId?: string;
          generation?: number;
          leaseId?: string;
          reason: "drain" | "signal" | "manual" | "periodic";
          versions?: Record<string, string>;
          workerId: string;
          workerToken?: string;
          workspaceId: string;
        },
        {
          discardable?: Array<string>;
          expiresAt: number;
          snapshotId: string;
          uploadUrl: string;
        },
        Name
      >;
      providerRuntimeConfig: FunctionReference<
        "query",
        "internal",
        {},
        {
          appName: string;
          env?: Record<string, string>;
          guest?: {
            cpuKind: "shared" | "performance";
            cpus: number;
            memoryMb: number;
          };
          image: string;
          kind: "fly" | "memory" | "runpod" | "ecs";
          organizationSlug: string;
          region: string;
          regions?: Array<string>;
          volumeName: string;
          volumePath: string;
          volumeSizeGb: number;
        } | null,
        Name
      >;
      provisionAgentWorker: FunctionReference<
        "mutation",
        "internal",
        {
          engine?: "openai" | "command" | "echo" | "openclaw";
          expiresInMs?: number;
          group?: string;
          maxWorkers?: number;
          openAiBaseUrl?: string;
          tags?: Array<string>;
          trusted?: boolean;
          workerId?: string;
          workspace?: string;
        },
        {
          envFile: string;
          environment: Array<{
            meaning: string;
            name: string;
            secret: boolean;
            value: string | null;
          }>;
          expiresAt: number;
          hosts: Array<{
            host: string;
            port: number;
            protocol: "https" | "http";
            purpose: string;
          }>;
          token: string;
          tokenId: string;
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
      reconcileWorkers: FunctionReference<
        "action",
        "internal",
        {
          convexUrl?: string;
          flyApiToken?: string;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          scalingPolicy?: {
            idleTimeoutMs: number;
            maxWorkers: number;
            queuePerWorkerTarget: number;
            reconcileIntervalMs: number;
            spawnStep: number;
          };
          workspaceId?: string;
        },
        { activeWorkers: number; spawned: number; terminated: number },
        Name
      >;
      recordAdminOperation: FunctionReference<
        "mutation",
        "internal",
        {
          operation: string;
          scope?: Record<string, string>;
          userId: string | null;
        },
        null,
        Name
      >;
      recordRefusal: FunctionReference<
        "mutation",
        "internal",
        {
          door: "gateway" | "webhook" | "alias" | "api";
          reason: string;
          subject?: string;
        },
        null,
        Name
      >;
      redriveDeadLetter: FunctionReference<
        "mutation",
        "internal",
        { messageId: string },
        boolean,
        Name
      >;
      redriveParkedUpdate: FunctionReference<
        "mutation",
        "internal",
        { agentKey?: string; parkedId: string },
        { messageId: string },
        Name
      >;
      registerConnection: FunctionReference<
        "mutation",
        "internal",
        {
          agentKeys?: Array<string>;
          description?: string;
          kind: string;
          name: string;
          workspaceId?: string;
        },
        null,
        Name
      >;
      releaseConversation: FunctionReference<
        "mutation",
        "internal",
        {
          conversationId: string;
          snapshotId: string;
          workerId: string;
          workerToken?: string;
        },
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
      removeConnection: FunctionReference<
        "mutation",
        "internal",
        { name: string; workspaceId?: string },
        boolean,
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
      reportProbe: FunctionReference<
        "mutation",
        "internal",
        {
          probeId: string;
          result: {
            code: string;
            httpStatus?: number;
            latencyMs: number;
            message: string;
            ok: boolean;
          };
          workerId: string;
          workerToken?: string;
        },
        boolean,
        Name
      >;
      requestProbe: FunctionReference<
        "mutation",
        "internal",
        {
          kind: "host" | "url" | "model" | "gateway";
          requestedBy?: string;
          target?: string;
          timeoutMs?: number;
          workerId: string;
        },
        { expiresAt: number; probeId: string },
        Name
      >;
      resolveAgentForTelegram: FunctionReference<
        "query",
        "internal",
        { telegramChatId?: string; telegramUserId?: string },
        { agentKey: string | null; consumerUserId: string | null },
        Name
      >;
      resolveAgentForUser: FunctionReference<
        "query",
        "internal",
        { consumerUserId: string },
        { agentKey: string | null; consumerUserId: string },
        Name
      >;
      revokeUserAgentBinding: FunctionReference<
        "mutation",
        "internal",
        { consumerUserId: string },
        { revoked: number },
        Name
      >;
      revokeWorkerToken: FunctionReference<
        "mutation",
        "internal",
        { tokenId: string },
        boolean,
        Name
      >;
      rewrapProgress: FunctionReference<
        "query",
        "internal",
        {},
        {
          done: number;
          failed: number;
          finishedAt: number | null;
          keyId: string | null;
          lastError: string | null;
          running: boolean;
          startedAt: number | null;
          total: number;
          totalCapped: boolean;
        },
        Name
      >;
      rewrapSecrets: FunctionReference<
        "mutation",
        "internal",
        {},
        {
          done: number;
          failed: number;
          finishedAt: number | null;
          keyId: string | null;
          lastError: string | null;
          running: boolean;
          startedAt: number | null;
          total: number;
          totalCapped: boolean;
        },
        Name
      >;
      rotateWorkerToken: FunctionReference<
        "mutation",
        "internal",
        { expiresInMs?: number; overlapMs?: number; tokenId: string },
        {
          aliasPath?: string;
          expiresAt: number;
          token: string;
          tokenId: string;
        },
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
          keys: Array<{
            capped: boolean;
            keyId: string;
            secrets: number;
            state: "current" | "older" | "missing";
          }>;
          masterKey: "env" | "generated" | "absent" | "invalid";
        },
        Name
      >;
      sendBroadcastToAllActiveAgents: FunctionReference<
        "mutation",
        "internal",
        {
          companyId: string;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          requestedBy: string;
          text: string;
          title: string;
        },
        {
          broadcastId: string;
          enqueued: number;
          failed: number;
          totalTargets: number;
        },
        Name
      >;
      sendMessageTemplateToUserAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          metadata?: Record<string, string>;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          templateId: string;
        },
        string,
        Name
      >;
      sendMessageToUserAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          content: string;
          metadata?: Record<string, string>;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
          saidByUser?: boolean;
        },
        string,
        Name
      >;
      setGlobalSkillStatus: FunctionReference<
        "mutation",
        "internal",
        { actor?: string; slug: string; status: "active" | "disabled" },
        { slug: string; status: "active" | "disabled"; updated: boolean },
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
            attachments?: {
              maxBytes?: number;
              retentionMs?: number;
              waitMs?: number;
            };
            audit?: { retentionMs?: number };
            fleet?: {
              bootDeadlineMs?: number;
              dailyMachineHours?: number;
              drainDeadlineMs?: number;
              lanes?: Array<string>;
              maxMachineAgeMs?: number;
              maxRetirementsPerPass?: number;
              maxWorkersPerWorkspace?: number;
              orphanGraceMs?: number;
              rolloutBudget?: number;
              stateful?: boolean;
              stepDeadlineMs?: number;
              stopTimeoutMs?: number;
              volumeQuarantineMs?: number;
              yieldBusyAfterMs?: number;
              yieldIdleAfterMs?: number;
            };
            gateway?: { refusalsPerMinute?: number };
            hydration?: { historyTurns?: number };
            lease?: {
              forgetAfterMs?: number;
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
              turnRetentionMs?: number;
            };
            retry?: {
              backoffFactor?: number;
              baseDelayMs?: number;
              jitterRatio?: number;
              lateAttemptsAfterMs?: number;
              maxAttempts?: number;
              maxDelayMs?: number;
              serviceMaxAgeMs?: number;
            };
            scaling?: {
              idleTimeoutMs?: number;
              maxWorkers?: number;
              queuePerWorkerTarget?: number;
              reconcileIntervalMs?: number;
              spawnStep?: number;
            };
            secrets?: {
              historyRetentionMs?: number;
              supersededGraceMs?: number;
            };
            skills?: { manifestHash?: "source" | "bundle" | "none" };
            snapshots?: {
              everyTurns?: number;
              keep?: number;
              maxBytes?: number;
              uploadExpiryMs?: number;
            };
            telegram?: { groupMessages?: "addressed" | "all" };
          };
        },
        {
          attachments: {
            maxBytes: number;
            retentionMs: number;
            waitMs: number;
          };
          audit: { retentionMs: number };
          fleet: {
            bootDeadlineMs: number;
            dailyMachineHours: number;
            drainDeadlineMs: number;
            lanes: Array<string>;
            maxMachineAgeMs: number;
            maxRetirementsPerPass: number;
            maxWorkersPerWorkspace: number;
            orphanGraceMs: number;
            rolloutBudget: number;
            stateful: boolean;
            stepDeadlineMs: number;
            stopTimeoutMs: number;
            volumeQuarantineMs: number;
            yieldBusyAfterMs: number;
            yieldIdleAfterMs: number;
          };
          gateway: { refusalsPerMinute: number };
          hydration: { historyTurns: number };
          lease: {
            forgetAfterMs: number;
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
            turnRetentionMs: number;
          };
          retry: {
            backoffFactor: number;
            baseDelayMs: number;
            jitterRatio: number;
            lateAttemptsAfterMs: number;
            maxAttempts: number;
            maxDelayMs: number;
            serviceMaxAgeMs: number;
          };
          scaling: {
            idleTimeoutMs: number;
            maxWorkers: number;
            queuePerWorkerTarget: number;
            reconcileIntervalMs: number;
            spawnStep: number;
          };
          secrets: { historyRetentionMs: number; supersededGraceMs: number };
          skills: { manifestHash: "source" | "bundle" | "none" };
          snapshots: {
            everyTurns: number;
            keep: number;
            maxBytes: number;
            uploadExpiryMs: number;
          };
          telegram: { groupMessages: "addressed" | "all" };
        },
        Name
      >;
      setProviderRuntimeConfig: FunctionReference<
        "mutation",
        "internal",
        {
          providerConfig: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
        },
        null,
        Name
      >;
      setPushJobEnabled: FunctionReference<
        "mutation",
        "internal",
        { enabled: boolean; jobId: string },
        boolean,
        Name
      >;
      settle: FunctionReference<
        "mutation",
        "internal",
        {
          ambiguousParts?: Array<number>;
          claimNext?: { hydrate: boolean };
          instance?: string;
          leaseId: string;
          messageId: string;
          outcome?:
            | { kind: "complete" }
            | {
                blames?: "message" | "service";
                errorMessage: string;
                kind: "fail";
                retryAfterMs?: number;
                retryable?: boolean;
              };
          reply?: {
            files?: Array<{
              fileName: string;
              kind: "photo" | "audio" | "voice" | "document";
              mimeType: string;
              sizeBytes: number;
              storageId: string;
            }>;
            parts: number;
            text: string;
          };
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
                channel?: { credential: string | null; kind: string };
                connections?: Array<{ kind: string; name: string }>;
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
                  attachments?: Array<{
                    downloadUrl?: string;
                    error?: string;
                    expiresAt?: number;
                    fileName?: string;
                    kind: "photo" | "video" | "audio" | "voice" | "document";
                    mimeType?: string;
                    sizeBytes?: number;
                    status: "ready" | "failed" | "expired";
                    storageId?: string;
                    telegramFileId?: string;
                  }>;
                  externalMessageId?: string;
                  messageText: string;
                  metadata?: Record<string, string>;
                  provider: string;
                  providerUserId: string;
                  rawUpdateJson?: string;
                };
                reply?: {
                  ambiguousParts: Array<number>;
                  files?: Array<{
                    downloadUrl?: string;
                    fileName: string;
                    kind: "photo" | "audio" | "voice" | "document";
                    mimeType: string;
                    sizeBytes: number;
                    storageId: string;
                  }>;
                  nextPart: number;
                  parts: number;
                  text: string;
                };
                systemPrompt?: string;
                telegramBotToken: string | null;
                undeliverable?: string;
              };
              hydrationError?: string;
              leaseExpiresAt: number;
              leaseId: string;
              leaseMs?: number;
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
      triggerPushJobNow: FunctionReference<
        "mutation",
        "internal",
        {
          jobId: string;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
        },
        { enqueuedMessageId: string; runKey: string },
        Name
      >;
      triggerPushJobNowForAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          jobId: string;
          providerConfig?: {
            appName: string;
            env?: Record<string, string>;
            guest?: {
              cpuKind: "shared" | "performance";
              cpus: number;
              memoryMb: number;
            };
            image: string;
            kind: "fly" | "memory" | "runpod" | "ecs";
            organizationSlug: string;
            region: string;
            regions?: Array<string>;
            volumeName: string;
            volumePath: string;
            volumeSizeGb: number;
          };
        },
        { enqueuedMessageId: string; runKey: string },
        Name
      >;
      updateMessageTemplate: FunctionReference<
        "mutation",
        "internal",
        {
          actorUserId: string;
          enabled?: boolean;
          templateId: string;
          text?: string;
          title?: string;
        },
        boolean,
        Name
      >;
      updatePushJob: FunctionReference<
        "mutation",
        "internal",
        {
          enabled?: boolean;
          jobId: string;
          missedRunPolicy?: "run_once" | "skip";
          periodicity?: "manual" | "daily" | "weekly" | "monthly";
          schedule?:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          text?: string;
          timezone?: string;
          title?: string;
        },
        boolean,
        Name
      >;
      updatePushJobForAgent: FunctionReference<
        "mutation",
        "internal",
        {
          agentKey: string;
          consumerUserId: string;
          enabled?: boolean;
          jobId: string;
          missedRunPolicy?: "run_once" | "skip";
          periodicity?: "manual" | "daily" | "weekly" | "monthly";
          schedule?:
            | { kind: "manual" }
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string };
          text?: string;
          timezone?: string;
          title?: string;
        },
        boolean,
        Name
      >;
      updatePushTemplate: FunctionReference<
        "mutation",
        "internal",
        {
          actorUserId: string;
          enabled?: boolean;
          periodicity?: "manual" | "daily" | "weekly" | "monthly";
          suggestedTimes?: Array<
            | { kind: "daily"; time: string }
            | { kind: "weekly"; time: string; weekday: number }
            | { dayOfMonth: number | "last"; kind: "monthly"; time: string }
          >;
          templateId: string;
          text?: string;
          title?: string;
        },
        boolean,
        Name
      >;
      workerHello: FunctionReference<
        "mutation",
        "internal",
        {
          engine: string;
          host: string;
          instance?: string;
          leaving?: boolean;
          mode: string;
          version: string;
          workerId: string;
          workerToken?: string;
        },
        null,
        Name
      >;
      workerHours: FunctionReference<
        "query",
        "internal",
        { limit?: number; month: string },
        {
          capped: boolean;
          month: string;
          rows: Array<{
            group: string | null;
            hours: number;
            tokenId: string | null;
            workerId: string | null;
            workspace: string | null;
          }>;
          totalHours: number;
        },
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
      workerWake: FunctionReference<
        "query",
        "internal",
        { workerId: string; workerToken?: string },
        { pollAfterMs: number; seq: number },
        Name
      >;
    };
  };
