/** Workers over real sockets at a deployment whose transactions overlap, and which may not be written to fast. */
import { afterEach, expect, it } from "vitest";
import { startPlatform, type Platform } from "../../sim/platform/index.js";
import { createGatewayTransport } from "../../worker/src/gateway/gateway.js";
import { TransportError, type SettleResult } from "../../worker/src/transport/transport.js";

const componentPath = "agentFactory";
let platform: Platform | undefined;
afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

/** A deployment with one message in each of `count` conversations, and as many workers; `heard` is what they were refused. */
async function crowd(count: number, settings: { transactionMs: number; writeBytesPerSecond?: number }) {
  const log: string[] = [];
  const started = (platform = await startPlatform({
    ...settings,
    crons: false,
    log: (line) => log.push(line),
  }));
  const lib = (name: string, args: Record<string, string | boolean | string[] | Record<string, string>>) =>
    started.run(`lib:${name}`, args, { componentPath });
  await lib("configureAgent", { agentKey: "default", version: "1", secretsRef: [], enabled: true });
  const { token } = (await lib("createAgentWorkerToken", {})) as { token: string };
  const heard: string[] = [];
  const worker = (workerId: string) =>
    createGatewayTransport({
      baseUrl: `${started.siteUrl}/agent-factory`,
      token,
      workerId,
      timeoutMs: 20_000,
      onPressure: (operation, pressure) => heard.push(`${operation} ${pressure}`),
    });
  const workers = Array.from({ length: count }, (_, index) => worker(`w${index}`));
  for (const one of workers) expect(await one.claim()).toBeNull();
  for (let index = 0; index < count; index += 1)
    await lib("enqueue", {
      conversationId: `c${index}`,
      agentKey: "default",
      payload: { provider: "app", providerUserId: "u", messageText: "hi" },
    });
  return { workers, heard, log, lib };
}

/** As the worker does it: what may succeed later is repeated. Rejects with what may not. */
async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TransportError) || error.pressure === null) throw error;
    }
  }
}

it("claims at one instant are all answered: none hears of a conflict as a server's bug", async () => {
  const { workers } = await crowd(8, { transactionMs: 15 });
  const jobs = await Promise.all(workers.map((one) => persistently(() => one.claim())));
  const held = jobs.flatMap((job) => (job === null ? [] : [job.messageId]));
  // A claim whose candidates were taken meanwhile finds nothing; nobody gets what another has.
  expect(held.length).toBeGreaterThan(0);
  expect(new Set(held).size).toBe(held.length);
  expect(
    platform?.stats().functions.find(({ function: name }) => name.endsWith("lib:poll"))?.calls,
  ).toBeGreaterThanOrEqual(16);
}, 60_000);

it("answers that are more than may be written in a second are all stored, each once, by the first attempt", async () => {
  const { workers, heard, log, lib } = await crowd(6, { transactionMs: 5, writeBytesPerSecond: 40_000 });
  const text = "x".repeat(20_000);
  const settled = await Promise.all(
    workers.map(async (one): Promise<SettleResult> => {
      let job = null;
      while (job === null) job = await persistently(() => one.claim());
      const { messageId, leaseId, attempt } = job;
      expect(attempt).toBe(1);
      const turns = [{ role: "assistant" as const, content: text }];
      const outcome = { kind: "complete" as const };
      return await persistently(() => one.settle({ messageId, leaseId }, { turns, outcome }));
    }),
  );
  expect(settled.map((result) => result.ok && result.status)).toEqual(Array(6).fill("done"));
  expect(log.filter((line) => /settle: too_many_writes/.test(line)).length).toBeGreaterThan(0);
  expect(heard.filter((line) => !/^(claim|settle) (write_conflict|too_many_writes)$/.test(line))).toEqual([]);
  expect(await lib("listDeadLetters", {})).toEqual([]);
}, 60_000);
