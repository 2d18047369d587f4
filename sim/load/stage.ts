import { randomBytes, randomInt } from "node:crypto";
import { z } from "zod";
import type { Planned } from "../demo/traffic.js";
import { newRunId, openDeployment, type Deployment } from "../deployment/index.js";
import type { LoadOptions } from "./options.js";

const TOKEN_LIFE_MS = 24 * 3_600_000;
const mintedSchema = z.object({ token: z.string(), tokenId: z.string() });

/** A worker's name and credential. */
export interface WorkerSeat {
  workerId: string;
  token: string;
}

/** A deployment with a lane, an agent and workers' tokens of this run alone, so that it may have seen other runs. */
export interface Stage {
  deployment: Deployment;
  seats: readonly WorkerSeat[];
  /** Known to the local Telegram server alone. */
  bot: { token: string; username: string };
  /** Enqueues it, once: a repeat after an unheard answer adds nothing. */
  enqueue(message: Planned): Promise<void>;
  /** What is wrong with the rows that the deployment has of these conversations, one sentence each. */
  faultsOf(messages: readonly Planned[]): Promise<string[]>;
  /** Revokes the tokens and ends what was started. */
  close(): Promise<void>;
}

/** @throws when the deployment cannot be opened or set up. */
export async function setStage(
  options: LoadOptions,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Stage> {
  const { target, transactionMs } = options;
  const deployment = await openDeployment({
    target,
    platform: transactionMs === undefined ? {} : { transactionMs },
    tell,
    signal,
  });
  const lane = `load-${newRunId()}`;
  const bot = {
    token: `${randomInt(4_000_000_000, 9_000_000_000)}:${randomBytes(18).toString("hex").slice(0, 35)}`,
    username: "factory_load_bot",
  };
  const minted: z.output<typeof mintedSchema>[] = [];
  const provider = options.loops === null ? "telegram" : "app";
  const close = async () => {
    try {
      // An own deployment ends with its tokens.
      if (deployment.own) return;
      for (const { tokenId } of minted) await deployment.lib("revokeWorkerToken", { tokenId });
    } finally {
      await deployment.close();
    }
  };
  try {
    const secretRef = `telegram.botToken.${lane}`;
    if (provider === "telegram")
      await deployment.lib("importSecret", { secretRef, plaintextValue: bot.token });
    const secretsRef = provider === "telegram" ? [secretRef] : [];
    await deployment.lib("configureAgent", {
      agentKey: lane,
      version: "1",
      secretsRef,
      enabled: true,
      tag: lane,
    });
    const seats: WorkerSeat[] = [];
    for (let number = 1; number <= options.workers; number += 1) {
      const workerId = `${lane}-worker-${number}`;
      const made = mintedSchema.parse(
        await deployment.lib("createAgentWorkerToken", {
          workerId,
          tags: [lane],
          expiresInMs: TOKEN_LIFE_MS,
        }),
      );
      minted.push(made);
      seats.push({ workerId, token: made.token });
    }
    const padding = options.payloadBytes > 0 ? ` ${"x".repeat(options.payloadBytes - 1)}` : "";
    const conversationIdOf = ({ conversation }: Planned) => `${lane}:${conversation}`;
    return {
      deployment,
      seats,
      bot,
      enqueue: async (message) => {
        const chat = String(message.chatId);
        await deployment.libOnce("enqueue", {
          conversationId: conversationIdOf(message),
          agentKey: lane,
          idempotencyKey: `${lane}/${message.conversation}/${message.sequence}`,
          payload: {
            provider,
            providerUserId: chat,
            messageText: message.text + padding,
            ...(provider === "telegram" ? { metadata: { telegramChatId: chat } } : {}),
          },
        });
      },
      faultsOf: async (messages) => {
        const conversations = new Set(messages.map(conversationIdOf));
        const faults: string[] = [];
        for (const conversationId of conversations)
          faults.push(...(await rowFaults(deployment, conversationId)));
        return faults;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Newest first; the deployment lists at most so many and so many bytes, so a message may be missing and none may be open. */
const LISTED = 500;
const itemsSchema = z.array(
  z.looseObject({ status: z.string(), payload: z.object({ messageText: z.string() }) }),
);

async function rowFaults(deployment: Deployment, conversationId: string): Promise<string[]> {
  const listed = await deployment.lib("listQueueItemsForConversation", { conversationId, limit: LISTED });
  const items = itemsSchema.parse(listed);
  const faults: string[] = [];
  const open = items.filter(({ status }) => status !== "done").map(({ status }) => status);
  if (open.length > 0)
    faults.push(`${conversationId} has ${open.length} messages that are ${[...new Set(open)].join(", ")}`);
  const different = new Set(items.map(({ payload }) => payload.messageText)).size;
  if (different < items.length)
    faults.push(`${conversationId} has ${items.length - different} messages that were enqueued twice`);
  return faults;
}
