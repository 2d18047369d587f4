import { describe, expect, it } from "vitest";
import { parseTelegramUpdate, type TelegramUpdateFacts } from "./parseUpdate.js";

type Message = NonNullable<TelegramUpdateFacts["message"]>;
const from = { id: 7 };
const chat = { id: -100 };
const decide = (message: Message) =>
  parseTelegramUpdate({ update_id: 1, message: { message_id: 5, chat, from, ...message } });
const file = (file_id: string) => ({ file_id });

describe("what is not a message to the bot is ignored", () => {
  it.each<[string, TelegramUpdateFacts]>([
    ["an update without message", { update_id: 1 }],
    ["a message without chat", { update_id: 1, message: { from, text: "hi" } }],
    ["a message without sender", { update_id: 1, message: { chat, text: "hi" } }],
    ["a chat id of zero", { update_id: 1, message: { chat: { id: 0 }, from, text: "hi" } }],
  ])("%s", (_, update) => {
    expect(parseTelegramUpdate(update)).toEqual({ kind: "ignored" });
  });
});

describe("/start is never a message", () => {
  it.each([
    ["/start ABCD", "ABCD"],
    ["/start@my_bot ab-_09", "ab-_09"],
    [" /start   ABCD ", "ABCD"],
    ["/start", null],
    ["/start abc", null],
    ["/startle x", null],
    ["/start two words", null],
    [`/start ${"a".repeat(128)}`, "a".repeat(128)],
    [`/start ${"a".repeat(129)}`, null],
  ])("%j has the code %j", (text, code) => {
    expect(decide({ text })).toEqual({ kind: "start", code });
  });
});

describe("messages", () => {
  it("takes the trimmed text, the ids and the message id", () => {
    expect(decide({ text: "  hello " })).toEqual({
      kind: "message",
      chatId: "-100",
      senderId: "7",
      messageText: "hello",
      externalMessageId: "5",
      metadata: { telegramChatId: "-100", telegramUserId: "7" },
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
  ])("describes %j", (message, kinds, type) => {
    expect(decide(message)).toMatchObject({
      messageText: `[telegram media] ${kinds} message`,
      metadata: { telegramMediaType: type },
    });
  });
  it("finds nothing to read in stickers, locations, documents and empty photos", () => {
    expect(decide({ text: "  " })).toEqual({ kind: "unsupported", chatId: "-100", senderId: "7" });
    expect(decide({ photo: [] })).toMatchObject({ kind: "unsupported" });
  });
});
