import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  anUpdate,
  deliver,
  stubBotApi,
  withBot,
  type BotApiStub,
  type TestBot,
} from "../../../test/component/telegramBot.js";
import { useWorld } from "../../../test/component/world.js";

const world = useWorld();
const GROUP = -500;
let telegram: BotApiStub;
let bot: TestBot;
beforeEach(async () => {
  telegram = stubBotApi();
  bot = await withBot(world, telegram, { botId: 7, secretRef: "telegram.botToken", username: "Our_bot" });
});
afterEach(() => {
  vi.unstubAllGlobals();
});
const say = (text: string, fields: Record<string, unknown> = {}, chatId = GROUP) =>
  deliver(world, bot, anUpdate(chatId, text, { from: { id: 42 }, ...fields }));
const queued = () => world.t.run((ctx) => ctx.db.query("messageQueue").collect());
const mention = (offset: number, length: number) => ({ entities: [{ type: "mention", offset, length }] });

describe("in a group", () => {
  it.each<[string, string, Record<string, unknown>]>([
    ["a command", "/ask what", {}],
    ["a command for this bot", "/ask@OUR_bot what", {}],
    ["a mention", "hey @our_bot!", mention(4, 8)],
    ["a mention after wide characters", "😀 @our_bot", mention(3, 8)],
    [
      "a mention of the account",
      "hey you",
      { entities: [{ type: "text_mention", offset: 4, length: 3, user: { id: 7 } }] },
    ],
    ["a reply to the bot", "and then?", { reply_to_message: { from: { id: 7 } } }],
    [
      "a caption that mentions it",
      "",
      {
        text: undefined,
        caption: "@our_bot",
        caption_entities: mention(0, 8).entities,
        photo: [{ file_id: "f" }],
      },
    ],
  ])("%s is answered", async (_, text, fields) => {
    expect(await say(text, fields)).toMatchObject({ kind: "enqueued" });
    expect((await queued())[0]?.payload.metadata).toMatchObject({
      telegramMessageId: expect.any(String) as string,
    });
    await world.pass(500);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["talk among people", "hello all", {}],
    ["a command for another bot", "/ask@other_bot what", {}],
    ["a pairing at another bot", "/start@other_bot ABCDEF", {}],
    ["a name that only looks like a mention", "hey @our_bot", {}],
    ["a mention of somebody else", "hey @our_bots", mention(4, 9)],
    ["a reply to somebody else", "yes", { reply_to_message: { from: { id: 43 } } }],
  ])("%s is not", async (_, text, fields) => {
    expect(await say(text, fields)).toEqual({ kind: "ignored" });
    expect(await queued()).toEqual([]);
  });

  it("everything is, with the policy that says so, but for other bots' commands", async () => {
    await world.t.mutation(world.lib.setPolicies, { policies: { telegram: { groupMessages: "all" } } });
    expect(await say("hello all")).toMatchObject({ kind: "enqueued" });
    expect(await say("/ask@other_bot what")).toEqual({ kind: "ignored" });
  });

  it("the agent sees the command without the bot's name", async () => {
    await say("/ask@our_bot what");
    expect((await queued())[0]?.payload.messageText).toBe("/ask what");
  });
});

describe("a group that becomes a supergroup", () => {
  it.each([
    ["as the old chat says it", GROUP, { migrate_to_chat_id: -100500 }],
    ["as the new chat says it", -100500, { migrate_from_chat_id: GROUP }],
  ])("keeps its conversation, %s", async (_, chatId, fields) => {
    await say("/one");
    const told = anUpdate(chatId, "", { text: undefined, ...fields });
    expect(await deliver(world, bot, told)).toEqual({ kind: "ignored" });
    expect(await deliver(world, bot, told)).toEqual({ kind: "ignored" });
    await say("/two", {}, -100500);
    const rows = await queued();
    expect(rows.map(({ conversationId }) => conversationId)).toEqual(["telegram:-500", "telegram:-500"]);
    expect(rows[1]?.payload.metadata).toMatchObject({ telegramChatId: "-100500" });
  });
});

describe("a chat that blocks the bot", () => {
  let nextId = 90_000;
  const membership = (chatId: number, status: string, more: object = {}) =>
    deliver(world, bot, {
      update_id: nextId++,
      my_chat_member: { chat: { id: chatId }, from: { id: chatId }, new_chat_member: { status, ...more } },
    });
  const push = async () => {
    await world.agent("default", { secretsRef: ["telegram.botToken"] });
    await world.t.mutation(world.lib.enqueue, {
      conversationId: "user:ann",
      agentKey: "default",
      payload: {
        provider: "telegram",
        providerUserId: "42",
        messageText: "push",
        metadata: { telegramChatId: "42" },
      },
    });
    const job = await world.mustClaim("w1", { hydrate: true });
    await world.complete("w1", job);
    return job.hydration?.undeliverable;
  };
  it("is not pushed to until it unblocks it", async () => {
    await membership(42, "kicked");
    await membership(42, "kicked");
    expect(await push()).toBe("telegram: the chat has blocked the bot");
    await membership(42, "member");
    expect(await push()).toBeUndefined();
  });
  it.each<[string, object, boolean]>([
    ["creator", {}, true],
    ["administrator", {}, true],
    ["member", {}, true],
    ["restricted", { is_member: true }, true],
    ["restricted", { is_member: true, can_send_messages: true }, true],
    ["restricted", { is_member: true, can_send_messages: false }, false],
    ["restricted", { is_member: false }, false],
    ["left", {}, false],
    ["kicked", {}, false],
    ["a state of tomorrow", {}, true],
  ])("is %s %j: pushed to %s", async (status, more, pushed) => {
    await membership(42, pushed ? "kicked" : "member");
    await membership(42, status, more);
    expect((await push()) === undefined).toBe(pushed);
  });
  it("and writes all the same is answered", async () => {
    await membership(42, "kicked");
    await world.agent("default", { secretsRef: ["telegram.botToken"] });
    await deliver(world, bot, anUpdate(42, "hi"));
    const job = await world.mustClaim("w1", { hydrate: true });
    expect(job.hydration).toBeDefined();
    expect(job.hydration?.undeliverable).toBeUndefined();
  });
});

it("channel posts are ignored", async () => {
  const { message, update_id } = anUpdate(-1009, "news");
  expect(await deliver(world, bot, { update_id, channel_post: message })).toEqual({ kind: "ignored" });
});
