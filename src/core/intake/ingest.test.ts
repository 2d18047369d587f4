import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recordFootprint } from "../../../test/conflicts/recorder.js";
import {
  anUpdate,
  deliver,
  stubBotApi,
  withBot,
  type BotApiStub,
  type TestBot,
} from "../../../test/component/telegramBot.js";
import { START, textOf, useWorld } from "../../../test/component/world.js";
import { errorDataOf } from "../../contract/errors.js";
import schema from "../../component/schema.js";
import { sweepParkedUpdates } from "./sweep.js";

const world = useWorld();
let telegram: BotApiStub;
let bot: TestBot;
beforeEach(async () => {
  telegram = stubBotApi();
  await world.agent("sales", { secretsRef: ["telegram.botToken.sales"] });
  bot = await withBot(world, telegram, { botId: 7, secretRef: "telegram.botToken.sales" });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const bind = (consumerUserId: string, agentKey: string, id: number) =>
  world.t.mutation(world.lib.bindUserAgent, {
    consumerUserId,
    agentKey,
    telegramUserId: String(id),
    telegramChatId: String(id),
  });
const queued = () => world.t.run((ctx) => ctx.db.query("messageQueue").collect());
const agentOfLast = async () => (await queued()).at(-1)?.agentKey;
const parkedRows = () => world.t.query(world.lib.listParkedUpdates, {});

describe("the agent of a message", () => {
  it("is the host's choice, else the binding's, else the bot's, else the fallback", async () => {
    await world.agent("named");
    await deliver(world, bot, anUpdate(42, "x"), { namedAgentKey: "named" });
    expect(await agentOfLast()).toBe("named");
    await deliver(world, bot, anUpdate(42, "x"), { namedAgentKey: " " });
    expect(await agentOfLast()).toBe("sales");
    await world.agent("free");
    await bind("ann", "free", 42);
    await deliver(world, bot, anUpdate(42, "x"));
    expect(await agentOfLast()).toBe("free");
    await deliver(world, bot, anUpdate(42, "x"), { resolveFromBinding: false });
    expect(await agentOfLast()).toBe("sales");
    const other = await withBot(world, telegram, { botId: 8, secretRef: "telegram.botToken" });
    await deliver(world, other, anUpdate(43, "x"), { fallbackAgentKey: "named" });
    expect(await agentOfLast()).toBe("named");
    expect(await deliver(world, other, anUpdate(43, "x"), { fallbackAgentKey: " " })).toEqual({
      kind: "unbound",
    });
    const stray = await withBot(world, telegram, { botId: 9, secretRef: "telegram.botToken.nobody" });
    await deliver(world, stray, anUpdate(44, "x"), { fallbackAgentKey: "named" });
    expect(await agentOfLast()).toBe("named");
  });
  it("must be named when a binding is required", async () => {
    const required = { requireBinding: true };
    expect(await deliver(world, bot, anUpdate(42, "x"), required)).toEqual({ kind: "unbound" });
    const sticker = anUpdate(42, "", { sticker: { file_id: "s" } });
    expect(await deliver(world, bot, sticker, required)).toEqual({ kind: "unbound" });
    expect(await deliver(world, bot, sticker)).toEqual({ kind: "ignored" });
    await bind("ann", "sales", 42);
    const unused = { ...required, resolveFromBinding: false };
    expect(await deliver(world, bot, anUpdate(42, "x"), unused)).toEqual({ kind: "unbound" });
    expect(await deliver(world, bot, anUpdate(42, "x"), required)).toMatchObject({ kind: "enqueued" });
  });
});

describe("one update", () => {
  it("becomes one message, with all that is known about it", async () => {
    const update = anUpdate(42, " hello ");
    const first = await deliver(world, bot, update);
    expect(await deliver(world, bot, update)).toEqual(first);
    const rows = await queued();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      agentKey: "sales",
      conversationId: "telegram:42",
      payload: {
        provider: "telegram",
        providerUserId: "42",
        messageText: "hello",
        externalMessageId: String(update.message.message_id),
        rawUpdateJson: JSON.stringify(update),
        metadata: { telegramChatId: "42", telegramUserId: "42" },
      },
    });
  });
  it("of another bot with the same id is another one", async () => {
    const other = await withBot(world, telegram, { botId: 8, secretRef: "telegram.botToken.other" });
    const update = anUpdate(42, "x");
    await deliver(world, bot, update, { namedAgentKey: "sales" });
    await deliver(world, other, update, { namedAgentKey: "sales" });
    expect((await queued()).map((row) => row.conversationId)).toEqual(["telegram:42", "telegram:42:8"]);
  });
  it("is refused before it is parsed without the bot's secret", async () => {
    const stranger = { ...bot, secret: "forged" };
    expect(await deliver(world, stranger, "{")).toEqual({ kind: "refused" });
    expect(await deliver(world, bot, "{")).toEqual({ kind: "notJson" });
  });
  it("reads at most ten documents in its one transaction", async () => {
    await bind("ann", "sales", 42);
    const footprints: Record<string, number> = {};
    const measure = async (name: string, update: unknown) => {
      const { footprint, error } = await recordFootprint(schema, () => deliver(world, bot, update));
      expect(error).toBeUndefined();
      footprints[name] = footprint.documentsRead;
    };
    const update = anUpdate(42, "x");
    await measure("first of a bound user", update);
    await measure("repeated", update);
    await measure("behind another", anUpdate(42, "x"));
    await world.mustClaim("w1");
    await measure("while one is in flight", anUpdate(42, "x"));
    await measure("first of an unbound chat", anUpdate(43, "x"));
    await measure("next of an unbound chat", anUpdate(43, "x"));
    await measure("wrong code", anUpdate(43, "/start nonsense"));
    await measure("ignored", { update_id: 1, poll: {} });
    const photo = { text: undefined, photo: [{ file_id: "p" }] };
    await measure("a photo", anUpdate(42, "", photo));
    const album = { ...photo, media_group_id: "g" };
    await measure("first of an album", anUpdate(42, "", album));
    await measure("next of an album", anUpdate(42, "", album));
    await measure("third of an album", anUpdate(42, "", album));
    await measure("in a group", anUpdate(-42, "/x"));
    await measure("talk in a group", anUpdate(-42, "x"));
    for (const [name, read] of Object.entries(footprints)) expect(read, name).toBeLessThanOrEqual(10);
    expect(footprints["first of a bound user"]).toBeGreaterThan(3);
  });
});

describe("an edit", () => {
  const edit = (update: ReturnType<typeof anUpdate>, text: string) => ({
    update_id: update.update_id + 10_000,
    edited_message: { ...update.message, text },
  });
  it("replaces the text of a message that still waits", async () => {
    const [first, second] = [anUpdate(42, "one"), anUpdate(42, "two")];
    await deliver(world, bot, first);
    await deliver(world, bot, second);
    expect(await deliver(world, bot, edit(second, "2"))).toEqual({ kind: "ignored" });
    expect((await queued()).map((row) => row.payload.messageText)).toEqual(["one", "2"]);
  });
  it("leaves alone what a worker has seen, what is unknown and what would be too long", async () => {
    const [first, second] = [anUpdate(42, "one"), anUpdate(42, "two")];
    await deliver(world, bot, first);
    await deliver(world, bot, second);
    const job = await world.mustClaim("w1");
    await deliver(world, bot, edit(first, "changed"));
    await deliver(world, bot, edit(second, "x".repeat(300_000)));
    await deliver(world, bot, edit(anUpdate(42, "never sent"), "changed"));
    await deliver(world, bot, edit(anUpdate(77, "nobody's"), "changed"));
    expect((await queued()).map((row) => row.payload.messageText)).toEqual(["one", "two"]);
    await world.fail("w1", job);
    await deliver(world, bot, edit(first, "changed after a failure"));
    await world.pass(5_000);
    expect(textOf(await world.claim("w1"))).toBe("one");
  });
});

describe("what cannot be enqueued", () => {
  const off = (enabled: boolean) =>
    world.agent("sales", { enabled, secretsRef: ["telegram.botToken.sales"] });
  it("is parked once, and can be taken up after the cause is mended", async () => {
    await off(false);
    const update = anUpdate(42, "wait for me");
    const parked = { kind: "parked", code: "agent_not_found" };
    expect(await deliver(world, bot, update)).toEqual(parked);
    expect(await deliver(world, bot, update)).toEqual(parked);
    const [row, ...others] = await parkedRows();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ botId: "7", agentKey: "sales", code: "agent_not_found", parkedAt: START });
    const parkedId = row?.parkedId ?? "";
    const redrive = () => world.t.mutation(world.lib.redriveParkedUpdate, { parkedId });
    expect(await redrive().catch(errorDataOf)).toMatchObject({ code: "agent_not_found" });
    await off(true);
    const { messageId } = await redrive();
    expect((await queued()).map((message) => [message._id, message.payload.messageText])).toEqual([
      [messageId, "wait for me"],
    ]);
    expect(await parkedRows()).toEqual([]);
    expect(await redrive().catch(errorDataOf)).toMatchObject({ code: "parked_update_not_found" });
    expect(await deliver(world, bot, update)).toEqual({ kind: "enqueued", messageId });
  });
  it("goes to a named agent when the host could not name one", async () => {
    expect(await deliver(world, bot, anUpdate(42, "x"), { namedAgentKey: null })).toMatchObject({
      kind: "parked",
    });
    const parkedId = (await parkedRows())[0]?.parkedId ?? "";
    const redrive = (agentKey?: string) =>
      world.t.mutation(world.lib.redriveParkedUpdate, {
        parkedId,
        ...(agentKey !== undefined && { agentKey }),
      });
    expect(await redrive().catch(errorDataOf)).toMatchObject({ code: "parked_update_incomplete" });
    await redrive("default");
    expect(await agentOfLast()).toBe("default");
  });
  it("can be given up, and is when it is old or too large to keep", async () => {
    await deliver(world, bot, anUpdate(42, "x".repeat(300_000)));
    await deliver(world, bot, anUpdate(42, "y"), { namedAgentKey: null });
    const [small, large] = await parkedRows();
    expect(large).toMatchObject({ code: "text_too_large" });
    expect(large?.rawUpdateJson.length).toBe(64 * 1024);
    const redrive = world.t.mutation(world.lib.redriveParkedUpdate, { parkedId: large?.parkedId ?? "" });
    expect(await redrive.catch(errorDataOf)).toMatchObject({ code: "parked_update_incomplete" });
    const discard = (parkedId: string) => world.t.mutation(world.lib.discardParkedUpdate, { parkedId });
    expect(await discard(small?.parkedId ?? "")).toEqual({ discarded: true });
    expect(await discard(small?.parkedId ?? "")).toEqual({ discarded: false });
    expect(await discard("nonsense")).toEqual({ discarded: false });
    expect(await world.t.mutation((ctx) => sweepParkedUpdates(ctx))).toBe(0);
    vi.setSystemTime(START + 31 * 86_400_000);
    expect(await world.t.mutation((ctx) => sweepParkedUpdates(ctx))).toBe(1);
    expect(await parkedRows()).toEqual([]);
  });
});
