/** The control plane that the worker talks to: the real component in the example app, on any deployment. */
import { z } from "zod";
import { openDeployment, type Args, type Target } from "../sim/deployment/index.js";
import { kitTimings } from "./rows.js";

export interface Stage {
  readonly siteUrl: string;
  /** A lane of its own, so that trials beside each other do not meet. */
  addLane(lane: string, botToken: string): Promise<void>;
  /** A token for this worker and lane. */
  mintToken(lane: string, workerId: string): Promise<{ token: string; tokenId: string }>;
  revoke(tokenId: string): Promise<void>;
  enqueue(lane: string, message: UserMessage): Promise<string>;
  /** What the deployment printed lately, as far as it is ours to read. */
  log(): readonly string[];
  close(): Promise<void>;
}
export interface UserMessage {
  chatId: number;
  text: string;
  /** Default `telegram`. */
  provider?: string;
}

export interface StageOptions {
  /** A given deployment; null: the local platform. */
  target: Target | null;
  /** Gets a line for people when something happens to a given deployment. */
  tell(line: string): void;
  signal: AbortSignal;
}

/** @throws when the deployment cannot be opened. */
export async function startStage(options: StageOptions): Promise<Stage> {
  if (options.target !== null)
    options.tell(
      "its crons run by themselves: the local platform keeps them still, a given deployment cannot",
    );
  const deployment = await openDeployment({ ...options, platform: { crons: false } });
  const run = (name: string, args: Args = {}) => deployment.lib(name, args);
  try {
    const { leaseMs, heartbeatIntervalMs } = kitTimings;
    await deployment.setPolicies({
      lease: { leaseMs, heartbeatIntervalMs, reapGridMs: 250, staleAfterMs: 3_600_000 },
      retry: { baseDelayMs: 200, maxDelayMs: 1_000 },
    });
  } catch (error) {
    await deployment.close();
    throw error;
  }
  return {
    siteUrl: deployment.siteUrl,
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
    log: () => deployment.log(),
    close: () => deployment.close(),
  };
}
