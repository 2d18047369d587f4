/** The worker's environment: one schema, from which the checks, the defaults, the help and the documentation come. */
import path from "node:path";
import { z } from "zod";
import { channelsEnv } from "./channels/registry.js";
import { engineNames, enginesEnv } from "./engines/chosen.js";
import { httpUrl, keyText, pemCertificate, pemPrivateKey, proxyUrl, text, wholeMs } from "./envShapes.js";
import { ownEnv } from "./store/ownEnv.js";

/** Every variable, in the order of the help. */
export const envSchema = z.object({
  MODE: z.enum(["agent", "worker"]).default("agent").meta({
    description: "agent: started by you, anywhere. worker: launched by the scheduler, which sets everything.",
  }),
  BASE_INTERNAL_URL: httpUrl("http://127.0.0.1:3211/agent-factory").meta({
    description: "Site origin of the deployment with the component's path prefix, no trailing slash.",
  }),
  AGENT_TOKEN: keyText.meta({
    description:
      "The worker's token, from createAgentWorkerToken. Sent to the deployment only: in the Authorization header, and with the subscription to wake-ups.",
  }),
  WORKER_ID: text
    .regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits or . _ : -")
    .optional()
    .meta({ description: "This worker's name. Default: generated, afw-<ms>-<16 random>." }),
  WORKSPACE_ID: text.max(128).optional().meta({
    description:
      "Takes only this tenant's conversations, by the tenant's route. Default: what the token allows.",
  }),
  INIT_SCRIPT: text.max(65_536).optional().meta({
    description:
      "MODE=agent: shell commands run once by sh before the first claim. When they fail the worker does not start.",
  }),
  INIT_SCRIPT_TIMEOUT_MS: wholeMs(100)
    .default(300_000)
    .meta({ description: "Longest time for INIT_SCRIPT; then it is killed and counts as failed." }),
  WORKER_IDLE_TIMEOUT_MS: wholeMs(1_000).optional().meta({
    description:
      "Without a message for this long the worker saves its memory and exits with 0. The scheduler sets it. Default: never.",
  }),
  HTTPS_PROXY: proxyUrl.optional().meta({
    description:
      "HTTP proxy for https and wss calls. Lower case works too. Loopback addresses are never proxied.",
  }),
  HTTP_PROXY: proxyUrl
    .optional()
    .meta({ description: "HTTP proxy for http and ws calls. Lower case works too." }),
  NO_PROXY: text.optional().meta({
    description:
      "Hosts called without the proxy: names with their subdomains, name:port, addresses, networks (10.0.0.0/8), or *.",
  }),
  CLIENT_TLS_CERT: pemCertificate.optional().meta({
    description:
      "Client certificate for BASE_INTERNAL_URL: base64 of the PEM, headers included. Together with CLIENT_TLS_KEY.",
  }),
  CLIENT_TLS_KEY: pemPrivateKey
    .optional()
    .meta({ description: "Its private key: base64 of the PEM. Together with CLIENT_TLS_CERT." }),
  ENGINE: z.enum(engineNames).meta({ description: "What answers messages." }),
  ...enginesEnv,
  OPENCLAW_CONVERSATION_ID: text.optional().meta({
    description:
      "The conversation this worker was started for: its memory is restored before the engine starts.",
  }),
  DATA_DIR: text
    .refine((value) => path.isAbsolute(value), "must be an absolute path")
    .optional()
    .meta({
      description:
        "Data directory of a stateful engine: saved to snapshots, restored from them, emptied between conversations. Needed by COMMAND_STATEFUL=true; default /data where the OpenClaw directories are set.",
    }),
  SNAPSHOT_TIMEOUT_MS: wholeMs(1_000).default(120_000).meta({
    description:
      "Longest time for a restore, and for a snapshot with its upload. Part of a shutdown. Less than five minutes (fleet.stopTimeoutMs): who saves for longer counts as lost.",
  }),
  OPENCLAW_SKILLS_DIR: text
    .default("/data/workspace/skills")
    .meta({ description: "Where global skills are put: the engine's skills directory." }),
  SKILLS_BOOTSTRAP_MODE: z.enum(["off", "db_manifest"]).default("off").meta({
    description: "db_manifest: before the engine starts, bring the approved global skills to the disk.",
  }),
  SKILLS_BOOTSTRAP_REQUIRED: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true")
    .meta({ description: "true: a worker that could not bring its skills up to date does not start." }),
  SKILLS_BOOTSTRAP_TIMEOUT_MS: wholeMs(100)
    .default(15_000)
    .meta({ description: "Longest time for fetching skills at the start." }),
  SKILLS_RELEASE_CHANNEL: z
    .enum(["stable", "canary"])
    .default("stable")
    .meta({ description: "Which releases of the skills." }),
  ENGINE_TIMEOUT_MS: wholeMs(100)
    .default(120_000)
    .meta({ description: "Longest engine run; then the message is retried." }),
  POLL_INTERVAL_MS: wholeMs(10).optional().meta({
    description:
      "Fixed wait after a claim that found nothing, ±20 %. Default: what the server hints, 1 to 60 s; 2 s without a hint.",
  }),
  CONVEX_DEPLOYMENT_URL: httpUrl("http://127.0.0.1:3210").optional().meta({
    description:
      "Cloud origin of the deployment (CONVEX_CLOUD_URL). An idle worker then hears over a WebSocket when there is work, and asks by itself once a minute. Default: it polls.",
  }),
  AGENT_FACTORY_FUNCTION_NAMESPACE: text
    .regex(/^[\w/]{1,200}$/, "must be a module path such as agentFactory")
    .default("agentFactory")
    .meta({ description: "The app's module that exports workerWake, for CONVEX_DEPLOYMENT_URL." }),
  AGENT_FACTORY_SECRET_NAMES: text.optional().meta({
    description:
      "Names of further variables whose values are secrets, separated by commas: never printed, like all that end in KEY, TOKEN, SECRET, PASSWORD or CREDENTIALS. Machines of the fleet have it.",
  }),
  HTTP_TIMEOUT_MS: wholeMs(100)
    .default(20_000)
    .meta({ description: "Longest wait for one answer of the component or a channel." }),
  SHUTDOWN_GRACE_MS: wholeMs(0)
    .default(30_000)
    .meta({ description: "After SIGTERM: time to finish the message in hand before it is handed back." }),
  HEALTH_PORT: text
    .regex(/^\d+$/, "must be a port number")
    .transform(Number)
    .refine((port) => port <= 65_535, "must be a port number")
    .default(8_080)
    .meta({ description: "Port of GET /healthz and GET /metrics. 0: any free one, printed at start." }),
  HEALTH_HOST: text.default("127.0.0.1").meta({
    description:
      "Address to listen on. The default is this machine only, as metrics need no login; :: (all of them, IPv6 and IPv4) for an orchestrator.",
  }),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .meta({ description: "Least log level." }),
  ...channelsEnv,
  ...ownEnv,
});
