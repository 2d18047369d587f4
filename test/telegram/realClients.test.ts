/** Bots written with the usual libraries run against the simulator unchanged, over real sockets. */
import { Bot, GrammyError, InlineKeyboard, InputFile } from "grammy";
import { Input, Telegraf } from "telegraf";
import { afterEach, describe, expect, it } from "vitest";
import { startTelegramServer, type TelegramServer } from "../../sim/telegram/index.js";

const TOKEN = `77:${"g".repeat(35)}`;
const chat = 5;
const jpeg = new Uint8Array([0xff, 0xd8, 1, 2, 3]);
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(): Promise<TelegramServer> {
  const telegram = await startTelegramServer({ bots: [{ token: TOKEN, username: "lib_bot" }] });
  open.push(() => telegram.close());
  telegram.addChat({ chatId: chat });
  return telegram;
}

describe("grammy", () => {
  it("a bot that polls answers commands, text, buttons and files", async () => {
    const telegram = await start();
    const bot = new Bot(TOKEN, { client: { apiRoot: telegram.url } });
    const files: number[] = [];
    bot.command("start", (ctx) =>
      ctx.reply("Welcome", { reply_markup: new InlineKeyboard().text("Yes", "yes") }),
    );
    bot.callbackQuery("yes", async (ctx) => {
      await ctx.answerCallbackQuery();
      await ctx.editMessageText("You said yes");
    });
    bot.on("message:text", (ctx) =>
      ctx.reply(ctx.msg.text.toUpperCase(), { reply_parameters: { message_id: ctx.msg.message_id } }),
    );
    bot.on("message:photo", async (ctx) => {
      const file = await ctx.getFile();
      const url = `${telegram.url}/file/bot${TOKEN}/${file.file_path}`;
      files.push((await (await fetch(url)).arrayBuffer()).byteLength);
      await ctx.replyWithPhoto(ctx.msg.photo[0]!.file_id, { caption: "again" });
    });
    await new Promise<void>((started, failed) => {
      bot.start({ onStart: () => started() }).catch(failed);
      open.push(() => bot.stop());
    });
    telegram.userSends({ chatId: chat, text: "/start" });
    const [welcome] = await telegram.waitForOutbox(1);
    telegram.userPresses({ chatId: chat, data: "yes", messageId: welcome!.messageId });
    await telegram.waitForOutbox((outbox) => outbox[0]!.text === "You said yes");
    telegram.userSends({ chatId: chat, text: "hello" });
    await telegram.waitForOutbox(2);
    telegram.userSendsFile({ chatId: chat, kind: "photo", bytes: jpeg });
    const outbox = await telegram.waitForOutbox(3);
    expect(files).toEqual([jpeg.byteLength]);
    expect(outbox.map(({ text, file }) => [text, file?.kind])).toEqual([
      ["You said yes", undefined],
      ["HELLO", undefined],
      ["again", "photo"],
    ]);
    expect(outbox[2]!.file!.bytes).toEqual(jpeg);
  });

  it("uploads, groups of files, entities, edits, copies and removals", async () => {
    const telegram = await start();
    const { api } = new Bot(TOKEN, { client: { apiRoot: telegram.url } });
    const photo = await api.sendPhoto(chat, new InputFile(jpeg, "cat.jpg"), {
      caption: "a cat",
      caption_entities: [{ type: "bold", offset: 2, length: 3 }],
    });
    expect(photo.caption_entities).toEqual([{ type: "bold", offset: 2, length: 3 }]);
    const group = await api.sendMediaGroup(chat, [
      { type: "photo", media: new InputFile(jpeg, "1.jpg"), caption: "both" },
      { type: "photo", media: photo.photo[0]!.file_id },
    ]);
    expect(new Set(group.map((message) => "media_group_id" in message && message.media_group_id)).size).toBe(
      1,
    );
    const said = await api.sendMessage(chat, "hello world", {
      entities: [{ type: "text_link", offset: 6, length: 5, url: "https://example.org" }],
    });
    expect(said.entities).toHaveLength(1);
    await api.editMessageText(chat, said.message_id, "hello again");
    await api.editMessageCaption(chat, photo.message_id, { caption: "my cat" });
    await api.copyMessage(chat, chat, photo.message_id);
    await api.setMessageReaction(chat, said.message_id, [{ type: "emoji", emoji: "👍" }]);
    await api.deleteMessage(chat, said.message_id);
    await api.sendLocation(chat, 46.5, 11.3);
    await api.sendPoll(chat, "Lunch?", [{ text: "yes" }, { text: "no" }]);
    expect((await api.sendDice(chat, "🎲")).dice.value).toBeGreaterThan(0);
    await api.setMyCommands([{ command: "help", description: "what I can do" }]);
    expect(await api.getMyCommands()).toHaveLength(1);
    expect((await api.getChat(chat)).type).toBe("private");
    expect((await api.getChatMember(chat, 77)).status).toBe("member");
    const outbox = telegram.outbox();
    expect(
      outbox.map(({ text, file, content }) => text || file?.kind || Object.keys(content ?? {})[0]),
    ).toEqual(["my cat", "both", "photo", "hello again", "my cat", "location", "poll", "dice"]);
    expect(outbox.filter(({ deletedAt }) => deletedAt !== undefined)).toHaveLength(1);
    const refusal = await api.deleteMessage(chat, said.message_id).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GrammyError);
    expect((refusal as GrammyError).description).toBe("Bad Request: message to delete not found");
    const same = await api.editMessageCaption(chat, photo.message_id, { caption: "my cat" }).catch(String);
    expect(same).toContain("message is not modified");
  });
});

describe("telegraf", () => {
  it("a bot that polls answers text and a document, with files uploaded and sent on", async () => {
    const telegram = await start();
    const bot = new Telegraf(TOKEN, { telegram: { apiRoot: telegram.url } });
    bot.start((ctx) => ctx.replyWithDocument(Input.fromBuffer(Buffer.from("hello"), "hello.txt")));
    bot.on("text", (ctx) =>
      ctx.reply(`You said ${ctx.message.text}`, { entities: [{ type: "italic", offset: 0, length: 3 }] }),
    );
    bot.on("document", (ctx) => ctx.forwardMessage(chat));
    const running = bot.launch();
    open.push(async () => {
      bot.stop();
      await running;
    });
    telegram.userSends({ chatId: chat, text: "/start" });
    await telegram.waitForOutbox(1);
    telegram.userSends({ chatId: chat, text: "hi" });
    await telegram.waitForOutbox(2);
    telegram.userSendsFile({ chatId: chat, kind: "document", bytes: jpeg, fileName: "a.bin" });
    const outbox = await telegram.waitForOutbox(3);
    expect(outbox[0]!.file).toMatchObject({ kind: "document", fileName: "hello.txt" });
    expect(outbox[1]).toMatchObject({
      text: "You said hi",
      entities: [{ type: "italic", offset: 0, length: 3 }],
    });
  });
});
