import { convexTest } from "convex-test";
import { defineSchema } from "convex/server";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import agentFactory from "../../src/test.js";
import { components, internal } from "./_generated/api.js";

const modules = import.meta.glob(["./**/*.ts", "./**/*.js", "!./**/*.test.ts"]);
const TOKEN = `123456:${"A".repeat(35)}`;
const WEBHOOK = "/agent-factory/telegram/webhook";

function setup() {
  const t = convexTest({ schema: defineSchema({}), modules, transactionLimits: true });
  agentFactory.register(t as never);
  return t;
}
type T = ReturnType<typeof setup>;

interface BotApiCall {
  path: string;
  body: Record<string, unknown>;
}

/** A Bot API server that remembers its calls and answers as told. */
async function startBotApi(answer: (method: string) => { status: number; body: unknown } | null) {
  const calls: BotApiCall[] = [];
  let url = "";
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      const body = JSON.parse(text) as Record<string, unknown>;
      calls.push({ path, body });
      if (typeof body.url === "string") url = body.url;
      const method = path.split("/").at(-1) ?? "";
      const told = answer(method);
      const usual =
        method === "setWebhook"
          ? { ok: true, result: true, description: "Webhook was set" }
          : { ok: true, result: { url, pending_update_count: 0, has_custom_certificate: false } };
      response.writeHead(told?.status ?? 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(told?.body ?? usual));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { calls, baseUrl, close };
}

let botApi: Awaited<ReturnType<typeof startBotApi>>;
let nextAnswer: (method: string) => { status: number; body: unknown } | null;
beforeEach(async () => {
  nextAnswer = () => null;
  botApi = await startBotApi((method) => nextAnswer(method));
  vi.stubEnv("TELEGRAM_API_BASE_URL", botApi.baseUrl);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await botApi.close();
});

const configure = (t: T, convexSiteUrl = "https://app.convex.cloud/") =>
  t.action(internal.operator.configureTelegramWebhook, {
    convexSiteUrl,
    secretRef: "telegram.botToken.sales",
  });
const lastSecret = () =>
  String(botApi.calls.filter((entry) => entry.path.endsWith("setWebhook")).at(-1)?.body.secret_token);

async function withBot(enabled = true) {
  const t = setup();
  const profile = { agentKey: "sales", version: "1", secretsRef: ["telegram.botToken.sales"], enabled };
  await t.mutation(internal.operator.configureAgent, profile);
  await t.mutation(internal.operator.importSecret, {
    secretRef: "telegram.botToken.sales",
    plaintextValue: TOKEN,
  });
  await configure(t);
  return { t, secret: lastSecret() };
}

const anUpdate = (id: number, fields: Record<string, unknown> = {}) => ({
  update_id: id,
  message: {
    message_id: id,
    date: 1,
    chat: { id: 42, type: "private" },
    from: { id: 42 },
    text: "hello",
    ...fields,
  },
});
async function deliver(t: T, secret: string | null, body: unknown) {
  const response = await t.fetch(WEBHOOK, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(secret !== null && { "X-Telegram-Bot-Api-Secret-Token": secret }),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}
const queued = (t: T, conversationId = "telegram:42") =>
  t.query(internal.operator.listQueueItemsForConversation, { conversationId });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { data?: { code?: string; message?: string } }) => error.data ?? error,
  );

describe("configureTelegramWebhook", () => {
  it("gives Telegram a random secret and the site's webhook", async () => {
    const t = setup();
    await t.mutation(internal.operator.importSecret, {
      secretRef: "telegram.botToken.sales",
      plaintextValue: TOKEN,
    });
    const webhookUrl = `https://app.convex.site${WEBHOOK}`;
    expect(await configure(t)).toMatchObject({ ok: true, webhookUrl, currentUrl: webhookUrl, isReady: true });
    expect(botApi.calls[0]).toMatchObject({
      path: `/bot${TOKEN}/setWebhook`,
      body: { url: webhookUrl, allowed_updates: ["message"] },
    });
    const first = lastSecret();
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    await configure(t);
    expect(lastSecret()).not.toBe(first);
  });
  it("names a missing or impossible token and a bad URL", async () => {
    const t = setup();
    const missing =
      "Missing Telegram token. Import an active 'telegram.botToken.sales' secret before pairing.";
    expect(await codeOf(configure(t))).toMatchObject({ code: "telegram_token_missing", message: missing });
    await t.mutation(internal.operator.importSecret, {
      secretRef: "telegram.botToken.sales",
      plaintextValue: TOKEN,
    });
    expect(await codeOf(configure(t, " "))).toMatchObject({ code: "telegram_url_invalid" });
    vi.stubEnv("TELEGRAM_API_BASE_URL", undefined);
    expect(await codeOf(configure(t, "http://x.example"))).toMatchObject({ code: "telegram_url_invalid" });
  });
  it("keeps the token out of errors and the working secret valid when Telegram refuses", async () => {
    const { t, secret } = await withBot();
    nextAnswer = (method) =>
      method === "setWebhook"
        ? { status: 400, body: { ok: false, description: `Bad Request: ${TOKEN}` } }
        : null;
    expect(await codeOf(configure(t))).toMatchObject({
      code: "telegram_api_failed",
      message: "Telegram setWebhook failed: Bad Request: <token>",
    });
    expect(await deliver(t, lastSecret(), anUpdate(1))).toMatchObject({ status: 401 });
    expect(await deliver(t, secret, anUpdate(1))).toMatchObject({ status: 202 });
    await botApi.close();
    const error = await codeOf(configure(t));
    expect(error).toMatchObject({ code: "telegram_api_failed" });
    expect(JSON.stringify(error)).not.toContain("AAAA");
  });
  it("accepts the old secret for the overlap only, and the new one at once", async () => {
    vi.useFakeTimers();
    try {
      const { t, secret } = await withBot();
      await configure(t);
      expect(await deliver(t, secret, anUpdate(1))).toMatchObject({ status: 202 });
      expect(await deliver(t, lastSecret(), anUpdate(2))).toMatchObject({ status: 202 });
      vi.advanceTimersByTime(11 * 60_000);
      await t.finishInProgressScheduledFunctions();
      expect(await deliver(t, secret, anUpdate(3))).toMatchObject({ status: 401 });
      expect(await deliver(t, lastSecret(), anUpdate(4))).toMatchObject({ status: 202 });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the webhook", () => {
  it("stores a message once, for the bot's agent, and acknowledges it", async () => {
    const { t, secret } = await withBot();
    expect(await deliver(t, secret, anUpdate(1))).toEqual({ status: 202, body: { ok: true } });
    expect(await deliver(t, secret, anUpdate(1))).toEqual({ status: 202, body: { ok: true } });
    const items = await queued(t);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      agentKey: "sales",
      payload: { provider: "telegram", messageText: "hello" },
    });
  });
  it.each([null, "", "wrong", "x".repeat(300)])(
    "refuses the secret %j before it reads the body",
    async (secret) => {
      const { t } = await withBot();
      const code = {
        ok: false,
        error: { code: "telegram_secret_invalid", message: "Missing or unknown webhook secret" },
      };
      expect(await deliver(t, secret, "not json")).toEqual({ status: 401, body: code });
      expect(await deliver(t, secret, anUpdate(1))).toEqual({ status: 401, body: code });
      expect(await queued(t)).toEqual([]);
    },
  );
  it.each<[string, unknown]>([
    ["not JSON", "{"],
    ["null", null],
    ["an array", []],
    ["a text where a number belongs", { update_id: "1", message: {} }],
    ["a chat of the wrong shape", anUpdate(1, { chat: "x" })],
    ["an edit", { update_id: 1, edited_message: anUpdate(1).message }],
    ["a sticker", anUpdate(1, { text: undefined, sticker: { file_id: "s" } })],
  ])("ignores %s for good", async (_, body) => {
    const { t, secret } = await withBot();
    expect(await deliver(t, secret, body)).toEqual({ status: 200, body: { ok: true, ignored: true } });
  });
  it("never enqueues /start", async () => {
    const { t, secret } = await withBot();
    const failed = (error: string) => ({
      status: 200,
      body: { ok: true, pairing: { status: "failed", error } },
    });
    expect(await deliver(t, secret, anUpdate(1, { text: "/start ABCDEF" }))).toEqual(
      failed("Pairing code not found"),
    );
    const bare = failed("missing or invalid pairing code in /start command");
    expect(await deliver(t, secret, anUpdate(2, { text: "/start" }))).toEqual(bare);
    expect(await queued(t)).toEqual([]);
  });
  it("parks what cannot be enqueued, once", async () => {
    const { t, secret } = await withBot(false);
    const parked = { status: 200, body: { ok: true, parked: true } };
    expect(await deliver(t, secret, anUpdate(1))).toEqual(parked);
    expect(await deliver(t, secret, anUpdate(1))).toEqual(parked);
    const rows = await t.query(internal.operator.listParkedUpdates, {});
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      botId: "123456",
      updateId: 1,
      agentKey: "sales",
      code: "agent_not_found",
    });
  });
  it("parks an oversized message and takes one with broken characters", async () => {
    const { t, secret } = await withBot();
    expect(await deliver(t, secret, anUpdate(1, { text: "é".repeat(200_000) }))).toMatchObject({
      body: { parked: true },
    });
    expect(await deliver(t, secret, anUpdate(2, { text: "a\ud800b" }))).toMatchObject({ status: 202 });
    expect((await queued(t))[0]?.payload.messageText).toBe("a\ufffdb");
    expect(await deliver(t, secret, anUpdate(3, { text: "x".repeat(1024 * 1024) }))).toMatchObject({
      status: 413,
    });
  });
  it("goes on beside a conversation of another agent", async () => {
    const { t, secret } = await withBot();
    await t.mutation(components.agentFactory.lib.configureAgent, {
      agentKey: "first",
      version: "1",
      secretsRef: [],
      enabled: true,
    });
    await t.mutation(components.agentFactory.lib.enqueue, {
      conversationId: "telegram:42",
      agentKey: "first",
      payload: { provider: "telegram", providerUserId: "42", messageText: "earlier" },
    });
    expect(await deliver(t, secret, anUpdate(1))).toMatchObject({ status: 202 });
    expect(await queued(t, "telegram:42:123456")).toHaveLength(1);
  });
  it("takes POST only", async () => {
    const { t } = await withBot();
    expect((await t.fetch(WEBHOOK, { method: "GET" })).status).toBe(405);
  });
});

describe("the worker gateway", () => {
  async function post(t: T, path: string, token: string | null, body: unknown, method = "POST") {
    const response = await t.fetch(`/agent-factory/api${path}`, {
      method,
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  async function withWorker() {
    const { t, secret } = await withBot();
    await deliver(t, secret, anUpdate(1));
    const { token, tokenId } = await t.mutation(internal.operator.createAgentWorkerToken, {});
    return { t, token, tokenId };
  }

  it("claims, hydrates and settles a message", async () => {
    const { t, token } = await withWorker();
    const claimed = await post(t, "/agent_workers/claim", token, { workerId: "w1", workerToken: "forged" });
    expect(claimed).toMatchObject({
      status: 200,
      body: { ok: true, value: { conversationId: "telegram:42" } },
    });
    const { messageId, leaseId } = claimed.body.value as { messageId: string; leaseId: string };
    const leased = { workerId: "w1", messageId, leaseId };
    expect(await post(t, "/w/default/agent_workers/hydrate", token, leased)).toMatchObject({
      status: 200,
      body: { value: { telegramBotToken: TOKEN } },
    });
    expect(
      await post(t, "/agent_workers/settle", token, { ...leased, outcome: { kind: "complete" } }),
    ).toMatchObject({
      status: 200,
      body: { value: { ok: true, status: "done" } },
    });
  });

  it.each<[string, string, number, string, unknown]>([
    ["an unknown operation", "/agent_workers/importSecret", 404, "operation_unknown", {}],
    ["a path that is too long", "/agent_workers/claim/x", 404, "operation_unknown", {}],
    ["an inherited name", "/agent_workers/toString", 404, "operation_unknown", {}],
    ["a body that is not JSON", "/agent_workers/claim", 400, "request_not_json", "{"],
    ["a body that is no object", "/agent_workers/claim", 400, "request_not_json", []],
    ["a missing argument", "/agent_workers/claim", 400, "invalid_argument", {}],
    ["an unknown argument", "/agent_workers/claim", 400, "invalid_argument", { workerId: "w", nowMs: 1 }],
    ["a wrong type", "/agent_workers/claim", 400, "invalid_argument", { workerId: 1 }],
    [
      "a wrong form deep inside",
      "/agent_workers/settle",
      400,
      "invalid_argument",
      { workerId: "w", messageId: "m", leaseId: "l", turns: [{ role: "boss", content: "x" }] },
    ],
    [
      "a key that cannot be stored",
      "/agent_workers/metadata",
      400,
      "invalid_argument",
      { messageId: "m", metadata: { $x: "y" } },
    ],
    [
      "another workspace",
      "/w/acme/agent_workers/claim",
      403,
      "workspace_mismatch",
      { workerId: "w", workspaceId: "b" },
    ],
    [
      "an oversized body",
      "/agent_workers/claim",
      413,
      "request_too_large",
      { workerId: "x".repeat(2 * 1024 * 1024) },
    ],
  ])("answers %s", async (_, path, status, code, body) => {
    const { t, token } = await withWorker();
    expect(await post(t, path, token, body)).toMatchObject({ status, body: { ok: false, error: { code } } });
  });

  it("refuses missing, forged and revoked tokens", async () => {
    const { t, token, tokenId } = await withWorker();
    const body = { workerId: "w1" };
    expect(await post(t, "/agent_workers/claim", null, body)).toMatchObject({
      status: 401,
      body: { error: { code: "worker_token_required" } },
    });
    expect(await post(t, "/agent_workers/claim", `${token}x`, body)).toMatchObject({
      status: 401,
      body: { error: { code: "worker_token_invalid" } },
    });
    await t.mutation(internal.operator.revokeWorkerToken, { tokenId });
    expect(await post(t, "/agent_workers/claim", token, body)).toMatchObject({
      status: 403,
      body: { error: { code: "worker_token_revoked" } },
    });
  });

  it("takes POST only", async () => {
    const { t, token } = await withWorker();
    expect(await post(t, "/agent_workers/claim", token, null, "GET")).toMatchObject({
      status: 405,
      body: { error: { code: "method_not_allowed" } },
    });
  });
});
