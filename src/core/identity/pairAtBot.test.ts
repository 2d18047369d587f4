/** The question before a pairing: what an opened link does by itself (nothing), and what the answer does. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  answerAt,
  anUpdate,
  deliver,
  pairAt,
  stubBotApi,
  withBot,
  type BotApiStub,
  type TestBot,
} from "../../../test/component/telegramBot.js";
import { START, useWorld } from "../../../test/component/world.js";
import { sweepPairing } from "./pairingCodes.js";

const world = useWorld();
let telegram: BotApiStub;
let bot: TestBot;
beforeEach(async () => {
  telegram = stubBotApi();
  await world.agent("sales", { secretsRef: ["telegram.botToken.sales"] });
  bot = await withBot(world, telegram, {
    botId: 7,
    secretRef: "telegram.botToken.sales",
    username: "sales_bot",
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const linkOf = async (consumerUserId: string) =>
  (await world.t.mutation(world.lib.createPairingCode, { consumerUserId, agentKey: "sales" })).code;
const open = (code: string, chatId = 42) => deliver(world, bot, anUpdate(chatId, `/start ${code}`));
const say = (text: string, chatId = 42) => deliver(world, bot, anUpdate(chatId, text));
const bindingOf = (consumerUserId: string) =>
  world.t.query(world.lib.getUserAgentBinding, { consumerUserId });
/** What the bot said by itself, oldest first. */
const said = async () => {
  await world.pass(100);
  return telegram.calls.filter(({ method }) => method === "sendMessage").map(({ body }) => body);
};
const refused = { kind: "pairingFailed" };
const conversationOfLast = async () =>
  (await world.t.run((ctx) => ctx.db.query("messageQueue").order("desc").first()))?.conversationId;

describe("an opened link", () => {
  it("asks in the chat, says who would read along and how to go on, and binds nobody", async () => {
    expect(await open(await linkOf("mallory"))).toEqual({ kind: "pairingAsked" });
    const command = await answerAt(world, bot);
    const [question, ...more] = await said();
    expect(more).toEqual([]);
    expect(question?.chat_id).toBe("42");
    for (const part of ["Only go on if you made the link yourself", command, "do nothing"])
      expect(question?.text).toContain(part);
    expect(question?.text).not.toContain("moved");
    expect(await bindingOf("mallory")).toBeNull();
  });
  it("leaves a bound user's chat theirs, and says that it would be moved", async () => {
    await pairAt(world, bot, await linkOf("bob"));
    await say("before");
    const before = await conversationOfLast();
    await open(await linkOf("mallory"));
    expect((await said()).at(-1)?.text).toContain("It would be moved to the other one");
    await say("private");
    expect(await conversationOfLast()).toBe(before);
    expect(await bindingOf("bob")).toMatchObject({ status: "active" });
  });
});

describe("the answer", () => {
  it("may be that of any copy of the question: Telegram repeats updates, and people tap twice", async () => {
    const code = await linkOf("ann");
    await open(code);
    const first = await answerAt(world, bot);
    await open(code);
    expect(await answerAt(world, bot)).toBe(first);
    expect(await say(first)).toMatchObject({ kind: "paired", consumerUserId: "ann" });
  });
  it("connects the chat, hands over nothing that was said before, and says so", async () => {
    await say("my salary is 1234");
    const before = await conversationOfLast();
    expect(await pairAt(world, bot, await linkOf("ann"))).toMatchObject({
      kind: "paired",
      consumerUserId: "ann",
    });
    expect((await said()).at(-1)?.text).toBe("This chat is now connected with your account.");
    await say("hello");
    expect(await conversationOfLast()).not.toBe(before);
    const view = { consumerUserId: "ann", agentKey: "sales" };
    const { queueItems } = await world.t.query(world.lib.getConversationViewForUserAgent, view);
    expect(queueItems.map(({ payload }) => payload.messageText)).toEqual(["hello"]);
    // The chat's own conversation is there again when the binding has ended.
    await world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId: "ann" });
    await say("again");
    expect(await conversationOfLast()).toBe(before);
  });
  it("tells a user who was moved, and the chat that an account has left", async () => {
    await pairAt(world, bot, await linkOf("bob"), 42);
    await pairAt(world, bot, await linkOf("cat"), 42);
    expect((await said()).at(-1)).toMatchObject({
      chat_id: "42",
      text: expect.stringContaining("connected with another account") as string,
    });
    await pairAt(world, bot, await linkOf("cat"), 43);
    expect(await said()).toContainEqual({
      chat_id: "42",
      text: expect.stringContaining("is no longer connected") as string,
    });
  });
  it("counts in the chat and for the account that were asked, and only the newest one", async () => {
    await open(await linkOf("mallory"));
    const first = await answerAt(world, bot);
    await open(await linkOf("mallory"), 66);
    expect(await say(await answerAt(world, bot, 66), 42)).toMatchObject(refused);
    await open(await linkOf("ann"));
    expect(await say(first)).toMatchObject(refused);
    const group = anUpdate(-5, await answerAt(world, bot), { from: { id: 42 } });
    expect(await deliver(world, bot, group)).not.toMatchObject({ kind: "paired" });
    expect(await bindingOf("mallory")).toBeNull();
    expect(await bindingOf("ann")).toBeNull();
    expect(await say(await answerAt(world, bot))).toMatchObject({ kind: "paired", consumerUserId: "ann" });
  });
  it("is too late after ten minutes, or when the code was used or ended meanwhile", async () => {
    const code = await linkOf("ann");
    await open(code);
    const command = await answerAt(world, bot);
    vi.setSystemTime(START + 10 * 60_000);
    expect(await say(command)).toMatchObject(refused);
    await open(code);
    await pairAt(world, bot, code, 43);
    expect(await say(await answerAt(world, bot))).toMatchObject({
      error: "Pairing code already used or expired",
    });
    expect(await bindingOf("ann")).toMatchObject({ telegramChatId: "43" });
  });
  it("is guessed ten times, and then nothing is taken from that account for a while", async () => {
    await open(await linkOf("ann"));
    for (let n = 0; n < 10; n += 1)
      expect(await say(`/connect_${String(n).padStart(16, "0")}`)).toMatchObject(refused);
    const blocked = { error: "Too many wrong pairing codes, try again later" };
    expect(await say(await answerAt(world, bot))).toMatchObject(blocked);
  });
  it("leaves nothing behind", async () => {
    await open(await linkOf("ann"));
    vi.setSystemTime(START + 3_600_000);
    await world.t.mutation((ctx) => sweepPairing(ctx));
    expect(await world.t.run((ctx) => ctx.db.query("pairingQuestions").collect())).toEqual([]);
  });
});

it("what Telegram does not take is said again, what it refuses is not", async () => {
  const answers = [Response.json({ ok: false, error_code: 502, description: "later" }, { status: 502 })];
  const usual = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const next = url.endsWith("/sendMessage") ? answers.shift() : undefined;
    return next === undefined ? usual(url, init) : Promise.resolve(next);
  });
  await open(await linkOf("ann"));
  await world.pass(2_000);
  expect(await said()).toHaveLength(1);
  answers.push(Response.json({ ok: false, error_code: 403, description: "blocked" }, { status: 403 }));
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  await open(await linkOf("ann"));
  await world.pass(120_000);
  expect(await said()).toHaveLength(1);
});
