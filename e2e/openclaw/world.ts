/** Everything around the workers, in this process and on loopback: Telegram, the model server, the platform. */
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { z } from "zod";
import { startModelServer, type ModelRule, type ModelServer } from "../../sim/model/index.js";
import { startPlatform, type Platform } from "../../sim/platform/index.js";
import { startTelegramServer, type TelegramServer } from "../../sim/telegram/index.js";

/** Made up, and known to the local Telegram server alone. */
const bot = { token: `4242424242:${"E2E0".repeat(8)}xyz`, username: "factory_e2e_bot" };
const tokenRef = "telegram.botToken.default";
const tokenLifetimeMs = 3_600_000;

export interface World {
  telegram: TelegramServer;
  model: ModelServer;
  platform: Platform;
  close(): Promise<void>;
}

/** @throws when something does not start; nothing is left running then. */
export async function startWorld(rules: ModelRule[], log: (line: string) => void): Promise<World> {
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    const telegram = await startTelegramServer({ bots: [bot], allowHttpWebhooks: true });
    stops.push(() => telegram.close());
    const model = await startModelServer({ rules });
    stops.push(() => model.close());
    const platform = await startPlatform({
      env: {
        AGENT_FACTORY_MASTER_KEY: randomBytes(32).toString("base64"),
        TELEGRAM_API_BASE_URL: telegram.url,
      },
      log,
    });
    stops.push(() => platform.close());
    await configure(platform);
    return { telegram, model, platform, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What an operator sets up: the bot's token, an agent, the webhook. */
async function configure(platform: Platform): Promise<void> {
  await platform.run("operator:importSecret", { secretRef: tokenRef, plaintextValue: bot.token });
  const agent = { agentKey: "default", version: "1", secretsRef: [tokenRef], enabled: true };
  await platform.run("operator:configureAgent", agent);
  const webhook = z.object({ isReady: z.boolean(), description: z.string() }).parse(
    await platform.run("operator:configureTelegramWebhook", {
      convexSiteUrl: platform.siteUrl,
      secretRef: tokenRef,
    }),
  );
  if (!webhook.isReady) throw new Error(`the webhook was not set: ${webhook.description}`);
}

/** A place for one worker at a time: its data directory, its gateway's port and token. */
export interface Slot {
  name: string;
  workspaceDir: string;
  port: number;
  env: Record<string, string>;
}

/** A free port of this moment; the gateway's configuration has to name one. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Makes an empty data directory below `root` with nothing in it but the gateway's configuration. */
export async function makeSlot(
  world: World,
  root: string,
  name: string,
  gatewayCommand: readonly string[],
): Promise<Slot> {
  const dataDir = path.join(root, name, "data");
  const stateDir = path.join(dataDir, ".clawdbot");
  const workspaceDir = path.join(dataDir, "workspace");
  const configPath = path.join(stateDir, "openclaw.json");
  const home = path.join(root, name, "home");
  const port = await freePort();
  const token = randomBytes(16).toString("hex");
  for (const dir of [stateDir, workspaceDir, home]) await mkdir(dir, { recursive: true });
  await writeFile(configPath, JSON.stringify(gatewayConfig(world, port, token, workspaceDir)));
  return {
    name,
    workspaceDir,
    port,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      TMPDIR: process.env.TMPDIR ?? "/tmp",
      BASE_INTERNAL_URL: `${world.platform.siteUrl}/agent-factory`,
      TELEGRAM_API_BASE_URL: world.telegram.url,
      ENGINE: "openclaw",
      DATA_DIR: dataDir,
      OPENCLAW_STATE_DIR: stateDir,
      OPENCLAW_WORKSPACE_DIR: workspaceDir,
      OPENCLAW_CONFIG_PATH: configPath,
      OPENCLAW_GATEWAY_COMMAND: JSON.stringify(gatewayCommand),
      OPENCLAW_GATEWAY_URL: `ws://127.0.0.1:${port}`,
      OPENCLAW_GATEWAY_TOKEN: token,
      // Read by the gateway: no updates, no discovery, no channels and no schedules of its own.
      OPENCLAW_NO_AUTO_UPDATE: "1",
      OPENCLAW_DISABLE_BONJOUR: "1",
      OPENCLAW_NO_RESPAWN: "1",
      OPENCLAW_SKIP_CHANNELS: "1",
      OPENCLAW_SKIP_CRON: "1",
      DO_NOT_TRACK: "1",
      POLL_INTERVAL_MS: "200",
      HEALTH_PORT: "0",
    },
  };
}

/** A token for one more worker, bound to its name. */
export async function tokenFor(world: World, workerId: string): Promise<string> {
  const args = { workerId, expiresInMs: tokenLifetimeMs };
  const minted = await world.platform.run("operator:createAgentWorkerToken", args);
  return z.object({ token: z.string() }).parse(minted).token;
}

/** The gateway's schema is strict: an unknown key and it does not start (exit code 78). */
function gatewayConfig(world: World, port: number, token: string, workspace: string): object {
  const model = { id: "sim-1", name: "Sim", reasoning: false, input: ["text"] };
  return {
    gateway: {
      mode: "local",
      port,
      bind: "loopback",
      auth: { mode: "token", token },
      controlUi: { enabled: false },
      terminal: { enabled: false },
      reload: { mode: "off" },
    },
    update: { checkOnStart: false },
    agents: {
      defaults: {
        workspace,
        skipBootstrap: true,
        heartbeat: { every: "0m" },
        timeoutSeconds: 600,
        model: { primary: "local/sim-1" },
      },
    },
    models: {
      mode: "merge",
      providers: {
        local: {
          baseUrl: world.model.baseUrl,
          apiKey: "sk-local",
          api: "openai-completions",
          models: [{ ...model, contextWindow: 128_000, maxTokens: 4_096 }],
        },
      },
    },
  };
}
