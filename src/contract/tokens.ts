/** Credentials of workers: signed tokens, opaque paths, and what is counted of refused ones. */
import { v } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";

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
export const createAgentWorkerToken = mutation("operators", { for: "admin" })(() => ({
  args: {
    workspace: opt.string,
    tags: v.optional(v.array(v.string())),
    group: opt.string,
    workerId: opt.string,
    expiresInMs: opt.number,
    maxWorkers: opt.number,
    trusted: opt.boolean,
    withAlias: opt.boolean,
  },
  returns: v.object({
    token: v.string(),
    tokenId: v.string(),
    expiresAt: v.number(),
    aliasPath: opt.string,
  }),
}));
/**
 * - `lastUsedAt`: Epoch ms, up to half a minute behind; null = never used.
 * - `rotatedFrom`: The token that this one replaced.
 */
const vWorkerTokenView = lazy(() =>
  v.object({
    tokenId: v.string(),
    workspace: orNull.string,
    tags: v.array(v.string()),
    group: orNull.string,
    workerId: orNull.string,
    createdAt: v.number(),
    expiresAt: v.number(),
    revokedAt: orNull.number,
    lastUsedAt: orNull.number,
    maxWorkers: orNull.number,
    trusted: v.boolean(),
    hasAlias: v.boolean(),
    rotatedFrom: orNull.string,
  }),
);
/** Newest first; never the tokens themselves. */
export const listWorkerTokens = query("operators", { for: "admin" })(() => ({
  args: { limit: opt.number },
  returns: v.array(vWorkerTokenView),
}));
/** Effective at the next call of a worker that carries it. false if unknown. */
export const revokeWorkerToken = mutation("operators", { for: "admin" })(() => ({
  args: { tokenId: v.string() },
  returns: v.boolean(),
}));
/** A new token (and alias) with the same scope; the old one stays valid for `overlapMs` (default 1 hour). */
export const rotateWorkerToken = mutation("operators", { for: "admin" })(() => ({
  args: { tokenId: v.string(), overlapMs: opt.number, expiresInMs: opt.number },
  returns: createAgentWorkerToken.returns,
}));

/**
 * Counts a refusal at the worker gateway and says whether there were too many in this minute. The app's routes call it;
 * good calls never do. `tokenId`: of a token that was signed here; `code`: why it was refused.
 * Also counts it for the audit log.
 */
export const noteWorkerRefusal = mutation("workers")(() => ({
  args: {
    door: oneOf("gateway", "alias"),
    code: v.string(),
    tokenId: opt.string,
  },
  returns: v.object({ limited: v.boolean(), retryAfterMs: v.number() }),
}));
