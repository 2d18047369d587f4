/** A component under test: the real schema and modules with the platform's transaction limits enforced. */
import workflow from "@convex-dev/workflow/test";
import { convexTest } from "convex-test";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { api, internal } from "../../src/component/_generated/api.js";
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
  workflow.register(t, "workflow");
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
    /** The cron's function, and the sweeps that it starts. */
    async upkeep(): Promise<void> {
      await t.mutation(internal.tick.everyMinute, {});
      await world.pass(1, 1);
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

export const textOf = (job: { payload: { messageText: string } } | null): string | undefined =>
  job?.payload.messageText;

/**
 * A fresh world with one agent before each test of the file. After each test the net must have found nothing to repair:
 * every waiting thing had its own mover.
 */
export function useWorld(): World {
  let current: World | null = null;
  beforeEach(async () => {
    current = createWorld();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await current.agent();
  });
  afterEach(async () => {
    const repaired = await current?.t.mutation(internal.upkeep.sweep, { name: "queueNet" });
    expect(repaired).toBe(0);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  return new Proxy({} as World, {
    get: (_target, member: keyof World) => {
      if (!current) throw new Error("the world exists inside tests only");
      const value: unknown = Reflect.get(current, member);
      return value;
    },
  });
}
