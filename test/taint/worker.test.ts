/** The real worker over sockets, with providers that quote what they were sent: nothing of it may be logged, served or reported. */
import { EventEmitter } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { readEnv } from "../../worker/src/env.js";
import { runWorker } from "../../worker/src/main.js";
import { aJob } from "../worker/fakes.js";
import { json, startTestServer } from "../worker/httpServer.js";
import { canary, findLeaks } from "./canaries.js";

const VALUES = {
  AGENT_TOKEN: "canary-agent-token.0123456789abcdef",
  OPENAI_API_KEY: "canary-model-key/0123456789abcdef",
  botToken: "7700123456:AAcanary-bot-token_0123456789abcdef",
  serviceKey: "canary+bridge/key=0123456789&abcdef",
};
const canaries = Object.entries(VALUES).map(([name, value]) => canary(name, value));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const bridgeRuntimeConfig = {
  baseUrl: "https://bridge.example",
  appBaseUrlMapJson: null,
  serviceId: "s",
  appKey: null,
  serviceKey: VALUES.serviceKey,
  serviceKeySecretRef: "agent-bridge.serviceKey",
};

it("keeps every credential out of logs, metrics, health and what it reports", async () => {
  const jobs = ["m1", "m2", "m3"].map((id) =>
    aJob(id, { telegramBotToken: VALUES.botToken, bridgeRuntimeConfig }),
  );
  const handedOut = jobs.length;
  let ended = 0;
  const gateway = await startTestServer(({ path, body, headers }, response) => {
    const settles = path.endsWith("/settle");
    const hasOutcome = settles && typeof body === "object" && body !== null && "outcome" in body;
    if (hasOutcome) ended += 1;
    // One answer is lost to a proxy that quotes the credential.
    if (hasOutcome && ended === 1)
      return json(response, 502, { error: `bad gateway for ${headers.authorization}` });
    const settled = { ok: true, status: hasOutcome ? "done" : "held", nextScheduledFor: null, next: null };
    const value = settles ? settled : path.endsWith("/claim") ? (jobs.shift() ?? null) : null;
    json(response, 200, { ok: true, value });
  });
  let modelCalls = 0;
  const model = await startTestServer(({ headers }, response) => {
    modelCalls += 1;
    if (modelCalls === 1)
      return json(response, 401, { error: { message: `bad key ${headers.authorization}` } });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end('data: {"choices":[{"delta":{"content":"an answer"}}]}\n\ndata: [DONE]\n\n');
  });
  let sends = 0;
  const telegram = await startTestServer(({ path }, response) => {
    sends += 1;
    if (sends === 1) return json(response, 404, { ok: false, error_code: 404, description: `no ${path}` });
    if (sends === 2) return void response.destroy();
    json(response, 200, { ok: true, result: {} });
  });
  cleanups.push(gateway.close, model.close, telegram.close);
  const lines: string[] = [];
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  cleanups.push(() => stdout.mockRestore());

  const environment = readEnv(
    {
      BASE_INTERNAL_URL: `${gateway.baseUrl}/agent-factory`,
      AGENT_TOKEN: VALUES.AGENT_TOKEN,
      OPENAI_API_KEY: VALUES.OPENAI_API_KEY,
      OPENAI_BASE_URL: model.baseUrl,
      MODEL: "m",
      ENGINE: "openai",
      HEALTH_PORT: "0",
      LOG_LEVEL: "trace",
      POLL_INTERVAL_MS: "20",
      TELEGRAM_API_BASE_URL: telegram.baseUrl,
    },
    () => "w1",
  );
  if (!environment.ok) throw new Error(JSON.stringify(environment.problems));
  const host = Object.assign(new EventEmitter(), { env: {}, exit: () => undefined });
  const running = runWorker(environment.env, host as unknown as NodeJS.Process);
  await vi.waitFor(() => expect(ended).toBeGreaterThan(handedOut), { timeout: 15_000, interval: 20 });
  const port = /"healthPort":(\d+)/.exec(lines.join(""))?.[1] ?? "";
  const served = await Promise.all(
    ["metrics", "healthz"].map(async (path) => (await fetch(`http://127.0.0.1:${port}/${path}`)).text()),
  );
  host.emit("SIGTERM", "SIGTERM");
  expect(await running).toBe(0);
  stdout.mockRestore();

  // The credentials did reach those they are for.
  expect(telegram.received.some(({ path }) => path.includes(VALUES.botToken))).toBe(true);
  expect(model.received[0]?.headers.authorization).toContain(VALUES.OPENAI_API_KEY);
  expect(served[0]).toContain("agent_factory_worker_messages_total");
  expect(lines.length).toBeGreaterThan(3);
  const reported = gateway.received.map(({ path, body }) => [path, body]);
  expect(JSON.stringify(reported)).toContain('"fail"');
  expect([
    ...findLeaks("log", lines, canaries),
    ...findLeaks("served", served, canaries),
    ...findLeaks("reported", reported, canaries),
  ]).toEqual([]);
}, 30_000);
