import { describe, expect, it } from "vitest";
import { parseTelegramUpdate } from "./parseUpdate.js";
import { readTelegramUpdate, type TelegramMessage as Message, type TelegramUpdate } from "./updateSchema.js";

const from = { id: 7 };
const chat = { id: -100 };
const decide = (message: Message) =>
  parseTelegramUpdate({ update_id: 1, message: { message_id: 5, chat, from, ...message } });
const file = (file_id: string) => ({ file_id });

describe("what is not a message to the bot is ignored", () => {
  it.each<[string, TelegramUpdate]>([
    ["an update without message", { update_id: 1 }],
    ["a message without chat", { update_id: 1, message: { from, text: "hi" } }],
    ["a message without sender", { update_id: 1, message: { chat, text: "hi" } }],
    ["a chat id of zero", { update_id: 1, message: { chat: { id: 0 }, from, text: "hi" } }],
  ])("%s", (_, update) => {
    expect(parseTelegramUpdate(update)).toEqual({ kind: "ignored" });
  });
});

describe("the answer to a pairing's question", () => {
  const nonce = "0123456789abcdef";
  it("is the command of the question alone", () => {
    expect(decide({ text: ` /connect_${nonce} ` })).toMatchObject({ kind: "answer", nonce });
  });
  it.each([
    `/connect_${nonce}0`,
    `/connect_${nonce.slice(1)}`,
    `/connect_${nonce.toUpperCase()}`,
    `/connect_${nonce} yes`,
    `/Connect_${nonce}`,
    `/connect_${nonce}@my_bot`,
    `／connect_${nonce}`,
    `/сonnect_${nonce}`,
    "/connect",
  ])("is not %j", (text) => {
    expect(decide({ text })).toMatchObject({ kind: "message" });
  });
});

describe("/start is never a message", () => {
  it.each<[string, string | null, string?]>([
    ["/start ABCD", "ABCD"],
    ["/start@my_bot ab-_09", "ab-_09", "my_bot"],
    [" /start   ABCD ", "ABCD"],
    ["/startABCD", null],
    ["/startx ABCD", null],
    ["/start@my_bot@other ABCD", null],
    ["/start@mÿ_bot ABCD", null],
    ["/start АBCD", null],
    ["/start", null],
    ["/start abc", null],
    ["/startle x", null],
    ["/start two words", null],
    [`/start ${"a".repeat(128)}`, "a".repeat(128)],
    [`/start ${"a".repeat(129)}`, null],
  ])("%j has the code %j", (text, code, bot) => {
    expect(decide({ text })).toEqual({
      kind: "start",
      code,
      account: bot ?? null,
      chatId: "-100",
      userId: "7",
      isPrivate: false,
    });
  });
});

describe("messages", () => {
  it("takes the trimmed text, the ids and the message id", () => {
    expect(decide({ text: "  hello " })).toEqual({
      kind: "message",
      chatId: "-100",
      userId: "7",
      isPrivate: false,
      messageText: "hello",
      hasWords: true,
      externalMessageId: "5",
      files: [],
      metadata: { telegramChatId: "-100", telegramUserId: "7", telegramMessageId: "5" },
    });
  });
  it("takes the update's id where the message has none", () => {
    expect(decide({ text: "x", message_id: undefined })).toMatchObject({ externalMessageId: "1" });
  });
  it("takes the caption and the largest photo", () => {
    expect(decide({ caption: " look ", photo: [file("small"), file("large")] })).toMatchObject({
      messageText: "look",
      metadata: { telegramPhotoFileId: "large", telegramMediaType: "photo" },
    });
  });
  it.each<[Message, string, string]>([
    [{ photo: [file("p")] }, "photo", "photo"],
    [{ video: file("v") }, "video", "video"],
    [{ audio: file("a") }, "audio", "audio"],
    [{ voice: file("o") }, "audio", "voice"],
    [{ photo: [file("p")], audio: file("a") }, "photo + audio", "photo+audio"],
    [{ photo: [file("p")], voice: file("o") }, "photo + audio", "photo+voice"],
    [{ photo: [file("p")], video: file("v") }, "photo + video", "photo+video"],
    [{ video: file("v"), audio: file("a") }, "video + audio", "video+audio"],
    [{ video: file("v"), voice: file("o") }, "video + audio", "video+voice"],
    [{ document: file("d") }, "document", "document"],
  ])("describes %j", (message, kinds, type) => {
    expect(decide(message)).toMatchObject({
      messageText: `[telegram media] ${kinds} message`,
      metadata: { telegramMediaType: type },
    });
  });
  it("names a document and what the sender calls it", () => {
    const document = { file_id: "d", file_name: "a.pdf", mime_type: "application/pdf" };
    expect(decide({ document, caption: "read" })).toMatchObject({
      messageText: "read",
      metadata: {
        telegramDocumentFileId: "d",
        telegramDocumentFileName: "a.pdf",
        telegramDocumentMimeType: "application/pdf",
      },
    });
  });
  it("knows a private chat by its type, else by its id", () => {
    const privacy = (chat: Message["chat"]) => decide({ text: "x", chat });
    expect(privacy({ id: 7 })).toMatchObject({ isPrivate: true });
    expect(privacy({ id: -7 })).toMatchObject({ isPrivate: false });
    expect(privacy({ id: 7, type: "private" })).toMatchObject({ isPrivate: true });
    expect(privacy({ id: 7, type: "group" })).toMatchObject({ isPrivate: false });
  });
  it("names the topic of a forum, and no other thread", () => {
    const topic = { text: "x", message_thread_id: 3 };
    expect(decide({ ...topic, is_topic_message: true })).toMatchObject({
      threadId: "3",
      metadata: { telegramThreadId: "3" },
    });
    expect(decide(topic)).not.toHaveProperty("threadId");
  });
  it("takes an edit for what it is", () => {
    const edited_message = { message_id: 5, chat, from, text: "/start better" };
    expect(parseTelegramUpdate({ update_id: 1, edited_message })).toMatchObject({
      kind: "edited",
      messageText: "/start better",
      externalMessageId: "5",
    });
    expect(parseTelegramUpdate({ update_id: 1, edited_message: { chat, from } })).toEqual({
      kind: "ignored",
    });
  });
  it("finds nothing to read in stickers, locations and empty photos", () => {
    expect(decide({ text: "  " })).toMatchObject({ kind: "unsupported", chatId: "-100", userId: "7" });
    expect(decide({ photo: [] })).toMatchObject({ kind: "unsupported" });
  });
});

describe("files", () => {
  it("have a name and a type that are text, wherever a long one is cut", () => {
    const document = {
      file_id: "f",
      file_name: `${"a".repeat(115)}😀.txt`,
      mime_type: `${"a".repeat(99)}😀`,
    };
    expect(decide({ document })).toMatchObject({
      files: [{ kind: "document", fileName: `${"a".repeat(115)}.txt`, mimeType: "a".repeat(99) }],
    });
  });
});

describe("bodies", () => {
  it("tells an update from other JSON and from none", () => {
    expect(readTelegramUpdate("{")).toEqual({ kind: "notJson" });
    for (const body of ["null", "[]", "{}", '{"update_id":"1"}', '{"update_id":1,"message":{"chat":"x"}}']) {
      expect(readTelegramUpdate(body)).toEqual({ kind: "notAnEvent" });
    }
    const body = JSON.stringify({ update_id: 1, message: { text: "a\ud800b", future: [1] }, later: true });
    expect(readTelegramUpdate(body)).toEqual({
      kind: "update",
      update: { update_id: 1, message: { text: "a\ufffdb", future: [1] }, later: true },
    });
  });
});
