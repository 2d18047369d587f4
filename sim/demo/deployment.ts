import { randomBytes } from "node:crypto";
import { z } from "zod";
import { defaultPolicies } from "../../src/contract/policies.js";
import { startPlatform, type Platform } from "../platform/index.js";
import type { BotSpec } from "../telegram/index.js";

const AGENT_KEY = "default";
const TOKEN_REF = `telegram.botToken.${AGENT_KEY}`;

/** The bot of the demo; the token is made up and known to the local Telegram server alone. */
export const demoBot: BotSpec = { token: `4242424242:${"DEMO".repeat(8)}xyz`, username: "factory_demo_bot" };

/**
 * Shorter than the defaults, so that a killed worker's message comes back within seconds. `reapGridMs` is how much
 * later than its end a lease is noticed at most.
 */
export const demoLease = { leaseMs: 4_000, heartbeatIntervalMs: 1_000, reapGridMs: 500 };
export const defaultLease = defaultPolicies.lease;

/** The operator's functions in the example app, run as `npx convex run operator:<name>` would. */
const operator = (name: string) => `operator:${name}`;

/** Starts the local platform with the example app, which talks to the given Telegram server. */
export const startDeployment = (telegramUrl: string, log: (line: string) => void): Promise<Platform> =>
  startPlatform({
    env: {
      AGENT_FACTORY_MASTER_KEY: randomBytes(32).toString("base64"),
      TELEGRAM_API_BASE_URL: telegramUrl,
    },
    log,
  });

/** Sets everything up that an operator has to: policies, agent, bot token, webhook. */
export async function configure(platform: Platform): Promise<void> {
  await platform.run(operator("setPolicies"), { policies: { lease: demoLease } });
  await platform.run(operator("importSecret"), { secretRef: TOKEN_REF, plaintextValue: demoBot.token });
  await platform.run(operator("configureAgent"), {
    agentKey: AGENT_KEY,
    version: "1",
    secretsRef: [TOKEN_REF],
    enabled: true,
  });
  const webhook = z.object({ isReady: z.boolean(), description: z.string() }).parse(
    await platform.run(operator("configureTelegramWebhook"), {
      convexSiteUrl: platform.siteUrl,
      secretRef: TOKEN_REF,
    }),
  );
  if (!webhook.isReady) throw new Error(`the webhook was not set: ${webhook.description}`);
}

/** A token bound to one worker. */
export async function mintToken(platform: Platform, workerId: string): Promise<string> {
  const minted = await platform.run(operator("createAgentWorkerToken"), { workerId, expiresInMs: 3_600_000 });
  return z.object({ token: z.string() }).parse(minted).token;
}
