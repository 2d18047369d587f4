import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  anUpdate,
  deliver,
  stubBotApi,
  withBot,
  type BotApiStub,
  type TestBot,
} from "../../../test/component/telegramBot.js";
import { START, useWorld } from "../../../test/component/world.js";
import { errorDataOf } from "../../contract/errors.js";
import { activeBindingsOfWorkspace, conversationTarget } from "./bindings.js";

const world = useWorld();
let telegram: BotApiStub;
beforeEach(async () => {
  telegram = stubBotApi();
  await world.agent("a");
  await world.agent("b");
});
afterEach(() => {
  vi.unstubAllGlobals();
});

interface Telegram {
  telegramUserId?: string;
  telegramChatId?: string;
}
const inChat = (id: number): Telegram => ({ telegramUserId: String(id), telegramChatId: String(id) });
const bind = (consumerUserId: string, agentKey: string, fields: Telegram = {}) =>
  world.t.mutation(world.lib.bindUserAgent, { consumerUserId, agentKey, ...fields });
const bindingOf = (consumerUserId: string) =>
  world.t.query(world.lib.getUserAgentBinding, { consumerUserId });
const whoIs = (fields: Telegram) => world.t.query(world.lib.resolveAgentForTelegram, fields);
const target = (consumerUserId: string, agentKey: string) =>
  world.t.run((ctx) => conversationTarget(ctx, { consumerUserId, agentKey }));
/** The conversation that a text in the chat reaches. */
async function say(bot: TestBot, chatId: number, fields: Record<string, unknown> = {}): Promise<string> {
  const result = await deliver(world, bot, anUpdate(chatId, chatId < 0 ? "/hi" : "hi", fields));
  if (result.kind !== "enqueued") throw new Error(JSON.stringify(result));
  const { messageId } = result;
  return await world.t.run(async (ctx) => {
    const id = ctx.db.normalizeId("messageQueue", messageId);
    return (id && (await ctx.db.get(id)))?.conversationId ?? "";
  });
}
const sharedBot = () => withBot(world, telegram, { botId: 7, secretRef: "telegram.botToken.default" });

describe("bindUserAgent", () => {
  it("makes the agent the user's one active agent", async () => {
    expect(await bind("ann", "a", inChat(42))).toEqual({
      consumerUserId: "ann",
      agentKey: "a",
      status: "active",
      source: "api",
      telegramUserId: "42",
      telegramChatId: "42",
      metadata: null,
      boundAt: START,
      revokedAt: null,
    });
    await bind("ann", "b");
    expect(await bindingOf("ann")).toMatchObject({ agentKey: "b", telegramUserId: null });
    const rows = await world.t.run((ctx) => ctx.db.query("identityBindings").collect());
    expect(rows.map(({ agentKey, status }) => [agentKey, status])).toEqual([
      ["a", "revoked"],
      ["b", "active"],
    ]);
    expect(await world.t.query(world.lib.resolveAgentForUser, { consumerUserId: "ann" })).toEqual({
      consumerUserId: "ann",
      agentKey: "b",
    });
  });
  it("takes a Telegram account or chat from whoever had it", async () => {
    await bind("ann", "a", inChat(42));
    await bind("bob", "a", { telegramChatId: "50" });
    await bind("eve", "b", { telegramUserId: "42", telegramChatId: "50" });
    expect(await bindingOf("ann")).toBeNull();
    expect(await bindingOf("bob")).toBeNull();
    expect(await whoIs({ telegramUserId: "42" })).toEqual({ consumerUserId: "eve", agentKey: "b" });
  });
  it("needs a profile, even a disabled one, and takes blank ids for none", async () => {
    await world.agent("off", { enabled: false });
    expect(await bind("ann", "off", { telegramUserId: " " })).toMatchObject({ telegramUserId: null });
    const error = await bind("ann", "nobody").catch(errorDataOf);
    expect(error).toMatchObject({ code: "agent_not_found", message: "Agent profile 'nobody' not found" });
    expect(await bindingOf("ann")).toMatchObject({ agentKey: "off" });
    expect(await bind(" ", "a").catch(errorDataOf)).toMatchObject({ code: "invalid_argument" });
  });
  it("is undone by revokeUserAgentBinding", async () => {
    await bind("ann", "a", inChat(42));
    const revoke = () => world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId: "ann" });
    expect(await revoke()).toEqual({ revoked: 1 });
    expect(await revoke()).toEqual({ revoked: 0 });
    expect(await bindingOf("ann")).toBeNull();
    expect(await whoIs(inChat(42))).toEqual({ consumerUserId: null, agentKey: null });
  });
  it("leaves a line in the audit log for each binding and its end", async () => {
    await bind("ann", "a", inChat(42));
    await bind("ann", "b");
    const kinds = await world.t.run(async (ctx) =>
      (await ctx.db.query("auditLog").collect()).map((act) => act.kind),
    );
    const expected = ["binding.created", "binding.revoked", "binding.created"];
    expect(kinds.filter((kind) => kind.startsWith("binding."))).toEqual(expected);
  });
});

describe("resolveAgentForTelegram", () => {
  it("asks the user id first, then the chat id", async () => {
    await bind("ann", "a", { telegramUserId: "1" });
    await bind("bob", "b", { telegramChatId: "2" });
    expect(await whoIs({ telegramUserId: "1", telegramChatId: "2" })).toMatchObject({
      consumerUserId: "ann",
    });
    expect(await whoIs({ telegramUserId: "9", telegramChatId: "2" })).toMatchObject({
      consumerUserId: "bob",
    });
    expect(await whoIs({})).toEqual({ consumerUserId: null, agentKey: null });
  });
});

describe("activeBindingsOfWorkspace", () => {
  it("pages through one workspace's active bindings, oldest first", async () => {
    await world.agent("c", { workspace: "acme" });
    for (const user of ["u1", "u2", "u3"]) await bind(user, "c");
    await bind("ann", "a");
    await world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId: "u2" });
    const pages = await world.t.run(async (ctx) => {
      const first = await activeBindingsOfWorkspace(ctx, "acme").take(1);
      const after = first.at(-1)?._creationTime ?? null;
      return [first, await activeBindingsOfWorkspace(ctx, "acme", after).take(5)];
    });
    expect(pages.map((page) => page.map((row) => row.consumerUserId))).toEqual([["u1"], ["u3"]]);
  });
});

describe("a user's conversation with an agent", () => {
  it("is the chat's once they are bound in it, and their own before", async () => {
    expect(await target("ann", "a")).toEqual({
      conversationId: "user:ann",
      provider: "system_push",
      providerUserId: "ann",
      hasChat: false,
      metadata: {},
    });
    await bind("ann", "a", inChat(42));
    expect(await target("ann", "a")).toEqual({
      conversationId: "telegram:42",
      provider: "telegram",
      providerUserId: "42",
      hasChat: true,
      metadata: { telegramChatId: "42", telegramUserId: "42" },
    });
  });
  it("survives every change of agent, and is never the other agent's", async () => {
    const bot = await sharedBot();
    await bind("ann", "a", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42");
    await bind("ann", "b", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42:g2");
    await bind("ann", "a", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42");
    expect((await target("ann", "b")).conversationId).toBe("telegram:42:g2");
  });
  it("is not met by the next user of the same chat and agent, nor by the unbound account", async () => {
    const bot = await sharedBot();
    await bind("ann", "default", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42");
    await bind("bob", "default", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42:g2");
    await world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId: "bob" });
    expect(await say(bot, 42)).toBe("telegram:42:7");
    await bind("ann", "default", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42");
  });
  it("goes with them to another account, and goes on what the account said before it was theirs", async () => {
    const bot = await sharedBot();
    expect(await say(bot, 42)).toBe("telegram:42");
    const tokens = { secretsRef: ["telegram.botToken.default"] };
    await world.agent("default", tokens);
    await bind("ann", "default", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42");
    await bind("ann", "default", inChat(43));
    expect(await say(bot, 43)).toBe("telegram:42");
    expect(await target("ann", "default")).toMatchObject({
      conversationId: "telegram:42",
      metadata: { telegramChatId: "43" },
    });
    await bind("bob", "default", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42:g2");
  });
  it("begun by a push before the pairing goes on in the chat", async () => {
    const bot = await sharedBot();
    await world.send("user:ann", "good morning", { agentKey: "a" });
    await bind("ann", "a", inChat(42));
    expect(await say(bot, 42)).toBe("user:ann");
    expect((await target("ann", "b")).conversationId).not.toBe("user:ann");
  });
  it("steps over ids that the host gave to another agent", async () => {
    const bot = await sharedBot();
    await world.send("telegram:42", "earlier", { agentKey: "b" });
    await bind("ann", "a", inChat(42));
    expect(await say(bot, 42)).toBe("telegram:42:g2");
  });
});

describe("chats", () => {
  it("of two users with different agents never fail, and a group is one conversation per agent", async () => {
    const bot = await sharedBot();
    await bind("ann", "a", inChat(1));
    await bind("bob", "b", inChat(2));
    await bind("cat", "a", inChat(3));
    const inGroup = (from: number) => say(bot, -100, { from: { id: from } });
    expect(await inGroup(1)).toBe("telegram:-100");
    expect(await inGroup(2)).toBe("telegram:-100:7");
    expect(await inGroup(3)).toBe("telegram:-100");
    expect(await inGroup(1)).toBe("telegram:-100");
    expect((await target("ann", "a")).conversationId).toBe("telegram:1");
  });
  it("that a user is bound in are where their messages go", async () => {
    const bot = await sharedBot();
    await bind("ann", "a", { telegramChatId: "-200" });
    expect(await target("ann", "a")).toMatchObject({
      conversationId: "telegram:-200",
      providerUserId: "-200",
    });
    expect(await say(bot, -200, { from: { id: 9 } })).toBe("telegram:-200");
    expect(await target("ann", "a")).toMatchObject({ conversationId: "telegram:-200" });
  });
  it("have a conversation per topic", async () => {
    const bot = await sharedBot();
    const topic = (id: number) => ({ message_thread_id: id, is_topic_message: true });
    expect(await say(bot, -100, topic(5))).toBe("telegram:-100:5");
    expect(await say(bot, -100, topic(6))).toBe("telegram:-100:6");
    expect(await say(bot, -100)).toBe("telegram:-100");
  });
  it("of two bots never mix, bound or not", async () => {
    await world.agent("a", { secretsRef: ["telegram.botToken.a"] });
    await world.agent("b", { secretsRef: ["telegram.botToken.b"] });
    const botA = await withBot(world, telegram, { botId: 11, secretRef: "telegram.botToken.a" });
    const botB = await withBot(world, telegram, { botId: 12, secretRef: "telegram.botToken.b" });
    await bind("ann", "a", inChat(42));
    await bind("bob", "b", inChat(42));
    // One Telegram account, two users of two bots: neither takes the other's binding.
    expect(await bindingOf("ann")).toMatchObject({ telegramBotId: "11" });
    expect(await bindingOf("bob")).toMatchObject({ telegramBotId: "12" });
    expect(await say(botA, 42)).toBe("telegram:42");
    expect(await say(botB, 42)).toBe("telegram:42:g2");
    const queued = await world.t.run((ctx) => ctx.db.query("messageQueue").collect());
    expect(queued.map((row) => row.agentKey)).toEqual(["a", "b"]);
  });
  it("complete a binding that was made before the bot was known", async () => {
    await bind("ann", "a", { telegramUserId: "42" });
    const bot = await sharedBot();
    expect(await say(bot, 42)).toBe("telegram:42");
    expect(await bindingOf("ann")).toMatchObject({ telegramChatId: "42", telegramBotId: "7" });
    await world.agent("b", { secretsRef: ["telegram.botToken.b"] });
    await bind("bob", "b", inChat(43));
    // Agent b answers through a bot of its own, which is not this one.
    expect(await deliver(world, bot, anUpdate(43, "hi"), { requireBinding: true })).toEqual({
      kind: "unbound",
    });
  });
});
