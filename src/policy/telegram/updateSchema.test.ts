import { describe, expect, it } from "vitest";
import { readTelegramUpdate } from "./updateSchema.js";

const read = (update: unknown) => readTelegramUpdate(JSON.stringify(update));
const of = (message: unknown) => read({ update_id: 1, message });

describe("an update", () => {
  it("keeps what is unknown, at every depth", () => {
    const update = {
      update_id: 1,
      new_kind: { a: [1] },
      message: { chat: { id: 1, title: "x" }, from: { id: "7", is_bot: false }, sticker: { emoji: "🙂" } },
    };
    expect(read(update)).toEqual({ kind: "update", update });
  });

  it("has ids as numbers or quoted", () => {
    for (const id of [7, "7", -100])
      expect(of({ chat: { id } })).toMatchObject({ update: { message: { chat: { id } } } });
  });

  it("has its lone surrogates replaced in what is stored, and whole characters kept", () => {
    const body =
      '{"update_id":1,"message":{"text":"a\\ud83d b 🙂","document":{"file_id":"f","file_name":"\\ude00"},"from":{"first_name":"\\uDFFFx"}}}';
    expect(readTelegramUpdate(body)).toMatchObject({
      update: {
        message: { text: "a\ufffd b 🙂", document: { file_name: "\ufffd" }, from: { first_name: "\ufffdx" } },
      },
    });
  });

  it("is not changed in its prototype by a hostile field", () => {
    const read = readTelegramUpdate('{"update_id":1,"__proto__":{"message":{"text":"x"}}}');
    expect(read.kind).toBe("update");
    expect(read.kind === "update" && read.update.message).toBeUndefined();
    expect(({} as Record<string, unknown>).message).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["no object", 1],
    ["null", null],
    ["a list", [{ update_id: 1 }]],
    ["no id", { message: { text: "x" } }],
    ["an id that is quoted", { update_id: "1" }],
    ["an id that is no whole number", { update_id: 1.5 }],
    ["an id that a double cannot hold", { update_id: 2 ** 53 }],
    ["a message that is a text", { update_id: 1, message: "x" }],
    ["a message that is null", { update_id: 1, message: null }],
    ["a text that is a number", { update_id: 1, message: { text: 1 } }],
    ["a chat id that is an object", { update_id: 1, message: { chat: { id: {} } } }],
    ["a file without id", { update_id: 1, message: { photo: [{}] } }],
    ["files that are no list", { update_id: 1, message: { photo: { file_id: "f" } } }],
    [
      "an entity at half a character",
      { update_id: 1, message: { entities: [{ type: "x", offset: 0.5, length: 1 }] } },
    ],
    ["an entity without length", { update_id: 1, message: { caption_entities: [{ type: "x", offset: 0 }] } }],
    ["a membership without status", { update_id: 1, my_chat_member: { chat: {}, new_chat_member: {} } }],
  ])("is not: %s", (_, value) => {
    expect(read(value)).toEqual({ kind: "notAnEvent" });
  });

  it("with a number beyond all is none", () => {
    expect(readTelegramUpdate('{"update_id":1,"message":{"chat":{"id":1e999}}}').kind).toBe("notAnEvent");
  });

  it.each(["", "{", "undefined", "\ufeff{}"])("is no JSON: %j", (body) => {
    expect(readTelegramUpdate(body)).toEqual({ kind: "notJson" });
  });
});
