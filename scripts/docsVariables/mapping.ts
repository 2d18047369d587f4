/** Where the variables and printed values of two comparable products are found here; rows of `docs/worker/variables.md`. */

/** A variable elsewhere, its counterpart here, and what differs. */
export type MappingRow = readonly [theirs: string, ours: string, remark: string];

/** A customer-hosted agent that is provisioned in a web page and works a queue of a hosted control plane. */
export const hostedAgentRows: readonly MappingRow[] = [
  [
    "tenant id, printed at provisioning",
    "`WORKSPACE_ID`",
    "printed by `provisionAgentWorker` when the token has a workspace",
  ],
  ["control-plane URL, printed", "`BASE_INTERNAL_URL`", "the site origin with the component's path prefix"],
  [
    "auth base URL, printed",
    "not needed",
    "the component verifies the token itself; there is no login service",
  ],
  ["client id, printed", "not needed", "the token names itself; its id is in `listWorkerTokens`"],
  ["client secret, printed", "`AGENT_TOKEN`", "signed, expires, revocable at the next call"],
  ["queue address, printed", "`BASE_INTERNAL_URL`", "the queue is part of the control plane"],
  [
    "`OP_TENANT_ID`",
    "`WORKSPACE_ID`",
    "optional: the token says it too. The queue suffix is the tenant's route `/api/w/<workspace>/`",
  ],
  [
    "`OP_CONVEX_URL`",
    "`BASE_INTERNAL_URL`, `CONVEX_DEPLOYMENT_URL`",
    "calls go to the first, wake-ups come from the second",
  ],
  ["`OP_WORKOS_AUTHKIT_BASE_URL`", "not needed", "no login service"],
  ["`OP_WORKOS_CLIENT_ID`", "not needed", "no login service"],
  ["`OP_WORKOS_CLIENT_SECRET`", "`AGENT_TOKEN`", "in the `Authorization` header of every call"],
  ["`OP_AGENT_DATABASE_URL`", "`STATE_DATABASE_URL`", "optional: without it a small store is embedded"],
  [
    "`OP_TEMPORAL_ADDRESS` (`localhost:7233`)",
    "`BASE_INTERNAL_URL`",
    "required: there is no sensible default",
  ],
  [
    "`OP_TEMPORAL_NAMESPACE` (`default`)",
    "`WORKSPACE_ID`, the token's tags",
    "a token lists the lanes it may take",
  ],
  [
    "`OP_TEMPORAL_TLS_CERT`, `OP_TEMPORAL_TLS_KEY`",
    "`CLIENT_TLS_CERT`, `CLIENT_TLS_KEY`",
    "base64 of the PEM with its headers, set together; shown to the host of `BASE_INTERNAL_URL` alone",
  ],
  ["`OP_HEALTH_PORT` (8080)", "`HEALTH_PORT` (8080), `HEALTH_HOST`", "`/metrics` is filled"],
  [
    "`OP_CANONICAL_OUTPUT_BASE_URI`",
    "`SNAPSHOT_BASE_URI`",
    "optional: without it snapshots go to the deployment's file storage",
  ],
  [
    "`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL_S3`",
    "the same names",
    "only for an `s3://` base; roles of the host work too",
  ],
];

/** The agent workers of a job platform. */
export const jobPlatformRows: readonly MappingRow[] = [
  ["`MODE=agent`, `MODE=worker`", "`MODE`", "the same two; `worker` is set by the scheduler"],
  ["`AGENT_TOKEN`", "`AGENT_TOKEN`", "the same: a JWT with tags and group"],
  ["`BASE_INTERNAL_URL`", "`BASE_INTERNAL_URL`", "the same; a trailing slash is an error that says so"],
  [
    "`INIT_SCRIPT`",
    "`INIT_SCRIPT`, `INIT_SCRIPT_TIMEOUT_MS`",
    "the same, before the first claim; without the token in its environment, and not with `MODE=worker`",
  ],
];
