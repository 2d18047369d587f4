/** Workers and their credentials. */
import { v, type Infer } from "convex/values";
import { vProbeOrder } from "./probes.js";
import { defineRow, lazy } from "./row.js";

export const vWorkerStatus = lazy(() =>
  v.union(v.literal("active"), v.literal("draining"), v.literal("stopping"), v.literal("stopped")),
);

export const workerStats = defineRow(() => ({
  args: {},
  returns: v.object({
    activeCount: v.number(),
    idleCount: v.number(),
    workers: v.array(
      v.object({
        workerId: v.string(),
        status: vWorkerStatus,
        load: v.number(),
        heartbeatAt: v.number(),
        machineId: v.union(v.string(), v.null()),
        appName: v.union(v.string(), v.null()),
      }),
    ),
    capped: v.boolean(),
  }),
}));
/**
 * - returns `release`: Save and give up the conversation when idle: others wait, or somebody else serves it by now.
 * - returns `probes`: What an operator wants to know from where the worker stands.
 */
export const getWorkerControlState = defineRow(() => ({
  args: { workerId: v.string(), workerToken: v.optional(v.string()) },
  returns: v.object({
    shouldStop: v.boolean(),
    release: v.optional(v.boolean()),
    probes: v.optional(v.array(vProbeOrder)),
  }),
}));

/**
 * What an idle worker subscribes to. `seq` grows whenever it should claim; that may turn out wrong, the claim decides. Throws
 * what `claim` throws about the token.
 * - returns `pollAfterMs`: Ask after this long even if `seq` stays as it is.
 */
export const workerWake = defineRow(() => ({
  args: { workerId: v.string(), workerToken: v.optional(v.string()) },
  returns: v.object({
    seq: v.number(),
    pollAfterMs: v.number(),
  }),
}));
/** What a worker that found nothing may know: when to ask again (1 000 to 60 000 ms), and what is wanted of it besides work. */
export const vIdleHint = lazy(() =>
  v.object({ retryAfterMs: v.number(), ...getWorkerControlState.returns.fields }),
);
export type IdleHint = Infer<typeof vIdleHint>;

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
export const createAgentWorkerToken = defineRow(() => ({
  args: {
    workspace: v.optional(v.string()),
    tags: v.optional(v.array(v.string())),
    group: v.optional(v.string()),
    workerId: v.optional(v.string()),
    expiresInMs: v.optional(v.number()),
    maxWorkers: v.optional(v.number()),
    trusted: v.optional(v.boolean()),
    withAlias: v.optional(v.boolean()),
  },
  returns: v.object({
    token: v.string(),
    tokenId: v.string(),
    expiresAt: v.number(),
    aliasPath: v.optional(v.string()),
  }),
}));
/**
 * - `lastUsedAt`: Epoch ms, up to half a minute behind; null = never used.
 * - `rotatedFrom`: The token that this one replaced.
 */
export const vWorkerTokenView = lazy(() =>
  v.object({
    tokenId: v.string(),
    workspace: v.union(v.string(), v.null()),
    tags: v.array(v.string()),
    group: v.union(v.string(), v.null()),
    workerId: v.union(v.string(), v.null()),
    createdAt: v.number(),
    expiresAt: v.number(),
    revokedAt: v.union(v.number(), v.null()),
    lastUsedAt: v.union(v.number(), v.null()),
    maxWorkers: v.union(v.number(), v.null()),
    trusted: v.boolean(),
    hasAlias: v.boolean(),
    rotatedFrom: v.union(v.string(), v.null()),
  }),
);
export const listWorkerTokens = defineRow(() => ({
  args: { limit: v.optional(v.number()) },
  returns: v.array(vWorkerTokenView),
}));
/** Effective at the next call of a worker that carries it. false if unknown. */
export const revokeWorkerToken = defineRow(() => ({ args: { tokenId: v.string() }, returns: v.boolean() }));
/** A new token (and alias) with the same scope; the old one stays valid for `overlapMs` (default 1 hour). */
export const rotateWorkerToken = defineRow(() => ({
  args: { tokenId: v.string(), overlapMs: v.optional(v.number()), expiresInMs: v.optional(v.number()) },
  returns: createAgentWorkerToken.returns,
}));

/**
 * Counts a refusal at the worker gateway and says whether there were too many in this minute. The app's routes call it;
 * good calls never do. `tokenId`: of a token that was signed here; `code`: why it was refused.
 * Also counts it for the audit log.
 */
export const noteWorkerRefusal = defineRow(() => ({
  args: {
    door: v.union(v.literal("gateway"), v.literal("alias")),
    code: v.string(),
    tokenId: v.optional(v.string()),
  },
  returns: v.object({ limited: v.boolean(), retryAfterMs: v.number() }),
}));
