/** Messages per second through the local platform: enqueue over HTTP, then workers that claim, record and settle over HTTP. */
import { performance } from "node:perf_hooks";
import { z } from "zod";
import { startPlatform, type Platform } from "../sim/platform/index.js";

export interface Throughput {
  messages: number;
  workers: number;
  conversations: number;
  seconds: number;
  messagesPerSecond: number;
}

const zAnswer = z.object({ status: z.string(), value: z.unknown(), errorMessage: z.string().optional() });
const zJob = z.object({ messageId: z.string(), leaseId: z.string() }).nullable();
const zSettled = z.object({ ok: z.literal(true), next: zJob });

/** Starts a platform on free ports, runs `messages` through it and stops it. Throws when a message does not end. */
export async function measureThroughput(
  messages: number,
  workers: number,
  conversations: number,
): Promise<Throughput> {
  const platform = await startPlatform({ crons: false });
  try {
    const agent = { agentKey: "default", version: "1", secretsRef: [], enabled: true };
    await call(platform, "configureAgent", agent);
    const startedAt = performance.now();
    for (let index = 0; index < messages; index += 1) {
      await call(platform, "enqueue", {
        conversationId: `chat ${index % conversations}`,
        agentKey: "default",
        idempotencyKey: `update ${index}`,
        payload: { provider: "app", providerUserId: "user", messageText: `message ${index}` },
      });
    }
    let left = messages;
    const work = async (workerId: string) => {
      while (left > 0) {
        let job = zJob.parse(await call(platform, "claim", { workerId, hydrate: true }));
        while (job) {
          const lease = { workerId, messageId: job.messageId, leaseId: job.leaseId };
          const turns = [
            { role: "user", content: "a question" },
            { role: "assistant", content: "an answer" },
          ];
          const reply = { text: "an answer", parts: 1 };
          await call(platform, "settle", { ...lease, turns, reply, sendingPart: 0 });
          const outcome = { kind: "complete" };
          const claimNext = { hydrate: true };
          job = zSettled.parse(await call(platform, "settle", { ...lease, outcome, claimNext })).next;
          left -= 1;
        }
      }
    };
    await Promise.all(Array.from({ length: workers }, (_, index) => work(`worker ${index}`)));
    const seconds = (performance.now() - startedAt) / 1000;
    return { messages, workers, conversations, seconds, messagesPerSecond: messages / seconds };
  } finally {
    await platform.close();
  }
}

async function call(platform: Platform, name: string, args: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(`${platform.cloudUrl}/api/function`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Convex ${platform.adminKey}` },
    body: JSON.stringify({ path: `lib:${name}`, args, componentPath: "agentFactory", format: "json" }),
  });
  const answer = zAnswer.parse(await response.json());
  if (answer.status !== "success") throw new Error(`${name}: ${answer.errorMessage ?? response.status}`);
  return answer.value;
}
