import { describe, expect, it } from "vitest";
import { GENEROUS_RATE_LIMITS, REAL_RATE_LIMITS } from "./index.js";
import { startTested as start } from "./testedServer.js";

describe("sendMessage", () => {
  it("counts message ids per chat over both directions and fills the outbox", async () => {
    const { server, call } = await start();
    server.userSends({ chatId: 7, text: "hi" });
    server.addChat({ chatId: 8 });
    expect((await call("sendMessage", { chat_id: 7, text: "one" })).body.result).toMatchObject({
      message_id: 2,
    });
    await call("sendMessage", { chat_id: "8", text: "<b>two</b>", parse_mode: "HTML" });
    expect(server.outbox()).toMatchObject([
      { botId: 42, chatId: 7, text: "one", messageId: 2 },
      { chatId: 8, text: "two", rawText: "<b>two</b>", messageId: 1, parseMode: "HTML" },
    ]);
  });

  it.each([
    [{ chat_id: 9, text: "x" }, "400 400 Bad Request: chat not found"],
    [{ text: "x" }, "400 400 Bad Request: chat_id is empty"],
    [{ chat_id: 7, text: " \n" }, "400 400 Bad Request: message text is empty"],
    [{ chat_id: 7, text: "x".repeat(4097) }, "400 400 Bad Request: message is too long"],
    [{ chat_id: 7, text: "x", message_thread_id: 3 }, "400 400 Bad Request: message thread not found"],
    [
      { chat_id: 7, text: "x", reply_parameters: { message_id: 99 } },
      "400 400 Bad Request: message to be replied not found",
    ],
    [
      { chat_id: 7, text: "<b>x", parse_mode: "HTML" },
      `400 400 Bad Request: can't parse entities: Can't find end tag corresponding to start tag "b"`,
    ],
    [{ chat_id: 7, text: "x", parse_mode: "BBCode" }, "400 400 Bad Request: unsupported parse_mode"],
  ])("refuses %o", async (args, expected) => {
    const { server, refusal } = await start();
    server.addChat({ chatId: 7 });
    expect(await refusal("sendMessage", args)).toBe(expected);
    expect(server.outbox()).toEqual([]);
  });

  it("4096 characters after parsing pass, and a missing reply target may be optional", async () => {
    const { server, call } = await start();
    server.addChat({ chatId: -1001234567890, threads: [3], username: "room" });
    const text = `<b>${"x".repeat(4096)}</b>`;
    const reply_parameters = { message_id: 99, allow_sending_without_reply: true };
    const sent = await call("sendMessage", {
      chat_id: "@room",
      text,
      parse_mode: "HTML",
      message_thread_id: 3,
      reply_parameters,
    });
    expect(sent.status).toBe(200);
    expect(server.outbox()).toMatchObject([{ chatId: -1001234567890, messageThreadId: 3 }]);
  });

  it.each([
    ["blocked", 7, "403 403 Forbidden: bot was blocked by the user"],
    ["deactivated", 7, "403 403 Forbidden: user is deactivated"],
    ["kicked", -7, "403 403 Forbidden: bot was kicked from the group chat"],
    ["kicked", -1001234567890, "403 403 Forbidden: bot was kicked from the supergroup chat"],
    ["noRights", -7, "400 400 Bad Request: not enough rights to send text messages to the chat"],
  ] as const)("a %s chat refuses", async (state, chatId, expected) => {
    const { server, refusal } = await start();
    server.addChat({ chatId });
    server.setChatState(chatId, state);
    expect(await refusal("sendMessage", { chat_id: chatId, text: "x" })).toBe(expected);
    server.setChatState(chatId, "open");
    expect(await refusal("sendMessage", { chat_id: chatId, text: "x" })).toBe("200 undefined undefined");
  });

  it("a migrated group names its new id, which accepts messages", async () => {
    const { server, call } = await start();
    server.addChat({ chatId: -7 });
    const newId = server.migrateChat(-7);
    const refused = await call("sendMessage", { chat_id: -7, text: "x" });
    expect(refused.status).toBe(400);
    expect(refused.body.parameters).toEqual({ migrate_to_chat_id: newId });
    expect((await call("sendMessage", { chat_id: newId, text: "x" })).status).toBe(200);
  });

  it("over the limit: 429 with retry_after in body and header", async () => {
    const { server, call } = await start({ rateLimits: REAL_RATE_LIMITS });
    server.addChat({ chatId: 7 });
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push(await call("sendMessage", { chat_id: 7, text: `${n}` }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[3]?.body.description).toBe("Too Many Requests: retry after 1");
    expect(answers[3]?.body.parameters).toEqual({ retry_after: 1 });
    expect(answers[3]?.headers.get("retry-after")).toBe("1");
    expect(server.outbox()).toHaveLength(3);
  });

  it("single limits can be set, and `false` switches all off", async () => {
    const strict = await start({ rateLimits: { chatBurst: 1, chatPerSecond: 0.001 } });
    strict.server.addChat({ chatId: 7 });
    await strict.call("sendMessage", { chat_id: 7, text: "x" });
    expect(await strict.refusal("sendMessage", { chat_id: 7, text: "x" })).toMatch(/retry after (1000|999)$/);
    const free = await start({ rateLimits: false });
    free.server.addChat({ chatId: 7 });
    const burst = GENEROUS_RATE_LIMITS.chatBurst + 20;
    const many = await Promise.all(
      Array.from({ length: burst }, () => free.call("sendMessage", { chat_id: 7, text: "x" })),
    );
    expect(many.every(({ status }) => status === 200)).toBe(true);
  });

  it("a lost reply still delivered: the outbox has the message the sender never heard of", async () => {
    const { server, call } = await start({
      faults: [{ kind: "dropAfter", path: "/bot*/sendMessage", count: 1 }],
    });
    server.addChat({ chatId: 7 });
    await expect(call("sendMessage", { chat_id: 7, text: "x" })).rejects.toThrow();
    expect(server.outbox()).toHaveLength(1);
    server.setFaults([{ kind: "dropBefore", path: "/bot*/sendMessage", count: 1 }]);
    await expect(call("sendMessage", { chat_id: 7, text: "y" })).rejects.toThrow();
    expect(server.outbox()).toHaveLength(1);
  });
});
