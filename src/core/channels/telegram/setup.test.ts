import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  anUpdate,
  configured,
  deliver,
  pairAt,
  stubBotApi,
  tokenOf,
  withBot,
  type BotApiStub,
} from "../../../../test/component/telegramBot.js";
import { useWorld } from "../../../../test/component/world.js";
import { errorDataOf } from "../../../contract/errors.js";

const world = useWorld();
let telegram: BotApiStub;
beforeEach(async () => {
  telegram = stubBotApi();
  await world.agent("sales", { secretsRef: ["telegram.botToken.sales"] });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const REF = "telegram.botToken.sales";
const ann = { consumerUserId: "ann", agentKey: "sales" };
const onboarding = () => world.t.query(world.lib.getUserAgentOnboardingState, ann);
const readiness = () => world.t.query(world.lib.getAgentOperationalReadiness, ann);
const ask = (agentKey = "sales") => world.t.action(world.lib.getWebhookReadiness, { agentKey });
const importAs = (consumerUserId: string, botId: number, agentKey = "sales", letter = "A") =>
  world.t.mutation(world.lib.importTelegramTokenForAgent, {
    consumerUserId,
    agentKey,
    plaintextValue: tokenOf(botId, letter),
  });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => errorDataOf(error)?.code,
  );
const sales = { botId: 7, secretRef: REF, username: "sales_bot" };

describe("onboarding", () => {
  it("goes through every step, derived from facts", async () => {
    const blank = {
      agentKey: "sales",
      telegramUsername: null,
      tokenSecretRef: REF,
      tokenImported: false,
      webhookReady: false,
      pairingCode: null,
      pairingStatus: null,
      pairingDeepLink: null,
      nextAction: "import_token",
    };
    expect(await onboarding()).toEqual(blank);

    expect(await importAs("ann", 7)).toMatchObject({ secretRef: REF, version: 1 });
    expect(await onboarding()).toEqual({ ...blank, tokenImported: true, nextAction: "configure_webhook" });

    telegram.usernames.set("7", "sales_bot");
    const bot = await configured(world, telegram, REF, tokenOf(7));
    const ready = { ...blank, tokenImported: true, webhookReady: true, telegramUsername: "sales_bot" };
    expect(await onboarding()).toEqual({ ...ready, nextAction: "create_pairing" });

    const { code } = await world.t.mutation(world.lib.createPairingCode, ann);
    expect(await onboarding()).toEqual({
      ...ready,
      pairingCode: code,
      pairingStatus: "pending",
      pairingDeepLink: `https://t.me/sales_bot?start=${code}`,
      nextAction: "complete_pairing",
    });

    expect(await pairAt(world, bot, code)).toMatchObject({ kind: "paired" });
    expect(await onboarding()).toEqual({ ...ready, pairingStatus: "used", nextAction: "ready" });
  });
  it("goes back to pairing when the code expires, or the binding has no account", async () => {
    await withBot(world, telegram, sales);
    await world.t.mutation(world.lib.createPairingCode, { ...ann, ttlMs: 60_000 });
    await world.pass(60_250);
    expect(await onboarding()).toMatchObject({ pairingStatus: "expired", nextAction: "create_pairing" });
    await world.t.mutation(world.lib.bindUserAgent, ann);
    expect(await onboarding()).toMatchObject({ nextAction: "create_pairing" });
  });
  it("starts over with a new token, and a code or binding of the old bot counts no more", async () => {
    await withBot(world, telegram, sales);
    await world.t.mutation(world.lib.createPairingCode, ann);
    await world.t.mutation(world.lib.importSecret, { secretRef: REF, plaintextValue: tokenOf(8) });
    expect(await onboarding()).toMatchObject({ webhookReady: false, nextAction: "configure_webhook" });
    await withBot(world, telegram, { botId: 8, secretRef: REF, username: "next_bot" });
    expect(await onboarding()).toMatchObject({
      telegramUsername: "next_bot",
      pairingCode: null,
      nextAction: "create_pairing",
    });
  });
  it("knows nothing about an agent that does not exist", async () => {
    const state = await world.t.query(world.lib.getUserAgentOnboardingState, { ...ann, agentKey: "nobody" });
    expect(state).toMatchObject({ tokenSecretRef: null, nextAction: "import_token" });
  });
});

describe("configureTelegramWebhook", () => {
  it("asks for messages, edits and membership, and keeps who the bot is", async () => {
    await withBot(world, telegram, sales);
    expect(telegram.calls.map((call) => call.method)).toEqual(["setWebhook", "getWebhookInfo", "getMe"]);
    expect(telegram.calls[0]?.body.allowed_updates).toEqual(["message", "edited_message", "my_chat_member"]);
    const [row] = await world.t.run((ctx) => ctx.db.query("channelAccounts").collect());
    expect(row).toMatchObject({ accountId: "7", username: "sales_bot", agentKey: "sales" });
    expect(
      JSON.stringify(await world.t.run((ctx) => ctx.db.query("channelCredentials").collect())),
    ).not.toContain("AAA");
  });
  it("is ready without the bot's name, but then offers no link", async () => {
    telegram.usernames.delete("7");
    await world.t.mutation(world.lib.importSecret, { secretRef: REF, plaintextValue: tokenOf(7) });
    await configured(world, telegram, REF, tokenOf(7));
    const { deepLink } = await world.t.mutation(world.lib.createUserAgentPairing, ann);
    expect(deepLink).toBeNull();
    expect(await onboarding()).toMatchObject({ webhookReady: true, telegramUsername: null });
  });
  it("is not ready when Telegram reports another URL", async () => {
    telegram.reportedUrl = "https://elsewhere.example/hook";
    await withBot(world, telegram, sales);
    expect(await onboarding()).toMatchObject({ webhookReady: false, nextAction: "configure_webhook" });
  });
  it("lets no refused token speak for the bot whose id it claims", async () => {
    const bot = await withBot(world, telegram, sales);
    await world.agent("evil", { secretsRef: ["telegram.botToken.evil"] });
    const forged = tokenOf(7, "B");
    telegram.revoked.add(forged);
    await world.t.mutation(world.lib.importSecret, {
      secretRef: "telegram.botToken.evil",
      plaintextValue: forged,
    });
    const args = { convexSiteUrl: "https://app.convex.site", secretRef: "telegram.botToken.evil" };
    expect(await codeOf(world.t.action(world.lib.configureTelegramWebhook, args))).toBe(
      "telegram_api_failed",
    );
    const [row] = await world.t.run((ctx) => ctx.db.query("channelAccounts").collect());
    expect(row?.agentKey).toBe("sales");
    expect(await deliver(world, bot, anUpdate(42, "x"))).toMatchObject({ kind: "enqueued" });
  });
  it("leaves nothing of a bot that Telegram never accepted", async () => {
    telegram.revoked.add(tokenOf(7));
    await world.t.mutation(world.lib.importSecret, { secretRef: REF, plaintextValue: tokenOf(7) });
    const args = { convexSiteUrl: "https://app.convex.site", secretRef: REF };
    expect(await codeOf(world.t.action(world.lib.configureTelegramWebhook, args))).toBe(
      "telegram_api_failed",
    );
    for (const table of ["channelAccounts", "channelCredentials", "webhookSecrets"] as const) {
      expect(await world.t.run((ctx) => ctx.db.query(table).collect())).toEqual([]);
    }
  });
  it("ends the bot whose token was replaced", async () => {
    const old = await withBot(world, telegram, sales);
    const next = await withBot(world, telegram, { ...sales, botId: 8 });
    expect(await deliver(world, old, anUpdate(42, "x"))).toEqual({ kind: "refused" });
    expect(await deliver(world, next, anUpdate(42, "x"))).toMatchObject({ kind: "enqueued" });
  });
});

describe("readiness", () => {
  it("names what is missing, and nothing when all is there", async () => {
    expect(await readiness()).toMatchObject({
      missingSecrets: [REF, "convex.url", "fly.apiToken"],
      hasTelegramToken: false,
      webhookReady: false,
      providerRuntimeConfigPresent: false,
      workerRuntimeConfigPresent: false,
      issues: [
        "missing_provider_runtime_config",
        "missing_message_runtime_config",
        "missing_telegram_token",
        "webhook_not_verified",
      ],
    });
    expect(await world.t.query(world.lib.getTelegramAgentReadiness, ann)).toEqual(await readiness());
    await withBot(world, telegram, sales);
    for (const secretRef of ["convex.url", "fly.apiToken"]) {
      await world.t.mutation(world.lib.importSecret, { secretRef, plaintextValue: "x" });
    }
    await world.t.mutation(world.lib.setMessageRuntimeConfig, { messageConfig: { systemPrompt: "Hi" } });
    const providerConfig = {
      kind: "fly" as const,
      appName: "a",
      organizationSlug: "o",
      image: "i",
      region: "r",
      volumeName: "v",
      volumePath: "/v",
      volumeSizeGb: 1,
    };
    await world.t.mutation(world.lib.setProviderRuntimeConfig, { providerConfig });
    expect(await readiness()).toEqual({
      missingSecrets: [],
      hasTelegramToken: true,
      webhookReady: true,
      providerRuntimeConfigPresent: true,
      workerRuntimeConfigPresent: true,
      issues: [],
    });
    expect(await world.t.query(world.lib.getProviderOperationalReadiness, {})).toEqual({
      providerRuntimeConfigPresent: true,
      workerRuntimeConfigPresent: true,
      issues: [],
    });
  });
  it("reports a path prefix that differs from where the routes are", async () => {
    const bot = await withBot(world, telegram, sales);
    const has = async () => (await readiness()).issues.includes("webhook_path_mismatch");
    expect(await has()).toBe(false);
    await deliver(world, bot, anUpdate(42, "x"), { webhookPath: "/bots/telegram/webhook" });
    expect(await has()).toBe(true);
    await deliver(world, bot, anUpdate(42, "x"));
    expect(await has()).toBe(false);
    vi.stubEnv("AGENT_FACTORY_PATH_PREFIX", "/bots");
    expect(await has()).toBe(true);
  });
  it("reports that Telegram finds nothing at the URL", async () => {
    telegram.info = {
      last_error_message: "Wrong response from the webhook: 404 Not Found",
      last_error_date: 1,
    };
    await withBot(world, telegram, sales);
    expect((await readiness()).issues).toContain("webhook_path_mismatch");
  });
  it("asks Telegram, and keeps what it says", async () => {
    const nothing = { currentUrl: null, pendingUpdateCount: 0, lastErrorMessage: null, lastErrorDate: null };
    expect(await ask()).toEqual({ agentKey: "sales", secretRef: null, ...nothing, webhookReady: false });
    expect(telegram.calls).toEqual([]);
    await withBot(world, telegram, sales);
    telegram.info = {
      pending_update_count: 3,
      last_error_message: "Read timeout expired",
      last_error_date: 9,
    };
    const currentUrl = "https://app.convex.site/agent-factory/telegram/webhook";
    expect(await ask()).toEqual({
      agentKey: "sales",
      secretRef: REF,
      currentUrl,
      pendingUpdateCount: 3,
      lastErrorMessage: "Read timeout expired",
      lastErrorDate: 9,
      webhookReady: true,
    });
    telegram.reportedUrl = "https://thief.example/hook";
    expect(await ask()).toMatchObject({ webhookReady: false });
    expect(await onboarding()).toMatchObject({ webhookReady: false, nextAction: "configure_webhook" });
    telegram.reportedUrl = null;
    expect(await ask()).toMatchObject({ webhookReady: true });
    expect(await onboarding()).toMatchObject({ webhookReady: true });
  });
  it("takes a revoked token for not ready instead of failing", async () => {
    await withBot(world, telegram, sales);
    telegram.revoked.add(tokenOf(7));
    expect(await ask()).toMatchObject({ webhookReady: false, lastErrorMessage: "Unauthorized" });
    expect(await readiness()).toMatchObject({ webhookReady: false, hasTelegramToken: true });
  });
  it("finds the customary refs of an agent without any", async () => {
    telegram.reportedUrl = "https://old.convex.site/agent-factory/telegram/webhook";
    await world.t.mutation(world.lib.importSecret, {
      secretRef: "telegram.botToken",
      plaintextValue: tokenOf(7),
    });
    expect(await ask("default")).toMatchObject({ secretRef: "telegram.botToken", webhookReady: true });
  });
});
