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
import { internal } from "../../component/_generated/api.js";
import type { Id } from "../../component/_generated/dataModel.js";
import { sweepAttachments, sweepFetches } from "./sweep.js";

const world = useWorld();
let telegram: BotApiStub;
let bot: TestBot;
beforeEach(async () => {
  telegram = stubBotApi();
  bot = await withBot(world, telegram, { botId: 7, secretRef: "telegram.botToken" });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const bytes = (text: string) => new TextEncoder().encode(text);
const document = (file_id: string, fields: Record<string, unknown> = {}) =>
  anUpdate(42, "", { text: undefined, document: { file_id, ...fields } });
const rows = () => world.t.run((ctx) => ctx.db.query("attachments").collect());
const filesInStorage = () => world.t.run((ctx) => ctx.db.system.query("_storage").collect());
const hydrated = async (workerId = "w1") => {
  const job = await world.mustClaim(workerId, { hydrate: true });
  return { job, attachments: job.hydration?.payload.attachments };
};
const contentOf = (storageId: string) =>
  world.t.run(async (ctx) => {
    const id = ctx.db.system.normalizeId("_storage", storageId) as Id<"_storage">;
    return await (await ctx.storage.get(id))?.text();
  });

describe("a file of a message", () => {
  it("is fetched after the acknowledgement, once, and goes along with the message", async () => {
    telegram.files.set("f1", bytes("content"));
    const update = document("f1", { file_name: "../a.pdf", mime_type: "application/pdf", file_size: 7 });
    const first = await deliver(world, bot, update);
    expect(await deliver(world, bot, update)).toEqual(first);
    expect(telegram.calls.some(({ method }) => method === "getFile")).toBe(false);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(5_000);
    const { attachments } = await hydrated();
    expect(attachments).toEqual([
      {
        status: "ready",
        kind: "document",
        fileName: "a.pdf",
        mimeType: "application/pdf",
        sizeBytes: 7,
        telegramFileId: "f1",
        storageId: expect.any(String) as string,
        downloadUrl: expect.stringMatching(/^https?:/) as string,
        expiresAt: expect.any(Number) as number,
      },
    ]);
    expect(await contentOf(attachments?.[0]?.storageId ?? "")).toBe("content");
    expect(await rows()).toHaveLength(1);
  });

  it("keeps the place of its message: nothing overtakes it", async () => {
    let arrive: () => void = () => undefined;
    telegram.downloads = new Promise<void>((resolve) => (arrive = resolve));
    telegram.files.set("f1", bytes("slow"));
    const pass = (ms: number) => void vi.advanceTimersByTime(ms);
    await deliver(world, bot, document("f1"));
    await deliver(world, bot, anUpdate(42, "later"));
    await deliver(world, bot, anUpdate(43, "of another chat"));
    pass(5_000);
    const other = await world.mustClaim("w1");
    expect(textOf(other)).toBe("of another chat");
    expect(await world.claim("w2")).toBeNull();
    arrive();
    await world.t.finishInProgressScheduledFunctions();
    await world.pass(5_000);
    const { job, attachments } = await hydrated("w2");
    expect(attachments).toMatchObject([{ status: "ready" }]);
    await world.complete("w2", job);
    expect(textOf(await world.claim("w2"))).toBe("later");
  });

  it("behind another message, waits in its turn", async () => {
    telegram.files.set("f1", 500);
    await deliver(world, bot, anUpdate(42, "before"));
    await deliver(world, bot, document("f1"));
    await deliver(world, bot, anUpdate(42, "after"));
    const before = await world.mustClaim("w1");
    await world.complete("w1", before);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(61_000, 1_000);
    const { job, attachments } = await hydrated();
    expect(attachments).toMatchObject([{ status: "failed" }]);
    await world.complete("w1", job);
    expect(textOf(await world.claim("w1"))).toBe("after");
    await world.pass(300_000, 5_000);
  });

  it("is waited for at most the time of the policy, and helps a later attempt", async () => {
    telegram.files.set("f1", 502);
    await world.t.mutation(world.lib.setPolicies, { policies: { attachments: { waitMs: 5_000 } } });
    await deliver(world, bot, document("f1"));
    await world.pass(4_500);
    expect(await world.claim("w1")).toBeNull();
    await world.pass(1_000);
    const { job, attachments } = await hydrated();
    expect(attachments).toMatchObject([
      { status: "failed", error: expect.stringContaining("502") as string },
    ]);
    telegram.files.set("f1", bytes("at last"));
    await world.fail("w1", job);
    await world.pass(40_000, 1_000);
    const again = await world.mustClaim("w2", { hydrate: true });
    expect(again.messageId).toBe(job.messageId);
    expect(again.hydration?.payload.attachments).toMatchObject([{ status: "ready", sizeBytes: 7 }]);
  });

  it.each([
    ["Telegram refuses", "f1", {}, 400],
    ["the token was revoked", "f1", {}, 401],
  ])("that cannot be had because %s holds nothing up", async (_, fileId, fields, answer) => {
    telegram.files.set(fileId, answer);
    await deliver(world, bot, document(fileId, fields));
    await world.pass(5_000);
    const { attachments } = await hydrated();
    expect(attachments).toEqual([
      {
        status: "failed",
        kind: "document",
        telegramFileId: fileId,
        error: `Telegram refused the file: ${answer} file trouble`,
      },
    ]);
  });

  it("that is declared too large is not asked for, and the message does not wait", async () => {
    await deliver(world, bot, document("big", { file_size: 20 * 1024 * 1024 + 1 }));
    const { attachments } = await hydrated();
    expect(attachments).toMatchObject([
      { status: "failed", error: expect.stringContaining("20971520") as string },
    ]);
    await world.pass(5_000);
    expect(telegram.calls.some(({ method }) => method === "getFile")).toBe(false);
  });

  it("that is larger than it said is not stored", async () => {
    await world.t.mutation(world.lib.setPolicies, { policies: { attachments: { maxBytes: 10 } } });
    telegram.files.set("f1", bytes("eleven char"));
    await deliver(world, bot, document("f1", { file_size: 3 }));
    await world.pass(5_000);
    expect((await hydrated()).attachments).toMatchObject([{ status: "failed" }]);
    expect(await filesInStorage()).toEqual([]);
  });
});

describe("the fetching", () => {
  it("stores one copy when it runs twice, and is started again when it was lost", async () => {
    telegram.files.set("f1", bytes("x"));
    await deliver(world, bot, document("f1"));
    const [row] = await rows();
    if (!row) throw new Error("no row");
    const begin = () => world.t.mutation(internal.workers.beginFetch, { attachment: row._id });
    expect(await begin()).toMatchObject({ secretRef: "telegram.botToken" });
    await world.pass(5_000);
    const result = await world.t.run(async (ctx) => ({
      kind: "stored" as const,
      storageId: await ctx.storage.store(new Blob(["second"])),
      sizeBytes: 6,
    }));
    await world.t.mutation(internal.workers.endFetch, { attachment: row._id, result });
    expect(await filesInStorage()).toHaveLength(1);

    // As a row is left by an action that the platform lost.
    const { _id, _creationTime, storageId: _stored, ...lost } = row as typeof row & { storageId?: string };
    await world.t.run((ctx) => ctx.db.insert("attachments", { ...lost, dueAt: 1 }));
    expect(await world.t.mutation((ctx) => sweepFetches(ctx))).toBe(1);
    await world.pass(5_000);
    expect((await rows())[1]).toMatchObject({ status: "ready" });
  });

  it("gives up in the end", async () => {
    telegram.files.set("f1", 500);
    await deliver(world, bot, document("f1"));
    await world.pass(330_000, 5_000);
    expect(await rows()).toMatchObject([{ status: "failed" }]);
    const asked = telegram.calls.filter(({ method }) => method === "getFile").length;
    expect(asked).toBeGreaterThan(8);
    expect(asked).toBeLessThan(40);
    await world.pass(60_000, 10_000);
    expect(telegram.calls.filter(({ method }) => method === "getFile")).toHaveLength(asked);
  });
});

it("a file of a channel that is no more fails, and is not taken up for ever", async () => {
  await deliver(world, bot, document("f1"));
  await world.t.run(async (ctx) => {
    for (const { _id } of await ctx.db.query("attachments").collect())
      await ctx.db.patch(_id, { channel: "gone", dueAt: 0 });
    expect(await sweepFetches(ctx)).toBe(1);
  });
  expect(await rows()).toMatchObject([
    { status: "failed", error: "The channel that it came by hands out no files" },
  ]);
  expect(await world.t.run((ctx) => sweepFetches(ctx))).toBe(0);
});

describe("an old file", () => {
  it("is deleted, then forgotten; the message still says that there was one", async () => {
    telegram.files.set("f1", bytes("x"));
    await deliver(world, bot, document("f1"));
    await world.pass(5_000);
    expect(await filesInStorage()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 7 * 86_400_000 + 1_000);
    expect(await world.t.mutation((ctx) => sweepAttachments(ctx))).toBe(1);
    expect(await filesInStorage()).toEqual([]);
    const { job, attachments } = await hydrated();
    await world.complete("w1", job);
    expect(attachments).toEqual([
      { status: "expired", kind: "document", sizeBytes: 1, telegramFileId: "f1" },
    ]);
    vi.setSystemTime(Date.now() + 31 * 86_400_000);
    expect(await world.t.mutation((ctx) => sweepAttachments(ctx))).toBe(1);
    expect(await rows()).toEqual([]);
  });
});

describe("a reply's files", () => {
  const settle = (job: { messageId: string; leaseId: string }, storageId: string) =>
    world.t.mutation(world.lib.settle, {
      ...world.lease("w1", job),
      reply: {
        text: "here",
        parts: 2,
        files: [{ storageId, kind: "photo", fileName: "a.png", mimeType: "image/png", sizeBytes: 3 }],
      },
      sendingPart: 1,
    });
  const stored = () => world.t.run((ctx) => ctx.storage.store(new Blob(["png"])));

  it("are recorded before they are sent, found by who resumes, and deleted in time", async () => {
    await world.send("c", "draw");
    const job = await world.mustClaim("w1");
    const storageId = await stored();
    await settle(job, storageId);
    await settle(job, storageId);
    await world.fail("w1", job);
    await world.pass(5_000);
    const again = await world.mustClaim("w2", { hydrate: true });
    expect(again.hydration?.reply).toMatchObject({
      text: "here",
      parts: 2,
      nextPart: 1,
      files: [{ storageId, kind: "photo", fileName: "a.png", downloadUrl: expect.any(String) as string }],
    });
    await world.complete("w2", again);
    vi.setSystemTime(Date.now() + 8 * 86_400_000);
    expect(await world.t.mutation((ctx) => sweepAttachments(ctx))).toBe(1);
    expect(await filesInStorage()).toEqual([]);
  });

  it("must be uploaded for it", async () => {
    await world.send("c", "draw");
    const older = await stored();
    const job = await world.mustClaim("w1");
    await expect(settle(job, older)).rejects.toThrow(/uploaded for it/);
    await expect(settle(job, "nonsense")).rejects.toThrow(/uploaded for it/);
    const storageId = await stored();
    await settle(job, storageId);
    await world.complete("w1", job);
    await world.send("d", "steal");
    await expect(settle(await world.mustClaim("w1"), storageId)).rejects.toThrow(/uploaded for it/);
  });
});
