import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  anUpdate,
  deliver,
  stubBotApi,
  withBot,
  type BotApiStub,
  type TestBot,
} from "../../../test/component/telegramBot.js";
import { textOf, useWorld } from "../../../test/component/world.js";
import { sweepAlbums } from "./sweep.js";

const world = useWorld();
let telegram: BotApiStub;
let bot: TestBot;
beforeEach(async () => {
  telegram = stubBotApi();
  bot = await withBot(world, telegram, { botId: 7, secretRef: "telegram.botToken", username: "our_bot" });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const part = (file_id: string, fields: Record<string, unknown> = {}, chatId = 42) => {
  telegram.files.set(file_id, new TextEncoder().encode(file_id));
  return anUpdate(chatId, "", {
    text: undefined,
    from: { id: 42 },
    media_group_id: "g1",
    photo: [{ file_id }],
    ...fields,
  });
};
const queued = () => world.t.run((ctx) => ctx.db.query("messageQueue").collect());
const filesOf = async (workerId = "w1") => {
  const job = await world.mustClaim(workerId, { hydrate: true });
  return { job, ids: job.hydration?.payload.attachments?.map(({ telegramFileId }) => telegramFileId) };
};

describe("an album", () => {
  it("is one message with all its files in order, however its parts arrive", async () => {
    const [a, b, c] = [part("a"), part("b", { caption: "look" }), part("c")];
    const first = await deliver(world, bot, c);
    for (const update of [a, b, a, c, b]) expect(await deliver(world, bot, update)).toEqual(first);
    await deliver(world, bot, anUpdate(42, "after"));
    await world.pass(750);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(6_000);
    const { job, ids } = await filesOf();
    expect(ids).toEqual(["a", "b", "c"]);
    expect(textOf(job)).toBe("look");
    expect(job.payload.metadata).toMatchObject({ telegramMediaType: "photo", telegramMediaGroupId: "g1" });
    await world.complete("w1", job);
    expect(textOf(await world.claim("w1"))).toBe("after");
    expect(await queued()).toHaveLength(2);
  });

  it("waits a second after its latest part, and no longer", async () => {
    const [a, b] = [part("a"), part("b")];
    telegram.files.clear();
    await deliver(world, bot, a);
    await world.pass(750);
    await deliver(world, bot, b);
    await world.pass(750);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(250);
    expect((await filesOf()).ids).toEqual(["a", "b"]);
  });

  it("says what came when nobody wrote a caption, and joins captions", async () => {
    await deliver(world, bot, part("a"));
    await deliver(world, bot, part("b", { photo: undefined, video: { file_id: "b" } }));
    await world.pass(6_000);
    const { job } = await filesOf();
    expect(textOf(job)).toBe("[telegram media] photo + video message");
    expect(job.payload.metadata).toMatchObject({
      telegramVideoFileId: "b",
      telegramMediaType: "photo+video",
    });
    await world.complete("w1", job);
    await deliver(world, bot, part("c", { media_group_id: "g2", caption: "one" }));
    await deliver(world, bot, part("d", { media_group_id: "g2", caption: "two" }));
    await world.pass(6_000);
    expect(textOf(await world.claim("w1"))).toBe("one\n\ntwo");
  });

  it("that came late goes on as another message", async () => {
    await deliver(world, bot, part("a"));
    await world.pass(6_000);
    const { job } = await filesOf();
    const late = part("b");
    const second = await deliver(world, bot, late);
    expect(await deliver(world, bot, late)).toEqual(second);
    expect(await deliver(world, bot, part("c"))).toEqual(second);
    await world.complete("w1", job);
    await world.pass(6_000);
    expect((await filesOf()).ids).toEqual(["b", "c"]);
  });

  it("in a group follows its part that speaks to the bot", async () => {
    const caption = { caption: "/see" };
    expect(await deliver(world, bot, part("a", caption, -5))).toMatchObject({ kind: "enqueued" });
    expect(await deliver(world, bot, part("b", {}, -5))).toMatchObject({ kind: "enqueued" });
    expect(await deliver(world, bot, part("z", { media_group_id: "g9" }, -5))).toEqual({ kind: "ignored" });
    await world.pass(6_000);
    expect((await filesOf()).ids).toEqual(["a", "b"]);
  });

  it("is one for each chat and bot, and forgotten after a day", async () => {
    await deliver(world, bot, part("a"));
    await deliver(world, bot, part("b", {}, 43));
    await world.pass(6_000);
    expect(await queued()).toHaveLength(2);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await world.t.mutation((ctx) => sweepAlbums(ctx))).toBe(2);
    for (const worker of ["w1", "w2"]) await world.complete(worker, await world.mustClaim(worker));
  });
});
