/** Nobody meets another's memory: random bindings and messages, and what must hold after each of them. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { anUpdate, deliver, stubBotApi, withBot, type TestBot } from "../../../test/component/telegramBot.js";
import { useWorld } from "../../../test/component/world.js";
import { seededRandom } from "../../../sim/faults/random.js";
import { activeBinding, conversationTarget } from "./bindings.js";

const world = useWorld();
let bots: TestBot[];
beforeEach(async () => {
  const telegram = stubBotApi();
  const secretsRef = ["telegram.botToken.x"];
  for (const agentKey of ["a", "b"]) await world.agent(agentKey, { secretsRef });
  await world.agent("c", { secretsRef: ["telegram.botToken.y"] });
  bots = [
    await withBot(world, telegram, { botId: 7, secretRef: "telegram.botToken.x" }),
    await withBot(world, telegram, { botId: 8, secretRef: "telegram.botToken.y" }),
  ];
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const pick = <Item>(items: readonly Item[], random: () => number): Item =>
  items[Math.floor(random() * items.length)] as Item;

it.each([1, 2, 3])("with seed %d", async (seed) => {
  const random = seededRandom(seed);
  const owners = new Map<string, string>();
  const conversations = new Map<string, string>();
  for (let step = 0; step < 120; step += 1) {
    const chatId = pick([42, 43], random);
    if (random() < 0.35) {
      await world.t.mutation(world.lib.bindUserAgent, {
        consumerUserId: pick(["ann", "bob", "cat"], random),
        agentKey: pick(["a", "b", "c"], random),
        ...(random() < 0.8 && { telegramUserId: String(chatId), telegramChatId: String(chatId) }),
      });
      continue;
    }
    if (random() < 0.1) {
      const consumerUserId = pick(["ann", "bob", "cat"], random);
      await world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId });
      continue;
    }
    const bot = pick(bots, random);
    const result = await deliver(world, bot, anUpdate(chatId, "hi"), { fallbackAgentKey: "a" });
    if (result.kind !== "enqueued") throw new Error(JSON.stringify(result));
    const message = await world.t.run((ctx) => ctx.db.query("messageQueue").order("desc").first());
    if (!message) throw new Error("nothing was enqueued");
    const { conversationId, agentKey } = message;
    const user = await world.t.run(async (ctx) => {
      for (const consumerUserId of ["ann", "bob", "cat"]) {
        const binding = await activeBinding(ctx, consumerUserId);
        const here = binding?.userId === String(chatId) && binding.accountId === bot.botId;
        if (here && binding.agentKey === agentKey) return consumerUserId;
      }
      return null;
    });
    if (user === null) {
      // An unbound account is in no conversation that is or was a user's.
      expect(owners.get(conversationId), conversationId).toBeUndefined();
      continue;
    }
    const pair = `${user}/${agentKey}`;
    expect(owners.get(conversationId) ?? pair).toBe(pair);
    expect(conversations.get(pair) ?? conversationId).toBe(conversationId);
    owners.set(conversationId, pair);
    conversations.set(pair, conversationId);
    const target = await world.t.run((ctx) => conversationTarget(ctx, { consumerUserId: user, agentKey }));
    expect(target).toMatchObject({
      conversationId,
      provider: "telegram",
      metadata: { telegramChatId: String(chatId) },
    });
  }
  expect(owners.size).toBeGreaterThan(3);
});
