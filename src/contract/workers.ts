/** Workers and their credentials. */
import { v } from "convex/values";
import { defineRow } from "./row.js";

export const vWorkerStatus = v.union(
  v.literal("active"),
  v.literal("draining"),
  v.literal("stopping"),
  v.literal("stopped"),
);

export const workerStats = defineRow({
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
});
export const getWorkerControlState = defineRow({
  args: { workerId: v.string(), workerToken: v.optional(v.string()) },
  returns: v.object({ shouldStop: v.boolean() }),
});

/** Mints a signed token. It is shown once; only its id is kept. */
export const createAgentWorkerToken = defineRow({
  args: {
    /** The tenant whose conversations it may take; absent = any. */
    workspace: v.optional(v.string()),
    /** The lanes it may take, 1..16; default `["default"]`. */
    tags: v.optional(v.array(v.string())),
    /** A label for people. */
    group: v.optional(v.string()),
    /** Binds the token to this worker id. */
    workerId: v.optional(v.string()),
    /** Life of the token, 1 minute..400 days; default 90 days. */
    expiresInMs: v.optional(v.number()),
  },
  returns: v.object({ token: v.string(), tokenId: v.string(), expiresAt: v.number() }),
});
export const vWorkerTokenView = v.object({
  tokenId: v.string(),
  workspace: v.union(v.string(), v.null()),
  tags: v.array(v.string()),
  group: v.union(v.string(), v.null()),
  workerId: v.union(v.string(), v.null()),
  createdAt: v.number(),
  expiresAt: v.number(),
  revokedAt: v.union(v.number(), v.null()),
});
export const listWorkerTokens = defineRow({
  args: { limit: v.optional(v.number()) },
  returns: v.array(vWorkerTokenView),
});
/** Effective at the next call of a worker that carries it. false if unknown. */
export const revokeWorkerToken = defineRow({ args: { tokenId: v.string() }, returns: v.boolean() });
/** A new token with the same scope; the old one stays valid for `overlapMs` (default 1 hour). */
export const rotateWorkerToken = defineRow({
  args: { tokenId: v.string(), overlapMs: v.optional(v.number()), expiresInMs: v.optional(v.number()) },
  returns: v.object({ token: v.string(), tokenId: v.string(), expiresAt: v.number() }),
});
