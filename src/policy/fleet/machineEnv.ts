/** The environment of a launched machine: contract §7, and what our own worker reads besides. */

export interface MachineEnvInputs {
  workerId: string;
  workspace: string | null;
  agentKey: string | null;
  conversationId: string | null;
  idleTimeoutMs: number;
  /** Where the data volume is mounted; null: the machine has none. */
  dataPath: string | null;
  /** The cloud origin, over whose WebSocket an idle worker hears that something waits. */
  cloudUrl: string;
  /** `<site><prefix>`: the worker gateway. */
  gatewayUrl: string;
  /** `<site><prefix>/w/<alias>`: what the unmodified published image takes for its deployment. */
  aliasUrl: string;
  token: string;
  /** Time between SIGTERM and SIGKILL. */
  stopTimeoutMs: number;
  /** Bridge credentials and `env.<NAME>` secrets, resolved. */
  secrets: Record<string, string>;
  /** Settings of the provider configuration that are no secrets. */
  settings: Record<string, string>;
}

/** The stop timeout is divided between the message in hand, the snapshot, and a rest that nobody plans with. */
const MESSAGE_SHARE = 0.4;
const SNAPSHOT_SHARE = 0.4;

/**
 * Blank values are left out. What the system itself must say (identity, credential, URLs) cannot be overridden; secrets beat
 * settings of the same name.
 */
export function machineEnv(inputs: MachineEnvInputs): Record<string, string> {
  const { dataPath } = inputs;
  const data = (path: string): string => (dataPath === null ? "" : `${dataPath.replace(/\/+$/, "")}${path}`);
  const defaults = {
    NODE_ENV: "production",
    OPENCLAW_GATEWAY_HOST: "127.0.0.1",
    OPENCLAW_GATEWAY_PORT: "18789",
    OPENCLAW_GATEWAY_URL: "http://127.0.0.1:18789",
    OPENCLAW_STATE_DIR: data("/.clawdbot"),
    OPENCLAW_WORKSPACE_DIR: data("/workspace"),
    OPENCLAW_CONFIG_PATH: data("/.clawdbot/openclaw.json"),
    OPENCLAW_REQUIRE_DATA_MOUNT: dataPath === null ? "" : "true",
    OPENCLAW_RUN_SETUP: "false",
    OPENCLAW_SETUP_TIMEOUT_MS: "90000",
    OPENCLAW_GATEWAY_COMMAND: "node /app/openclaw.mjs gateway",
    OPENCLAW_GATEWAY_READY_TIMEOUT_MS: "60000",
    OPENCLAW_GATEWAY_READY_POLL_MS: "500",
    OPENCLAW_GATEWAY_READY_REQUIRED: "true",
    SKILLS_BOOTSTRAP_MODE: "db_manifest",
    SKILLS_BOOTSTRAP_REQUIRED: "false",
    SKILLS_BOOTSTRAP_TIMEOUT_MS: "15000",
    SKILLS_RELEASE_CHANNEL: "stable",
    OPENCLAW_SKILLS_DIR: data("/workspace/skills"),
    DATA_DIR: dataPath ?? "",
    SHUTDOWN_GRACE_MS: String(Math.floor(inputs.stopTimeoutMs * MESSAGE_SHARE)),
    SNAPSHOT_TIMEOUT_MS: String(Math.floor(inputs.stopTimeoutMs * SNAPSHOT_SHARE)),
    MODE: "worker",
  };
  const identity = {
    AGENT_FACTORY_WORKER_ID: inputs.workerId,
    WORKER_ID: inputs.workerId,
    WORKSPACE_ID: inputs.workspace ?? "",
    WORKER_IDLE_TIMEOUT_MS: String(inputs.idleTimeoutMs),
    CONVEX_URL: inputs.aliasUrl,
    BASE_INTERNAL_URL: inputs.gatewayUrl,
    CONVEX_DEPLOYMENT_URL: inputs.cloudUrl,
    AGENT_TOKEN: inputs.token,
    AGENT_FACTORY_SECRET_NAMES: Object.keys(inputs.secrets).join(","),
    OPENCLAW_AGENT_KEY: inputs.agentKey ?? "",
    OPENCLAW_CONVERSATION_ID: inputs.conversationId ?? "",
  };
  const all = { ...defaults, ...inputs.settings, ...inputs.secrets, ...identity };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value.trim() !== ""));
}
