/** A component under test: the real schema and modules with the platform's transaction limits enforced. */
import { convexTest } from "convex-test";
import { vi } from "vitest";
import { api } from "../../src/component/_generated/api.js";
import schema from "../../src/component/schema.js";

export const componentModules = import.meta.glob([
  "../../src/component/**/*.ts",
  "!../../src/component/**/*.test.ts",
]);

/** Fixed so that every run sees the same grid points. */
export const START = Date.UTC(2030, 0, 1);

export function createWorld() {
  vi.useFakeTimers({ now: START });
  const t = convexTest({ schema, modules: componentModules, transactionLimits: true });
  const { lib } = api;

  const world = {
    t,
    lib,
    /** Lets `ms` pass; timers that come due run, and what they start is finished. */
    async pass(ms: number, stepMs = 250): Promise<void> {
      for (let left = ms; left > 0; left -= stepMs) {
        vi.advanceTimersByTime(Math.min(stepMs, left));
        await t.finishInProgressScheduledFunctions();
      }
    },
    agent: (
      agentKey = "default",
      fields: { workspace?: string; enabled?: boolean; tag?: string; secretsRef?: string[] } = {},
    ) =>
      t.mutation(lib.configureAgent, {
        agentKey,
        version: "1.0.0",
        secretsRef: [],
        enabled: true,
        ...fields,
      }),
    send: (
      conversationId: string,
      text: string,
      fields: {
        agentKey?: string;
        priority?: number;
        scheduledFor?: number;
        maxAttempts?: number;
        idempotencyKey?: string;
        tag?: string;
      } = {},
    ) =>
      t.mutation(lib.enqueue, {
        conversationId,
        agentKey: "default",
        ...fields,
        payload: { provider: "app", providerUserId: "u1", messageText: text },
      }),
    claim: (workerId: string, fields: { conversationId?: string; hydrate?: boolean } = {}) =>
      t.mutation(lib.claim, { workerId, ...fields }),
    async mustClaim(workerId: string, fields: { conversationId?: string; hydrate?: boolean } = {}) {
      const job = await world.claim(workerId, fields);
      if (!job) throw new Error("nothing to claim");
      return job;
    },
    complete: (workerId: string, job: { messageId: string; leaseId: string }) =>
      t.mutation(lib.complete, { workerId, messageId: job.messageId, leaseId: job.leaseId }),
    fail: (workerId: string, job: { messageId: string; leaseId: string }, errorMessage = "boom") =>
      t.mutation(lib.fail, { workerId, messageId: job.messageId, leaseId: job.leaseId, errorMessage }),
    lease: (workerId: string, job: { messageId: string; leaseId: string }) => ({
      workerId,
      messageId: job.messageId,
      leaseId: job.leaseId,
    }),
  };
  return world;
}
export type World = ReturnType<typeof createWorld>;
