import { describe, expect, it, vi } from "vitest";
import { components, internal } from "../convex/_generated/api.js";
import {
  answerWith,
  anUpdate,
  botApi,
  codeOf,
  configure,
  deliver,
  lastSecret,
  questionCommand,
  queued,
  setup,
  TOKEN,
  WEBHOOK,
  withBot,
} from "./http.fixture.js";

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
      body: { url: webhookUrl, allowed_updates: ["message", "edited_message", "my_chat_member"] },
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
    answerWith((method) =>
      method === "setWebhook"
        ? { status: 400, body: { ok: false, description: `Bad Request: ${TOKEN}` } }
        : null,
    );
    expect(await codeOf(configure(t))).toMatchObject({
      code: "telegram_api_failed",
      message: "Telegram setWebhook failed: Bad Request: [redacted]",
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
  it("refuses what is not JSON", async () => {
    const { t, secret } = await withBot();
    const error = { code: "request_not_json", message: "The body must be JSON" };
    expect(await deliver(t, secret, "{")).toEqual({ status: 400, body: { ok: false, error } });
  });
  it("pairs a user, who then has their agent", async () => {
    const { t, secret } = await withBot();
    const { lib } = components.agentFactory;
    const pair = { consumerUserId: "ann", agentKey: "sales" };
    const { pairing, deepLink } = await t.mutation(lib.createUserAgentPairing, pair);
    expect(deepLink).toBe(`https://t.me/sales_bot?start=${pairing.code}`);
    const start = anUpdate(1, { text: `/start ${pairing.code}` });
    const used = { status: 200, body: { ok: true, pairing: { status: "used", ...pair } } };
    const asked = { status: 200, body: { ok: true, pairing: { status: "pending" } } };
    expect(await deliver(t, secret, start)).toEqual(asked);
    const answer = anUpdate(2, { text: await questionCommand() });
    expect(await deliver(t, secret, answer)).toEqual(used);
    for (const again of [start, answer]) expect(await deliver(t, secret, again)).toEqual(used);
    expect(await deliver(t, secret, anUpdate(2, { text: "/start wrong-code" }))).toEqual({
      status: 200,
      body: { ok: true, pairing: { status: "failed", error: "Pairing code not found" } },
    });
    expect(await queued(t)).toEqual([]);
    expect(await deliver(t, secret, anUpdate(3))).toEqual({ status: 202, body: { ok: true } });
    expect((await queued(t)).map((item) => item.agentKey)).toEqual(["sales"]);
    expect(await t.query(lib.getUserAgentOnboardingState, pair)).toMatchObject({ nextAction: "ready" });
  });
  it.each<[string, Record<string, unknown>, string]>([
    ["a caption", { caption: " look ", photo: [{ file_id: "p" }] }, "look"],
    ["a document", { document: { file_id: "d" } }, "[telegram media] document message"],
    ["a voice message", { voice: { file_id: "v" } }, "[telegram media] audio message"],
  ])("takes %s for the text", async (_, fields, text) => {
    const { t, secret } = await withBot();
    expect(await deliver(t, secret, anUpdate(1, { text: undefined, ...fields }))).toMatchObject({
      status: 202,
    });
    expect((await queued(t))[0]?.payload.messageText).toBe(text);
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
    const parked = { status: 202, body: { ok: true, parked: true } };
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
