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
      /**
       * Appends turns to the conversation's history; `messageCount` is how many it has then.
       * - `workerId`: With a worker token: the turns belong to this worker's current message and are appended once per message.
       */
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
      /**
       * Lays `metadata` over that of the message. A worker's only for the message that it holds; false for any other, and for an unknown
       * one.
       */
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
      /** The newest sealed entry, what precedes the oldest one kept, and how many acts wait to be sealed (counted up to 100). */
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
      /**
       * Makes the agent the user's one active agent. Ends the user's other bindings, and other users' bindings that hold the
       * same Telegram account or chat at the same bot. A disabled profile is accepted. Throws `agent_not_found`.
       */
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
      /** Stops before the next batch; messages already queued go out. false when it is not running. */
      cancelBroadcast: FunctionReference<
        "mutation",
        "internal",
        { actorUserId?: string; broadcastId: string },
        boolean,
        Name
      >;
      /**
       * A pass that launches nothing. `checked`: machines looked at; `stopped`: those that it ordered to be stopped and taken away, each
       * counted once; `pending`: those on their way out, with them. Throws as `reconcileWorkers`.
       */
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
      /**
       * The next message for this worker with a lease on its conversation; null when there is nothing for it.
       * - `workspaceId`: Must equal the conversation's workspace when given.
       * - `hydrate`: Answer with the hydration bundle in the same call. Without it, `claim` (not the gateway's `poll`) appends the
       *   system prompt to the text of the job's payload, where the published image looks for it.
       * - `stateful`: The worker's engine keeps memory on disk: it holds one conversation at a time. Default: what its row says.
       * - `listens`: The worker hears its wake-ups (`workerWake`), so it is rung when there is work. Default: what its row says.
       * - `instance`: Names the process, at most 128 characters, the same after a restart with the same data directory. A second
       *   process under one worker id gets no work while the first is alive. Null for it, and for a worker id that belongs to another
       *   token: `poll` says which.
       */
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
      /**
       * Starts the collection of confirmed orphans now, at most 50, and has the provider listed afresh. The collector looks at
       * each resource again right before it acts. `dryRun`: says what it would do and does nothing. `skipped`: not yet confirmed.
       */
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
      /** Ends the message as answered. false when the lease is no longer the caller's. */
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
      /**
       * Creates or updates the profile of `agentKey`; returns its id, the same on every update.
       * - `workspace`: The tenant this agent belongs to; default `default`. Omitted on update keeps the stored one.
       * - `tag`: The tag (lane) of its messages, default `default`; may be `tag-$workspace` or `tag-$args[name]`.
       */
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
      /**
       * Points the bot of a token at this deployment, with a fresh secret. Throws `telegram_token_missing`,
       * `telegram_url_invalid`, `telegram_api_failed`.
       * - returns `botUsername`: The bot's username as Telegram gave it; null when it did not answer.
       */
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
      /** Binds the code's user to this Telegram account. Throws `pairing_code_not_found`, `pairing_code_ended`, `pairing_code_expired`. */
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
      /**
       * Mints a signed token. It is shown once; only its id is kept. All faults of the request are named at once
       * (`invalid_argument`); a system lane without `trusted` is `lane_not_allowed`.
       * - `workspace`: The tenant whose conversations it may take; absent = any.
       * - `tags`: The lanes it may take, 1..16; default `["default"]`.
       * - `group`: A label for people.
       * - `workerId`: Binds the token to this worker id.
       * - `expiresInMs`: Life of the token, 1 minute..400 days; default 90 days.
       * - `maxWorkers`: At most this many different worker ids may use it at once, 1..1000; default no limit.
       * - `trusted`: May list the system lanes `system` and `system:<workspace>`. For workers of the operator, not for agent
       *   workers.
       * - `withAlias`: Also makes an opaque path for the published image, which sends no token. Needs `workerId`.
       * - returns `aliasPath`: Below the site's origin: what the published image gets as its `CONVEX_URL`. As secret as the token.
       */
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
      /** A text of a company that its staff send by hand; returns its id. */
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
      /**
       * A one-time code for `/start <code>`. Ends the user's pending codes for the same agent. Throws `agent_not_found` for a
       * missing or disabled profile.
       */
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
      /**
       * A job for a user with a text of its own; returns its id. Throws `push_timezone_invalid`, `push_schedule_invalid`,
       * `text_too_large`.
       */
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
      /** As `createPushJobCustom`, for one agent of the user. */
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
      /**
       * A job for a user with the text of a template, which is copied; returns its id. Throws `push_timezone_invalid`,
       * `push_template_not_found`, `push_template_mismatch`, `push_schedule_invalid`.
       * - `schedule`: Default: the first time that the template suggests.
       */
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
      /** As `createPushJobFromTemplate`, for one agent of the user. */
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
      /** A text that a company's jobs can be made from; returns its id. Throws `push_template_exists`, `push_schedule_invalid`. */
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
      /** As createPairingCode, with the link that opens the bot; null until the bot's username is verified. */
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
      /**
       * Deletes one volume by hand. Refused while one of our machines uses it or it holds memory that was not saved
       * (`volume_in_use`); `force` overrides the latter.
       */
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
      /** With all its versions and releases. */
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
      /** false when there is no such template. */
      deleteMessageTemplate: FunctionReference<
        "mutation",
        "internal",
        { templateId: string },
        boolean,
        Name
      >;
      /** false when there is no such job. */
      deletePushJob: FunctionReference<
        "mutation",
        "internal",
        { jobId: string },
        boolean,
        Name
      >;
      /** Jobs made from it stay. */
      deletePushTemplate: FunctionReference<
        "mutation",
        "internal",
        { templateId: string },
        boolean,
        Name
      >;
      /**
       * Destroys the value of every version of a secret, the active one first; that they existed stays on record. At most 50 at
       * once, the rest right afterwards. A repeat wipes nothing more. Throws `secret_not_found`.
       */
      deleteSecret: FunctionReference<
        "mutation",
        "internal",
        { secretRef: string },
        { secretRef: string; wipedVersions: number },
        Name
      >;
      /**
       * Stores a version (immutable: the same version with other files is refused) and makes it the channel's active release.
       * Deploying what is active already changes nothing and returns the same ids. Codes: `skill_invalid`, `skill_conflict`,
       * `skills_too_large`.
       * - `version`: Semantic Versioning 2.0.0.
       * - `sourceJs`: The entry script; may be left out when `files` has it as `scripts/index.mjs` (or `.cjs`), or when they have a
       *   `SKILL.md` and the skill needs no such script.
       * - `files`: Further files of the skill, at most 63; a `SKILL.md` among them takes the place of the generated one.
       * - returns `sha256`: Of the trimmed entry script; of the empty text when there is none.
       */
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
      /** Deletes a parked update; `discarded` is false when there is none of that id. */
      discardParkedUpdate: FunctionReference<
        "mutation",
        "internal",
        { parkedId: string },
        { discarded: boolean },
        Name
      >;
      /**
       * Runs what is due and not yet run. Jobs wake by themselves at their own minute, so this is the net. Works off one batch
       * in this call, which it counts; a larger `limit` (1..1000, default 200) goes on by itself afterwards.
       */
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
      /**
       * Puts a message in line in its conversation, once per `idempotencyKey`; returns its id. The conversation begins with its first
       * message.
       * - `priority`: 0..100, default 50: a head start, never a wall.
       * - `scheduledFor`: Epoch ms; in the future: the message is not in line before.
       * - `conversationId`: At most 1 024 bytes; `idempotencyKey` at most 4 096.
       * - `idempotencyKey`: The same key of the same workspace returns the same message id and enqueues nothing.
       * - `tag`: The lane; default the profile's.
       * - `asUser`: The user who writes, where that is no administrator: the provider, the address and what chooses a lane come from
       *   their binding, whatever `payload` says of them.
       */
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
      /**
       * Why a message has not been answered: the exact rule, and when something looks at it again. Reads a bounded number of
       * documents and decides nothing by the clock: times are returned. Throws `invalid_id`, `message_not_found`.
       */
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
      /**
       * Sealed entries after `afterSeq` (default: from the oldest kept), at most `limit` (1..500, default 200). `anchor` is the
       * point before the first of them; it lies later than asked for when older entries have outlived their retention. As JSON
       * lines, `anchor` and each entry on a line of their own, pages one after the other are what `scripts/audit/verify.ts` reads.
       * - returns `nextAfterSeq`: For the next page; null = this was the last.
       */
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
      /** Ends the attempt as failed: the message is tried again later, or is a dead letter when its attempts are used up. */
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
      /**
       * false if unknown, another worker's, or ready already.
       * - `upload`: The file, if it was uploaded before something went wrong: it is deleted when it has this hash.
       */
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
      /**
       * Makes the snapshot restorable once the stored file is what the worker says (`snapshot_mismatch`, `snapshot_too_large`).
       * false if unknown, another worker's, failed or expired. Repeatable.
       * - `storageId`: The file in the deployment's storage; exactly one of this and `location`.
       * - `location`: The archive in a bucket that only workers reach. Its size and hash are the worker's word; whoever restores it
       *   compares them.
       * - `sha256`: Of the archive, hexadecimal.
       */
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
      /** What is wrong and what to do about it, errors first. Empty findings: all is well. */
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
      /**
       * Every living machine and the fleet's limits. `asOf`: the last pass, epoch ms; hours are counted up to then.
       * - returns `capped`: More machines live than are shown.
       * - returns `machineHoursToday`: Of the UTC day of `asOf`.
       * - returns `blocked`: Conversations that got no machine in the last pass, at most 50.
       * - returns `quarantined`: Volumes kept because they hold memory that is in no snapshot, at most 100.
       */
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
      /** A URL that takes one upload and answers `{storageId}`. */
      generateMediaUploadUrl: FunctionReference<
        "mutation",
        "internal",
        { workerToken?: string },
        { uploadUrl: string },
        Name
      >;
      /** The agent that the user is bound to; null without one. */
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
      /**
       * What ties a user to an agent.
       * - returns `workspace`: The agent's; null when there is no such agent.
       * - returns `binding`: Of the pair's newest binding; null when there never was one.
       * - returns `granted`: The host gave the agent to the user (`bindUserAgent`); a pairing alone does not, because users make
       *   their pairing codes themselves.
       */
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
      /** What one of a user's agents lacks before they can write to it. */
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
      /** One broadcast and how far it is; null for an unknown one. */
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
      /**
       * The newest 200 turns (fewer when they are very long), oldest first; `before` with `nextBefore` gives those before them.
       * - `limit`: Of `queueItems`, 1..500, default 100.
       * - `before`: `nextBefore` of an earlier answer: only turns before it.
       * - returns `hasQueuedJobs`: Something waits, is not yet due, or is being answered.
       * - returns `nextBefore`: Pass as `before` for older turns; null: there are none.
       */
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
      /**
       * Contents by hash: as many of the (at most 64) hashes as fit into about 4 MiB, in the order asked; unknown ones are left out.
       * - returns `remaining`: Hashes that did not fit; ask again.
       */
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
      /**
       * What the engine needs to answer the message that this worker holds; null for any other message, and for one whose agent is gone.
       * Throws `workspace_mismatch`.
       */
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
      /**
       * The newest ready snapshot of exactly this conversation. Without `conversationId`: of the conversation that the calling
       * worker is bound to, else null. A worker with a token gets its own conversation's or null.
       * - `workerId`: Needed where the token is bound to no worker.
       * - returns `generation`: Of the owner that saved it.
       * - returns `location`: Set when the archive lies elsewhere; `downloadUrl` is the same then, and no HTTP address.
       */
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
      /** The newest of `listSnapshotsForUserAgent`; null without one. */
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
      /** What became of a code; null for an unknown one. Whoever knows a code is its owner, or was given it by them. */
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
      /** One probe with its result; null when it is unknown or too old. */
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
      /** What the deployment lacks before anybody's agent can answer. */
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
      /**
       * The secrets an agent needs; of an unknown agent none. Without a key: those of all enabled profiles (at most 200), each
       * once, sorted.
       */
      getRequiredSecretRefs: FunctionReference<
        "query",
        "internal",
        { agentKey?: string },
        { agentKey: string | null; secretRefs: Array<string> },
        Name
      >;
      /** Null for an unknown, malformed or deleted id. */
      getStorageFileUrl: FunctionReference<
        "query",
        "internal",
        { storageId: string; workerToken?: string },
        string | null,
        Name
      >;
      /** The same under its older name. */
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
      /** Null when there is neither a profile nor a binding nor a pairing. */
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
      /** The user's active binding; null without one. */
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
      /** Zeros unless the agent is the user's active one. The message counts stop at 200. */
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
      /** Derived from stored facts; `nextAction` is the first step that is missing. */
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
      /** The newest pairing of the user with the agent. */
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
      /** Each count stops at 200. */
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
      /** All of a user's agents at once, and which of them answers. */
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
      /** `getUserAgentPushStats` and `getUserAgentConversationStats` in one. */
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
      /** Asks Telegram about the agent's webhook and stores what it says. No token: not ready, and Telegram is not asked. */
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
      /**
       * What is wanted of a worker besides work. Throws what `claim` throws about the token.
       * - returns `release`: Save and give up the conversation when idle: others wait, or somebody else serves it by now.
       * - returns `probes`: What an operator wants to know from where the worker stands.
       */
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
      /**
       * The same by hash: what each file's content must hash to, and how to ask for it. Contents come only with the two small
       * generated files. With `ifNoneMatch` equal to the current `contentHash` nothing but `unchanged: true` comes.
       * - returns `contentHash`: Over everything that the skills put on a disk.
       */
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
      /**
       * 1.0.11's manifest: the active skills of a channel with all their files, by slug.
       * - returns `generatedAt`: When the newest of the skills changed, epoch ms: not the time of the call, so the same skills give
       *   the same answer.
       * - returns `skills.sha256`: Of `sourceJs`, of the bundle, or empty: see the policy `skills.manifestHash`.
       */
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
      /**
       * Where the worker stands: the conversation whose data directory it holds. Null: none, so it saves nothing.
       * - returns `everyTurns`: Turns after which a snapshot is due.
       * - returns `maxBytes`: Largest archive, in bytes.
       */
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
      /** Whether a message of the conversation waits. */
      hasQueuedJobsForConversation: FunctionReference<
        "query",
        "internal",
        { conversationId: string; workerToken?: string },
        boolean,
        Name
      >;
      /** true and extended by the lease length iff the lease is still the caller's. */
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
      /** Which bot a webhook call came from, by the secret Telegram sent with it; null when the secret is nobody's. */
      identifyTelegramWebhook: FunctionReference<
        "query",
        "internal",
        { webhookSecret: string },
        null | { botId: string },
        Name
      >;
      /** Stores a new version (the first is 1) and makes it the active one. */
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
      /**
       * Stores a bot token for an agent as its user, under the agent's own ref. Refused (`telegram_token_not_allowed`) when the agent or its
       * token is somebody else's: a token that the operator imported is replaced only by a user to whom the host gave the agent
       * (`bindUserAgent`). Refused (`telegram_bot_taken`) when the bot serves another agent. Throws `agent_not_found`, `secret_empty`.
       */
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
      /**
       * Takes one update, once: (bot, update id) is the idempotency key. The secret is checked before anything is parsed. What
       * cannot be enqueued (agent disabled, text too large) is parked for inspection instead of being refused for ever.
       * `/start <code>` asks in the chat (`pairingAsked`), and the command in that question binds (`paired`).
       * - `webhookPath`: The path at which the call arrived.
       * - `namedAgentKey`: What the host's `resolveAgentKey` said; null when it threw.
       */
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
      /** One dead letter with what is known of its attempts; null when the message is none. */
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
      /** Replies of which a part may or may not have been delivered; newest first. */
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
      /** Newest first; `before` is the `requestedAt` of the last one seen. */
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
      /** All of a workspace (default `default`), by name. */
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
      /** Newest first; `before` is the `deadLetteredAt` of the last one seen. */
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
      /** The deployments, newest first; with `tokenId` that one alone. */
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
      /** By slug, 1..500 (200); `activeRelease` is that of the channel. */
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
      /** Messages of one status, of all conversations, by `scheduledFor`; `limit` 1..500, default 100. Without their payload. */
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
      /** Those of that company alone, newest update first. */
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
      /** Newest first; at most 50. */
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
      /** Newest first; `limit` 1..100, default 20. */
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
      /** Newest run first. */
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
      /** Across the jobs of that user and agent, newest first. */
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
      /** Newest update first. */
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
      /** Newest update first. */
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
      /** Newest update first. */
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
      /** The messages of a conversation, newest first; `limit` 1..500, default 100. */
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
      /** Newest first; `before` is the `_creationTime` of the last one seen. The statuses are chosen before the limit, 1..500 (100). */
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
      /** The newest 50 versions below `beforeVersion` (default: all), newest first. Throws `secret_not_found`. */
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
      /**
       * All statuses, newest first; `limit` 1..200, default 50.
       * - `includeDownloadUrls`: Only for the host itself.
       */
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
      /** Newest first, 1..200 (50); `before` is the `createdAt` of the last one seen. */
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
      /** Agents that the user was bound to, newest first, then those with a pending pairing; at most 200 of each. */
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
      /** Newest first; never the tokens themselves. */
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
      /** What `setMessageRuntimeConfig` stored; null when nothing is set. */
      messageRuntimeConfig: FunctionReference<
        "query",
        "internal",
        {},
        { systemPrompt?: string } | null,
        Name
      >;
      /**
       * Counts a refusal at the worker gateway and says whether there were too many in this minute. The app's routes call it;
       * good calls never do. `tokenId`: of a token that was signed here; `code`: why it was refused.
       * Also counts it for the audit log.
       */
      noteWorkerRefusal: FunctionReference<
        "mutation",
        "internal",
        { code: string; door: "gateway" | "alias"; tokenId?: string },
        { limited: boolean; retryAfterMs: number },
        Name
      >;
      /** Machines and volumes of this deployment without an owner, oldest first, at most 200, and when each would go. */
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
      /** The effective policies and what an operator stored. */
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
      /**
       * For the gateway: a claim that answers, where it found nothing, how to wait. What the hint looks at makes no claim conflict.
       * Throws what `claim` throws, and `worker_id_taken` or `worker_id_in_use` where that answers null because of the worker id.
       */
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
      /**
       * Opens an upload. A worker with a token saves the conversation it is bound to and nothing else (`snapshot_refused`); the
       * host may name any. The URL takes one POST within an hour and answers `{storageId}`.
       * - `versions`: What made the archive, e.g. `{worker: "2.0.0", engine: "openclaw"}`; at most 8 entries of 64 characters.
       * - `generation`: The ownership under which the worker used its disk, if that may be an earlier one than its present binding.
       * - returns `discardable`: Locations of this conversation's archives in a bucket whose rows are expired: whoever can reach
       *   the bucket deletes them.
       */
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
      /** Where machines come from, as `setProviderRuntimeConfig` stored it; null when nothing is set. */
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
      /**
       * `createAgentWorkerToken`, and everything that the machine needs besides the token: its environment, ready to paste, and every
       * host that it will call. Shown once, as it holds the token. Throws as `createAgentWorkerToken` does.
       * - `engine`: What shall answer messages there; default `openai`.
       * - `openAiBaseUrl`: ENGINE=openai: the server of the model, when it is not api.openai.com.
       * - returns `environment`: In the order of the file. `value: null`: only its site knows it.
       * - returns `envFile`: The same as the text of an environment file, as `docker run --env-file` and systemd read it.
       */
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
      /** Deletes dead letters: the one named, or up to `limit` of those that ended before `endedBefore`. */
      purgeDeadLetters: FunctionReference<
        "mutation",
        "internal",
        { endedBefore?: number; limit?: number; messageId?: string },
        { more: boolean; purged: number },
        Name
      >;
      /** Bounded counts: with `capped` true at least one of them is "this many or more". */
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
      /**
       * One pass over the fleet now. What is passed holds for this pass; a `providerConfig` is stored as well (hosts only).
       * `spawned`: launches ordered by this pass; `terminated`: workers that left `active` in it.
       *
       * Throws `invalid_policy` (a `scalingPolicy` that `setPolicies` would refuse), `provider_config_missing`, `fly_token_missing`, `convex_url_missing`, `provider_unsupported`,
       * `provider_failed` (the listing itself). A launch that fails is recorded on its machine and in readiness.
       * - `workspaceId`: Only this tenant's conversations get machines in this pass.
       */
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
      /**
       * Writes down that an administrative operation was called. Not for clients.
       * - `userId`: The user whom `auth` named; null = the operator functions, which ask nobody.
       * - `scope`: What the call was about, as `auth` saw it.
       */
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
      /**
       * Counts one refused call; call it after refusing, never for calls that succeed. Not for clients.
       * - `reason`: A stable error code, never text of the caller.
       * - `subject`: Whom it was about, as far as that is known for sure: a token id, a worker id. A few are kept as examples.
       */
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
      /** Sends a dead letter round again, as a new arrival with no attempts behind it. */
      redriveDeadLetter: FunctionReference<
        "mutation",
        "internal",
        { messageId: string },
        boolean,
        Name
      >;
      /**
       * Enqueues a parked message after its cause was mended, for `agentKey` or the agent it was for. Throws what enqueueing
       * throws (the update stays parked), `parked_update_not_found`, `parked_update_incomplete`.
       */
      redriveParkedUpdate: FunctionReference<
        "mutation",
        "internal",
        { agentKey?: string; parkedId: string },
        { messageId: string },
        Name
      >;
      /**
       * Registers a name, or replaces what is known of it. Its value is added on each worker: `agent-factory-worker connections
       * add <name>`. `invalid_argument` for names other than lower-case letters, digits, `_`, `-`, and beyond 32 a workspace.
       * - `workspaceId`: Default `default`.
       * - `agentKeys`: Default: every agent of the workspace.
       */
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
      /**
       * The worker saved its conversation as `snapshotId` and gives it up, to take another. false unless that snapshot is ready,
       * of the worker's present binding, and has every turn, and the worker holds no message. Repeatable.
       */
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
      /** Gives up overdue leases, at most 250 (`limit`), whose messages wait again then. The deployment does so by itself; this is the net. */
      releaseStuckJobs: FunctionReference<
        "mutation",
        "internal",
        { limit?: number },
        { requeued: number; unlocked: number },
        Name
      >;
      /** false: there was none. Workers keep their value until it is removed there. */
      removeConnection: FunctionReference<
        "mutation",
        "internal",
        { name: string; workspaceId?: string },
        boolean,
        Name
      >;
      /** As `heartbeat`, and says until when and whether the worker should stop taking work. */
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
      /** The worker's answer. false: unknown, another worker's, or over. Repeatable. */
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
      /**
       * Orders one. The worker takes it with its next poll between two messages. `invalid_argument` for a wrong target or with
       * four open ones; `worker_not_found` for a worker that is not there.
       * - `target`: `host`: `host:port`; `url`: an http or https URL without credentials.
       * - `timeoutMs`: 100..30000 ms, default 5000.
       * - `requestedBy`: Who asks, for the audit log.
       */
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
      /** The user id first, then the chat id; looks at no profile. */
      resolveAgentForTelegram: FunctionReference<
        "query",
        "internal",
        { telegramChatId?: string; telegramUserId?: string },
        { agentKey: string | null; consumerUserId: string | null },
        Name
      >;
      /** The agent that the user is bound to; null without one. */
      resolveAgentForUser: FunctionReference<
        "query",
        "internal",
        { consumerUserId: string },
        { agentKey: string | null; consumerUserId: string },
        Name
      >;
      /** `revoked` counts the bindings ended: 0 or 1. */
      revokeUserAgentBinding: FunctionReference<
        "mutation",
        "internal",
        { consumerUserId: string },
        { revoked: number },
        Name
      >;
      /** Effective at the next call of a worker that carries it. false if unknown. */
      revokeWorkerToken: FunctionReference<
        "mutation",
        "internal",
        { tokenId: string },
        boolean,
        Name
      >;
      /** How far the last `rewrapSecrets` is. */
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
      /**
       * Seals the data key of every secret that is still under an older master key with the current one, in the background and
       * while secrets are read. Repeats are harmless: they join the run that is under way, or take up one that was interrupted.
       * Without any key there is nothing to do. Throws `master_key_invalid`.
       */
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
      /** A new token (and alias) with the same scope; the old one stays valid for `overlapMs` (default 1 hour). */
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
      /** In input order, duplicates repeated. */
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
      /**
       * What protects the secrets, and what does not; names what an operator should mend.
       * - returns `keys`: Each master key that active secrets are sealed with, at most 16.
       * - returns `keys.state`: The key new secrets are sealed with; an older one at hand; or one that is nowhere.
       * - returns `keys.secrets`: How many active secrets need it, as far as they were counted.
       */
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
      /**
       * Sends to the chat of every user who is bound, at the time of the call, to an enabled agent of that workspace. The first
       * batch is sent in this call and counted in its result; the rest follows by itself (`getBroadcast`).
       */
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
      /** Enqueues the template's text in the chat of that user and agent; returns the message's id. */
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
      /**
       * The id of the message. Throws `push_no_binding` unless the agent is the user's active one, and what `enqueue` throws.
       * - `saidByUser`: The metadata is the user's and not the host's: what is an address or chooses a lane comes from their binding.
       */
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
      /** A disabled skill leaves every worker at its next start. */
      setGlobalSkillStatus: FunctionReference<
        "mutation",
        "internal",
        { actor?: string; slug: string; status: "active" | "disabled" },
        { slug: string; status: "active" | "disabled"; updated: boolean },
        Name
      >;
      /**
       * A blank or absent prompt removes the configuration. When set, it goes to the engine beside each message that is handed out
       * from then on; it is never part of what is stored. Throws `text_too_large` above the policy `queue.maxTextBytes`.
       */
      setMessageRuntimeConfig: FunctionReference<
        "mutation",
        "internal",
        { messageConfig: { systemPrompt?: string } },
        null,
        Name
      >;
      /** Merges the given fields over the stored ones; refuses values that make no sense (`invalid_policy`, all faults at once). */
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
      /** Stores where machines come from. Fields may be blank here; a pass that needs them says which are. */
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
      /** false when there is no such job. A disabled job has no next run. */
      setPushJobEnabled: FunctionReference<
        "mutation",
        "internal",
        { enabled: boolean; jobId: string },
        boolean,
        Name
      >;
      /**
       * One fenced write for everything a worker has to say about its message, in this order: append `turns`, record
       * `reply` (both once per message: a repeat is ignored), note that `sendingPart` is about to be sent, end with
       * `outcome`, and, with `claimNext`, hand out the next job. Repeating a call whose answer was lost is safe: it returns the
       * same again, the next job included.
       * - `reply`: `parts` counts the messages of the text and then one for each file.
       * - `instance`: As in `claim`; counts for the next job alone.
       * - `ambiguousParts`: Parts whose delivery the worker could not learn (a timeout after sending): listed, never sent again.
       */
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
      /** Works for disabled jobs too; the schedule is not touched. */
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
      /** As `triggerPushJobNow`, of a job of that user and agent. */
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
      /** false when there is no such template. */
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
      /** false when there is no such job. The next run is reckoned from now. */
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
      /** false when the job is not that user's and agent's. */
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
      /** false when there is no such template. What is left out stays; jobs made from it stay as they are. */
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
      /**
       * A worker says at its start what it is, and at its end that it leaves. Throws as `poll` does for its token and its id. Its texts
       * are cut to 253 characters.
       * - `instance`: As in `claim`.
       * - `leaving`: The process ends: another one may take its id at once.
       */
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
      /**
       * How long workers were alive in a month (UTC, `2030-01`), for accounting. Up to 30 minutes behind. `invalid_argument` for
       * another form of month.
       * - returns `rows.workerId`: null: workers that lived for less than 10 minutes, together.
       * - returns `totalHours`: Of the rows shown.
       */
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
      /** The workers that are active, and how many of them hold a message; with `capped` true there are more than are listed. */
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
      /**
       * What an idle worker subscribes to. `seq` grows whenever it should claim; that may turn out wrong, the claim decides. Throws
       * what `claim` throws about the token.
       * - returns `pollAfterMs`: Ask after this long even if `seq` stays as it is.
       */
      workerWake: FunctionReference<
        "query",
        "internal",
        { workerId: string; workerToken?: string },
        { pollAfterMs: number; seq: number },
        Name
      >;
    };
  };
