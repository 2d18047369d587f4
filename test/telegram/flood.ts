/**
 * Many updates through the real webhook over HTTP, from a Telegram that repeats a fifth of them and loses answers: each
 * becomes one message, in its chat's order, for its user's agent. Throws (by `expect`) when that is not so.
 */
import { convexTest } from "convex-test";
import { expect, vi } from "vitest";
import agentFactory from "@okrlinkhub/agent-factory/test";
import { defineSchema } from "convex/server";
import { components } from "../../example/convex/_generated/api.js";
import { listenLoopback } from "../../sim/http/listen.js";
import { openPairingLinks, startTelegramServer } from "../../sim/telegram/index.js";

const modules = import.meta.glob(["../../example/convex/**/*.ts", "../../example/convex/**/*.js"]);
const TOKEN = `42:${"a".repeat(35)}`;

/** Telegram keeps an update for a day, which is 86 s at this time scale: what waits longer would be gone. */
const AT_ONCE = 1_000;

export interface FloodSize {
  updates: number;
  /** At most 200 updates per chat: so many are read back. */
  chats: number;
  timeoutMs: number;
}

export async function flood(size: FloodSize): Promise<void> {
  const closing: { close(): Promise<unknown> }[] = [];
  try {
    await run(size, closing);
  } finally {
    for (const server of closing) await server.close();
    vi.unstubAllEnvs();
  }
}

async function run(
  { updates, chats: chatCount, timeoutMs }: FloodSize,
  closing: { close(): Promise<unknown> }[],
): Promise<void> {
  const telegram = await startTelegramServer({
    bots: [{ token: TOKEN, username: "flood_bot" }],
    allowHttpWebhooks: true,
    timeScale: 0.001,
    rateLimits: false,
    seed: 5,
    deliveryFaults: { duplicate: { probability: 0.2 }, loseResponse: { probability: 0.05 } },
  });
  closing.unshift(telegram);
  vi.stubEnv("TELEGRAM_API_BASE_URL", telegram.url);
  const t = convexTest({ schema: defineSchema({}), modules, transactionLimits: true });
  agentFactory.register(t);
  const { lib } = components.agentFactory;
  const site = await listenLoopback(async (request) => {
    const { pathname } = new URL(request.url);
    return await t.fetch(pathname, { method: "POST", headers: request.headers, body: await request.text() });
  });
  closing.push(site);

  const secretRef = "telegram.botToken.flood";
  await t.mutation(lib.configureAgent, {
    agentKey: "flood",
    version: "1",
    secretsRef: [secretRef],
    enabled: true,
  });
  await t.mutation(lib.importSecret, { secretRef, plaintextValue: TOKEN });
  const set = await t.action(lib.configureTelegramWebhook, { convexSiteUrl: site.url, secretRef });
  expect(set).toMatchObject({ isReady: true, botUsername: "flood_bot" });

  const chats = Array.from({ length: chatCount }, (_, index) => 100 + index);
  const links: { chatId: number; code: string }[] = [];
  for (const chatId of chats) {
    const user = { consumerUserId: `user-${chatId}`, agentKey: "flood" };
    const { pairing } = await t.mutation(lib.createUserAgentPairing, user);
    links.push({ chatId, code: pairing.code });
  }
  await openPairingLinks(telegram, links, { withinMs: timeoutMs });
  const delivered = () =>
    vi.waitFor(() => expect(telegram.pendingUpdates()).toBe(0), { timeout: timeoutMs, interval: 20 });
  for (let n = 0; n < updates; n += 1) {
    const chatId = chats[(n * 7) % chatCount] ?? 0;
    telegram.userSends({ chatId, text: String(n) });
    if (n % AT_ONCE === 0) await delivered();
  }
  await delivered();

  const posts = telegram.deliveries();
  expect(posts.length).toBeGreaterThan((updates + chatCount) * 1.15);
  expect(new Set(posts.filter((post) => post.error === undefined).map((post) => post.status))).toEqual(
    new Set([200, 202]),
  );
  for (const [index, chatId] of chats.entries()) {
    const items = await t.query(lib.listQueueItemsForConversation, {
      conversationId: `telegram:${chatId}`,
      limit: updates,
    });
    const expected = Array.from({ length: updates }, (_, n) => n).filter(
      (n) => (n * 7) % chatCount === index,
    );
    const inOrder = items.sort((left, right) => left._creationTime - right._creationTime);
    expect(inOrder.map((item) => Number(item.payload.messageText))).toEqual(expected);
    const binding = await t.query(lib.getUserAgentBinding, { consumerUserId: `user-${chatId}` });
    expect(binding).toMatchObject({ telegramChatId: String(chatId), telegramBotUsername: "flood_bot" });
  }
  expect(await t.query(lib.listParkedUpdates, {})).toEqual([]);
}
