/** The control plane that the worker talks to: the real component in the example app, on the local platform. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { startPlatform, type Platform } from "../sim/platform/index.js";
import { kitTimings } from "./rows.js";

export interface Stage {
  readonly siteUrl: string;
  /** A lane of its own, so that trials beside each other do not meet. */
  addLane(lane: string, botToken: string): Promise<void>;
  /** A token for this worker and lane. */
  mintToken(lane: string, workerId: string): Promise<{ token: string; tokenId: string }>;
  revoke(tokenId: string): Promise<void>;
  enqueue(lane: string, message: UserMessage): Promise<string>;
  close(): Promise<void>;
}
export interface UserMessage {
  chatId: number;
  text: string;
  /** Default `telegram`. */
  provider?: string;
}

/** @throws when the platform cannot be started. */
export async function startStage(log: (line: string) => void): Promise<Stage> {
  const platform: Platform = await startPlatform({
    env: { AGENT_FACTORY_MASTER_KEY: randomBytes(32).toString("base64") },
    crons: false,
    log,
  });
  const run = (name: string, args: Parameters<Platform["run"]>[1] = {}) =>
    platform.run(`lib:${name}`, args, { componentPath: "agentFactory" });
  try {
    const { leaseMs, heartbeatIntervalMs } = kitTimings;
    await run("setPolicies", {
      policies: {
        lease: { leaseMs, heartbeatIntervalMs, reapGridMs: 250, staleAfterMs: 3_600_000 },
        retry: { baseDelayMs: 200, maxDelayMs: 1_000 },
      },
    });
  } catch (error) {
    await platform.close();
    throw error;
  }
  return {
    siteUrl: platform.siteUrl,
    async addLane(lane, botToken) {
      const secretRef = `telegram.botToken.${lane}`;
      await run("importSecret", { secretRef, plaintextValue: botToken });
      await run("configureAgent", {
        agentKey: lane,
        version: "1",
        secretsRef: [secretRef],
        enabled: true,
        tag: lane,
      });
    },
    async mintToken(lane, workerId) {
      const minted = await run("createAgentWorkerToken", { tags: [lane], workerId, expiresInMs: 3_600_000 });
      return z.object({ token: z.string(), tokenId: z.string() }).parse(minted);
    },
    async revoke(tokenId) {
      await run("revokeWorkerToken", { tokenId });
    },
    async enqueue(lane, { chatId, text, provider = "telegram" }) {
      const id = await run("enqueue", {
        conversationId: `${lane}:${chatId}`,
        agentKey: lane,
        payload: {
          provider,
          // The chat is named twice and differently: the one of the metadata counts.
          providerUserId: provider === "telegram" ? "1" : String(chatId),
          messageText: text,
          ...(provider === "telegram" ? { metadata: { telegramChatId: String(chatId) } } : {}),
        },
      });
      return z.string().parse(id);
    },
    close: () => platform.close(),
  };
}
