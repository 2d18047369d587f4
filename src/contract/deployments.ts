/** Agent workers as deployments: provisioned by an operator, started anywhere, watched until they are revoked. */
import { v } from "convex/values";
import { lazy, mutation, oneOf, opt, orNull, query } from "./row.js";
import { createAgentWorkerToken } from "./tokens.js";

/**
 * `pending`: not both of its first authenticated call and its first claim have been seen. `connected`: a worker with this token
 * serves. `draining`: only workers that were asked to stop are left. `lost`: it served once, and no worker is alive now.
 * `revoked`: its token was revoked.
 */
export const deploymentStates = ["pending", "connected", "draining", "lost", "revoked"] as const;
export type DeploymentState = (typeof deploymentStates)[number];
const vState = lazy(() => oneOf("pending", "connected", "draining", "lost", "revoked"));

/** The engines that a worker can be provisioned for. */
const vEngine = lazy(() => oneOf("openai", "command", "echo", "openclaw"));

/** A host that a worker calls: the whole list of outbound rules that its site needs. */
const vWorkerHost = lazy(() =>
  v.object({
    host: v.string(),
    port: v.number(),
    protocol: oneOf("https", "http"),
    purpose: v.string(),
  }),
);

/** A provisioned worker always gets an alias: it is not asked for. */
const tokenArgs = lazy(() => {
  const { withAlias: _withAlias, ...args } = createAgentWorkerToken.args;
  return args;
});
/** The result says the alias as a part of the environment. */
const mintedFields = lazy(() => {
  const { aliasPath: _aliasPath, ...fields } = createAgentWorkerToken.returns.fields;
  return fields;
});

/**
 * `createAgentWorkerToken`, and everything that the machine needs besides the token: its environment, ready to paste, and every
 * host that it will call. Shown once, as it holds the token. Throws as `createAgentWorkerToken` does.
 * - `engine`: What shall answer messages there; default `openai`.
 * - `openAiBaseUrl`: ENGINE=openai: the server of the model, when it is not api.openai.com.
 * - returns `environment`: In the order of the file. `value: null`: only its site knows it.
 * - returns `envFile`: The same as the text of an environment file, as `docker run --env-file` and systemd read it.
 */
export const provisionAgentWorker = mutation(
  "operators",
  "admin",
)(() => ({
  args: {
    ...tokenArgs,
    engine: v.optional(vEngine),
    openAiBaseUrl: opt.string,
  },
  returns: v.object({
    ...mintedFields,
    environment: v.array(
      v.object({
        name: v.string(),
        value: orNull.string,
        secret: v.boolean(),
        meaning: v.string(),
      }),
    ),
    envFile: v.string(),
    hosts: v.array(vWorkerHost),
  }),
}));

/**
 * - `version`: What it said of itself at its start; null for a worker that says nothing.
 * - `lastSeenAt`: Epoch ms, up to 30 s behind.
 */
const vDeploymentWorker = lazy(() =>
  v.object({
    workerId: v.string(),
    status: oneOf("active", "draining", "stopping", "gone"),
    version: orNull.string,
    host: orNull.string,
    engine: orNull.string,
    mode: orNull.string,
    startedAt: orNull.number,
    lastSeenAt: orNull.number,
  }),
);
export type DeploymentWorker = typeof vDeploymentWorker.type;

/**
 * - `rotatedFrom`: The token that this one replaced; its workers count too until it ends.
 * - `authenticated`: A worker authenticated with the token.
 * - `claimed`: A worker asked for work with the token.
 * - `causes`: What usually leads to this state, likeliest first, and what to do about it.
 * - `workers`: The newest, living ones first.
 */
export const vDeployment = lazy(() =>
  v.object({
    tokenId: v.string(),
    rotatedFrom: orNull.string,
    state: vState,
    authenticated: v.boolean(),
    claimed: v.boolean(),
    causes: v.array(v.object({ cause: v.string(), fix: v.string() })),
    workspace: orNull.string,
    tags: v.array(v.string()),
    group: orNull.string,
    createdAt: v.number(),
    expiresAt: v.number(),
    revokedAt: orNull.number,
    lastSeenAt: orNull.number,
    workers: v.array(vDeploymentWorker),
    workersCapped: v.boolean(),
  }),
);

/** The deployments, newest first; with `tokenId` that one alone. */
export const listDeployments = query(
  "operators",
  "admin",
)(() => ({
  args: { limit: opt.number, tokenId: opt.string },
  returns: v.object({ deployments: v.array(vDeployment), capped: v.boolean() }),
}));

/**
 * How long workers were alive in a month (UTC, `2030-01`), for accounting. Up to 30 minutes behind. `invalid_argument` for
 * another form of month.
 * - returns `rows.workerId`: null: workers that lived for less than 10 minutes, together.
 * - returns `totalHours`: Of the rows shown.
 */
export const workerHours = query(
  "operators",
  "admin",
)(() => ({
  args: { month: v.string(), limit: opt.number },
  returns: v.object({
    month: v.string(),
    rows: v.array(
      v.object({
        workerId: orNull.string,
        tokenId: orNull.string,
        workspace: orNull.string,
        group: orNull.string,
        hours: v.number(),
      }),
    ),
    totalHours: v.number(),
    capped: v.boolean(),
  }),
}));
