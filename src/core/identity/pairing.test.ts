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
import { errorDataOf } from "../../contract/errors.js";
import { sweepPairing } from "./pairingCodes.js";

const world = useWorld();
let telegram: BotApiStub;
beforeEach(() => {
  telegram = stubBotApi();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const user = { consumerUserId: "ann", agentKey: "default" };
const account = { telegramUserId: "42", telegramChatId: "42" };
const create = (fields: { consumerUserId?: string; agentKey?: string; ttlMs?: number } = {}) =>
  world.t.mutation(world.lib.createPairingCode, { ...user, ...fields });
const consume = (code: string) => world.t.mutation(world.lib.consumePairingCode, { code, ...account });
const status = (code: string) => world.t.query(world.lib.getPairingCodeStatus, { code });
const bindingOf = (consumerUserId: string) =>
  world.t.query(world.lib.getUserAgentBinding, { consumerUserId });
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => errorDataOf(error),
  );
const salesBot = async (botId = 7): Promise<TestBot> => {
  await world.agent("sales", { secretsRef: ["telegram.botToken.sales"] });
  return await withBot(world, telegram, {
    botId,
    secretRef: "telegram.botToken.sales",
    username: "sales_bot",
  });
};
const start = (bot: TestBot, code: string, chatId = 42) =>
  deliver(world, bot, anUpdate(chatId, `/start ${code}`));

describe("a pairing code", () => {
  it("is pending, 22 characters of the start alphabet, and never stored in clear", async () => {
    const pairing = await create();
    expect(pairing).toMatchObject({
      ...user,
      status: "pending",
      createdAt: START,
      expiresAt: START + 900_000,
      usedAt: null,
      telegramUserId: null,
    });
    expect(pairing.code).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const rows = await world.t.run((ctx) => ctx.db.query("pairingCodes").collect());
    const text = JSON.stringify(rows, (_, value: unknown) =>
      value instanceof ArrayBuffer ? Buffer.from(value).toString("latin1") : value,
    );
    expect(text).not.toContain(pairing.code);
    expect(await status(pairing.code)).toEqual(pairing);
    expect(await world.t.query(world.lib.getUserAgentPairingStatus, user)).toEqual(pairing);
  });
  it("clamps its life, and needs an enabled agent and a user", async () => {
    expect((await create({ ttlMs: 1 })).expiresAt).toBe(START + 60_000);
    expect((await create({ ttlMs: 1e12 })).expiresAt).toBe(START + 86_400_000);
    await world.agent("off", { enabled: false });
    for (const agentKey of ["off", "nobody"]) {
      expect(await refusal(create({ agentKey }))).toMatchObject({
        code: "agent_not_found",
        message: `Agent profile '${agentKey}' not found or disabled`,
      });
    }
    expect(await refusal(create({ consumerUserId: " " }))).toMatchObject({ code: "invalid_argument" });
  });
  it("ends the user's earlier one for the same agent only", async () => {
    await world.agent("other");
    const first = await create();
    const other = await create({ agentKey: "other" });
    const second = await create();
    expect(await status(first.code)).toMatchObject({ status: "expired" });
    expect(await status(other.code)).toMatchObject({ status: "pending" });
    expect(await world.t.query(world.lib.getUserAgentPairingStatus, user)).toMatchObject({
      code: second.code,
    });
  });
  it("binds its user once", async () => {
    const { code } = await create();
    expect(await consume(code)).toMatchObject({ code, status: "used", usedAt: START, ...account });
    expect(await bindingOf("ann")).toMatchObject({ ...user, source: "telegram_pairing", ...account });
    expect(await refusal(consume(code))).toMatchObject({
      code: "pairing_code_ended",
      message: "Pairing code already used or expired",
    });
    const used = await world.t.query(world.lib.getUserAgentPairingStatus, user);
    expect(used).toMatchObject({ status: "used", code: "" });
  });
  it("ends with its user's binding, whichever agent it is for", async () => {
    await world.agent("other");
    const codes = [await create(), await create({ agentKey: "other" })];
    await create({ consumerUserId: "bob" });
    await world.t.mutation(world.lib.revokeUserAgentBinding, { consumerUserId: "ann" });
    for (const { code } of codes)
      expect(await refusal(consume(code))).toMatchObject({ code: "pairing_code_ended" });
    const bobs = await world.t.query(world.lib.getUserAgentPairingStatus, { ...user, consumerUserId: "bob" });
    expect(bobs).toMatchObject({ status: "pending" });
  });
  it("really expires, by its own timer, and is unreadable then", async () => {
    const { code } = await create({ ttlMs: 60_000 });
    await world.pass(60_250);
    expect(await status(code)).toMatchObject({ status: "expired" });
    const [row] = await world.t.run((ctx) => ctx.db.query("pairingCodes").collect());
    expect(row).toMatchObject({ status: "expired" });
    expect(row).not.toHaveProperty("sealed");
    expect(await refusal(consume(code))).toMatchObject({ code: "pairing_code_ended" });
  });
  it("is matched exactly", async () => {
    const { code } = await create();
    const swapped = code.replace(/[a-z]/gi, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    for (const wrong of [swapped, ` ${code}`, code.slice(0, -1), "", "x".repeat(1_000)]) {
      expect(await refusal(consume(wrong))).toMatchObject({ message: "Pairing code not found" });
      expect(await status(wrong)).toBeNull();
    }
  });
  it("is swept: overdue ones expire, old ended ones and past attempts go", async () => {
    const bot = await salesBot();
    await create({ ttlMs: 60_000 });
    expect(await start(bot, "wrong-code")).toMatchObject({ kind: "pairingFailed" });
    vi.setSystemTime(START + 61_000);
    expect(await world.t.mutation((ctx) => sweepPairing(ctx))).toBe(1);
    vi.setSystemTime(START + 40 * 86_400_000);
    expect(await world.t.mutation((ctx) => sweepPairing(ctx))).toBe(2);
    expect(await world.t.run((ctx) => ctx.db.query("pairingAttempts").collect())).toEqual([]);
    expect(await world.t.mutation((ctx) => sweepPairing(ctx))).toBe(0);
  });
});

describe("/start <code>", () => {
  it("binds the account at the bot, and a repeated delivery changes nothing", async () => {
    const bot = await salesBot();
    const link = await world.t.mutation(world.lib.createUserAgentPairing, { ...user, agentKey: "sales" });
    const { code } = link.pairing;
    expect(link.deepLink).toBe(`https://t.me/sales_bot?start=${code}`);
    expect(link.pairing).toMatchObject({ telegramBotId: "7", telegramBotUsername: "sales_bot" });
    const update = anUpdate(42, `/start ${code}`);
    const paired = { kind: "paired", consumerUserId: "ann", agentKey: "sales" };
    expect(await deliver(world, bot, update)).toEqual({ kind: "pairingAsked" });
    expect(await bindingOf("ann")).toBeNull();
    const answer = anUpdate(42, await answerAt(world, bot));
    expect(await deliver(world, bot, answer)).toEqual(paired);
    const bound = await bindingOf("ann");
    expect(bound).toMatchObject({ ...account, telegramBotId: "7", telegramBotUsername: "sales_bot" });
    vi.advanceTimersByTime(1_000);
    for (const again of [update, answer]) expect(await deliver(world, bot, again)).toEqual(paired);
    expect(await bindingOf("ann")).toEqual(bound);
    expect(await start(bot, code, 43)).toMatchObject({ error: "Pairing code already used or expired" });
  });
  it("gives no link before the bot's name is verified", async () => {
    await world.agent("sales", { secretsRef: ["telegram.botToken.sales"] });
    const link = await world.t.mutation(world.lib.createUserAgentPairing, { ...user, agentKey: "sales" });
    expect(link.deepLink).toBeNull();
    expect(link.pairing).not.toHaveProperty("telegramBotId");
  });
  it("refuses another bot's code as if there were none, bound to a bot or not", async () => {
    await salesBot();
    await world.agent("care", { secretsRef: ["telegram.botToken.care"] });
    const early = await create({ agentKey: "care" });
    const care = await withBot(world, telegram, { botId: 8, secretRef: "telegram.botToken.care" });
    const sales = await create({ agentKey: "sales" });
    expect(await start(care, sales.code)).toEqual({ kind: "pairingFailed", error: "Pairing code not found" });
    expect(await status(sales.code)).toMatchObject({ status: "pending" });
    // Made before the bot was known: the bot of the agent's token takes it.
    expect(await pairAt(world, care, early.code)).toMatchObject({ kind: "paired", agentKey: "care" });
    expect(await bindingOf("ann")).toMatchObject({ telegramBotId: "8" });
  });
  it("stores that an overdue code expired", async () => {
    const bot = await salesBot();
    const { code } = await create({ agentKey: "sales", ttlMs: 60_000 });
    vi.setSystemTime(START + 60_000);
    expect(await start(bot, code)).toEqual({ kind: "pairingFailed", error: "Pairing code expired" });
    expect(await status(code)).toMatchObject({ status: "expired" });
  });
  it("counts wrong codes per account, and lets it try again after the window", async () => {
    const bot = await salesBot();
    const { code } = await create({ agentKey: "sales", ttlMs: 86_400_000 });
    for (let n = 0; n < 10; n += 1) {
      expect(await start(bot, `guess-${n}`, 66)).toMatchObject({ error: "Pairing code not found" });
    }
    const blocked = { kind: "pairingFailed", error: "Too many wrong pairing codes, try again later" };
    expect(await start(bot, code, 66)).toEqual(blocked);
    expect(await start(bot, "guess-11", 66)).toEqual(blocked);
    expect(await world.t.run((ctx) => ctx.db.query("pairingAttempts").collect())).toHaveLength(1);
    expect(await pairAt(world, bot, code, 42)).toMatchObject({ kind: "paired" });
    const second = await create({ agentKey: "sales", ttlMs: 86_400_000 });
    vi.setSystemTime(START + 16 * 60_000);
    expect(await pairAt(world, bot, second.code, 66)).toMatchObject({ kind: "paired" });
  });
  it("is for private chats", async () => {
    const bot = await salesBot();
    const { code } = await create({ agentKey: "sales" });
    const update = anUpdate(-5, `/start@sales_bot ${code}`, { from: { id: 42 } });
    expect(await deliver(world, bot, update)).toMatchObject({ kind: "pairingFailed" });
    expect(await status(code)).toMatchObject({ status: "pending" });
  });
  it("takes nobody to an agent that is switched off", async () => {
    const bot = await salesBot();
    const { code } = await create({ agentKey: "sales" });
    await world.agent("sales", { enabled: false, secretsRef: ["telegram.botToken.sales"] });
    expect(await pairAt(world, bot, code)).toEqual({
      kind: "pairingFailed",
      error: "The agent of this pairing code is switched off or gone",
    });
    expect(await refusal(consume(code))).toMatchObject({ code: "agent_not_found" });
  });
});
