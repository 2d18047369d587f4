import { randomBytes, randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { defaultPolicies } from "../../src/contract/policies.js";
import type { FlyServer } from "../fly/index.js";
import { newRunId, type Args, type Deployment } from "../deployment/index.js";
import type { BotSpec } from "../telegram/index.js";
import { demoImage } from "./cloud.js";
import { isStateful, type DemoOptions } from "./options.js";

/** The demo's agent and its lane. A deployment may have seen other runs: neither names nor bots meet those of another. */
export const demoAgentKey = `demo-${newRunId()}`;
const TOKEN_REF = `telegram.botToken.${demoAgentKey}`;
const AGENT = fileURLToPath(new URL("agent.mjs", import.meta.url));

/** The bot of the demo; the token is made up and known to the local Telegram server alone. */
export const demoBot: BotSpec = {
  token: `${randomInt(4_000_000_000, 9_000_000_000)}:${randomBytes(18).toString("hex").slice(0, 35)}`,
  username: "factory_demo_bot",
};

/**
 * Shorter than the defaults, so that a killed worker's message comes back within seconds. `reapGridMs` is how much
 * later than its end a lease is noticed at most; `staleAfterMs` is the least that policies allow.
 */
export const demoLease = {
  leaseMs: 4_000,
  heartbeatIntervalMs: 1_000,
  reapGridMs: 500,
  staleAfterMs: 75_000,
};
export const defaultLease = defaultPolicies.lease;

/** A machine rests this long before it goes; where a lost lease has to be noticed by another one, longer than that takes. */
export const idleTimeoutOf = ({ sabotage }: Pick<DemoOptions, "sabotage">): number =>
  sabotage === "skip-fence" ? 12_000 : 3_000;
/** A fleet whose hours are seconds. */
const demoFleet = {
  bootDeadlineMs: 45_000,
  stepDeadlineMs: 15_000,
  drainDeadlineMs: 2_500,
  stopTimeoutMs: 10_000,
  yieldIdleAfterMs: 300,
  yieldBusyAfterMs: 20_000,
  orphanGraceMs: 5_000,
};

/** The operator's functions in the example app, run as `npx convex run operator:<name>` would. */
const operator = (name: string) => `operator:${name}`;

/** Where the engines of the machines find what they need. */
export interface EngineServers {
  telegramUrl: string;
  modelUrl: string;
  gateway?: { url: string; token: string } | undefined;
}

/** Sets everything up that an operator has to: policies, where machines come from, agent, bot token, webhook. */
export async function configure(
  deployment: Deployment,
  fly: FlyServer,
  options: DemoOptions,
  servers: EngineServers,
): Promise<void> {
  const run = (name: string, args: Args) => deployment.run(operator(name), args);
  const secret = (secretRef: string, plaintextValue: string) =>
    run("importSecret", { secretRef, plaintextValue });
  await deployment.setPolicies({
    lease: demoLease,
    scaling: {
      idleTimeoutMs: idleTimeoutOf(options),
      reconcileIntervalMs: 1_000,
      maxWorkers: options.workers,
      spawnStep: options.workers,
    },
    // Machines for this run alone: what an interrupted one left waiting in its lane brings none up.
    fleet: { ...demoFleet, lanes: [demoAgentKey], stateful: isStateful(options) },
  });
  await secret("fly.apiToken", fly.token);
  await secret("convex.url", deployment.siteUrl);
  if (servers.gateway) await secret("env.OPENCLAW_GATEWAY_TOKEN", servers.gateway.token);
  await run("setProviderRuntimeConfig", {
    providerConfig: {
      kind: "fly",
      appName: "agent-workers",
      organizationSlug: "demo",
      image: demoImage,
      region: "fra",
      volumeName: "memory",
      volumePath: "/data",
      volumeSizeGb: 1,
      env: workerSettings(options, servers),
    },
  });
  await secret(TOKEN_REF, demoBot.token);
  await run("configureAgent", {
    agentKey: demoAgentKey,
    version: "1",
    secretsRef: [TOKEN_REF],
    enabled: true,
    tag: demoAgentKey,
  });
  const webhook = z
    .object({ isReady: z.boolean(), description: z.string() })
    .parse(
      await run("configureTelegramWebhook", { convexSiteUrl: deployment.siteUrl, secretRef: TOKEN_REF }),
    );
  if (!webhook.isReady) throw new Error(`the webhook was not set: ${webhook.description}`);
}

function workerSettings(options: DemoOptions, servers: EngineServers): Record<string, string> {
  const { engine } = options;
  const engines: Record<DemoOptions["engine"], Record<string, string>> = {
    agent: {
      ENGINE: "command",
      ENGINE_COMMAND: JSON.stringify([process.execPath, AGENT]),
      COMMAND_STATEFUL: "true",
    },
    command: { ENGINE: "command", ENGINE_COMMAND: "tail -n 1" },
    echo: { ENGINE: "echo" },
    openai: { ENGINE: "openai", OPENAI_BASE_URL: servers.modelUrl, MODEL: "sim-model" },
    openclaw: { ENGINE: "openclaw", OPENCLAW_GATEWAY_URL: servers.gateway?.url ?? "" },
  };
  return {
    ...engines[engine],
    // Without a data directory there is no place for skills.
    ...(isStateful(options) ? {} : { SKILLS_BOOTSTRAP_MODE: "off" }),
    TELEGRAM_API_BASE_URL: servers.telegramUrl,
    POLL_INTERVAL_MS: "200",
    HEALTH_PORT: "0",
    LOG_LEVEL: "warn",
  };
}
