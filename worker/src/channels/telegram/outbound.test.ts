import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { closedPort, json, startTestServer, type TestServer } from "../../../../test/worker/httpServer.js";
import type { Clock } from "../../clock.js";
import type { Recipient } from "../channel.js";
import { createTelegramOutbound, type TelegramOptions } from "./outbound.js";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const recipient: Recipient = {
  providerUserId: "7",
  metadata: {},
  credential: "123:secret",
};
const ok = { ok: true, result: { message_id: 1 } };
const refusal = (code: number, description: string, parameters?: object) => ({
  ok: false,
  error_code: code,
  description,
  parameters,
});
const idle = new AbortController().signal;

async function against(
  answers: ((response: ServerResponse) => void)[],
  options: Partial<TelegramOptions> = {},
) {
  server = await startTestServer((_, response, index) =>
    answers[Math.min(index, answers.length - 1)]?.(response),
  );
  const slept: number[] = [];
  const clock: Clock = {
    now: () => 0,
    random: () => 1,
    sleep: (ms) => {
      slept.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
  const delivery = createTelegramOutbound({ baseUrl: server.baseUrl, clock, timeoutMs: 5_000, ...options });
  return { delivery, slept, received: server.received };
}
const reply = (status: number, body: unknown) => (response: ServerResponse) => json(response, status, body);

describe("Telegram delivery", () => {
  it("sends to the sender, or to the chat that the metadata names, on a connection of its own", async () => {
    const { delivery, received } = await against([reply(200, ok)]);
    expect(await delivery.send("hi", recipient, idle)).toEqual({ kind: "sent" });
    await delivery.send("hi", { ...recipient, metadata: { telegramChatId: "-100" } }, idle);
    expect(received[0]).toMatchObject({
      path: "/bot123:secret/sendMessage",
      body: { chat_id: "7", text: "hi" },
    });
    expect(received[1]?.body).toEqual({ chat_id: "-100", text: "hi" });
    expect(received[0]?.headers.connection).toBe("close");
  });

  it("answers in the topic of a group and refers to the message, where told", async () => {
    const { delivery, received } = await against([reply(200, ok)]);
    const metadata = { telegramChatId: "-100", telegramThreadId: "3", telegramMessageId: "55" };
    await delivery.send("hi", { ...recipient, metadata, quotes: true }, idle);
    await delivery.send("more", { ...recipient, metadata }, idle);
    expect(received.map(({ body }) => body)).toEqual([
      {
        chat_id: "-100",
        message_thread_id: 3,
        reply_parameters: { message_id: 55, allow_sending_without_reply: true },
        text: "hi",
      },
      { chat_id: "-100", message_thread_id: 3, text: "more" },
    ]);
  });

  it("follows a group that became a supergroup, and does without a topic that is gone", async () => {
    const moved = refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
      migrate_to_chat_id: -1001,
    });
    const gone = refusal(400, "Bad Request: message thread not found");
    const { delivery, received } = await against([reply(400, gone), reply(400, moved), reply(200, ok)]);
    const to = { ...recipient, metadata: { telegramChatId: "-1", telegramThreadId: "3" } };
    expect(await delivery.send("hi", to, idle)).toEqual({ kind: "sent" });
    expect(received.at(-1)?.body).toEqual({ chat_id: "-1001", text: "hi" });
    await server?.close();
    const always = await against([reply(400, moved)]);
    expect(await always.delivery.send("hi", to, idle)).toMatchObject({ kind: "refused" });
    expect(always.received).toHaveLength(2);
  });

  it("waits as long as told and sends again, within its bound", async () => {
    const busy = reply(429, refusal(429, "Too Many Requests: retry after 3", { retry_after: 3 }));
    const patient = await against([busy, busy, reply(200, ok)]);
    expect(await patient.delivery.send("hi", recipient, idle)).toEqual({ kind: "sent" });
    expect(patient.slept).toEqual([3_000, 3_000]);
    await server?.close();
    const bounded = await against([busy], { maxThrottleMs: 5_000 });
    expect(await bounded.delivery.send("hi", recipient, idle)).toMatchObject({ kind: "transient" });
    expect(bounded.received).toHaveLength(2);
  });

  it("falls back to plain text, once, when the formatting is refused", async () => {
    const broken = reply(
      400,
      refusal(400, "Bad Request: can't parse entities: unclosed tag at byte offset 3"),
    );
    const { delivery, received } = await against([broken, reply(200, ok)], { parseMode: "HTML" });
    expect(await delivery.send("a<b", recipient, idle)).toEqual({ kind: "sent" });
    expect(received.map((r) => r.body)).toEqual([
      { chat_id: "7", text: "a<b", parse_mode: "HTML" },
      { chat_id: "7", text: "a<b" },
    ]);
    await server?.close();
    const always = await against([broken], { parseMode: "HTML" });
    expect(await always.delivery.send("a<b", recipient, idle)).toMatchObject({ kind: "refused" });
  });

  it.each([
    [403, "Forbidden: bot was blocked by the user", "refused"],
    [400, "Bad Request: chat not found", "refused"],
    [404, "Not Found", "refused"],
  ])("%i %s is %s, after one request", async (code, description, kind) => {
    const { delivery, received } = await against([reply(code, refusal(code, description))]);
    expect(await delivery.send("hi", recipient, idle)).toEqual({
      kind,
      reason: `telegram ${code}: ${description}`,
    });
    expect(received).toHaveLength(1);
  });

  it("says of a revoked token what to do, and does not repeat", async () => {
    const { delivery, received } = await against([reply(401, refusal(401, "Unauthorized"))]);
    expect(await delivery.send("hi", recipient, idle)).toEqual({
      kind: "refused",
      reason: "telegram 401: Unauthorized (the bot's token was revoked or is wrong; import a new one)",
    });
    expect(received).toHaveLength(1);
  });

  it("repeats after a server error, a few times", async () => {
    const once = await against([reply(500, refusal(500, "Internal Server Error")), reply(200, ok)]);
    expect(await once.delivery.send("hi", recipient, idle)).toEqual({ kind: "sent" });
    await server?.close();
    const always = await against([(r) => void r.writeHead(502).end("<html>")]);
    expect(await always.delivery.send("hi", recipient, idle)).toEqual({
      kind: "transient",
      reason: "telegram: HTTP 502",
    });
    expect(always.received).toHaveLength(3);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["a connection dropped after the request", (r) => void r.destroy()],
    ["silence", () => undefined],
    ["an unreadable success", (r) => void r.writeHead(200).end("{")],
    ["an edge that waited in vain", (r) => void r.writeHead(504).end("<html>")],
  ])("%s is ambiguous and not repeated", async (name, answer) => {
    const { delivery, received } = await against([answer], name === "silence" ? { timeoutMs: 500 } : {});
    const result = await delivery.send("hi", recipient, idle);
    expect(result.kind).toBe("ambiguous");
    expect(JSON.stringify(result)).not.toContain("secret");
    expect(received).toHaveLength(1);
  });

  it("a refused connection is transient: nothing was sent", async () => {
    const { delivery } = await against([reply(200, ok)], { baseUrl: await closedPort() });
    expect(await delivery.send("hi", recipient, idle)).toEqual({
      kind: "transient",
      reason: "telegram: ECONNREFUSED",
    });
  });

  it("stops at once when aborted", async () => {
    const lost = new AbortController();
    const { delivery } = await against([() => void lost.abort(new Error("lease lost"))]);
    await expect(delivery.send("hi", recipient, lost.signal)).rejects.toThrow("lease lost");
  });

  it.each([
    ["busy", 429],
    ["failing", 500],
  ])("aborted while it waits for a %s Telegram, says that the part did not arrive", async (_, code) => {
    const lost = new AbortController();
    const clock: Clock = {
      now: () => 0,
      random: () => 1,
      sleep: () => (lost.abort(new Error("lease lost")), Promise.resolve()),
    };
    const { delivery, received } = await against([reply(code, refusal(code, "no"))], { clock });
    expect(await delivery.send("hi", recipient, lost.signal)).toMatchObject({ kind: "transient" });
    expect(received).toHaveLength(1);
  });

  it("shows typing until stopped, whatever Telegram answers", async () => {
    const { delivery, received } = await against([reply(500, {}), (r) => void r.destroy(), reply(200, ok)]);
    const answered = new AbortController();
    const showing = delivery.progress?.(recipient, answered.signal);
    while (received.length < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    answered.abort();
    await showing;
    expect(received[0]).toMatchObject({
      path: "/bot123:secret/sendChatAction",
      body: { chat_id: "7", action: "typing" },
    });
  });

  it("names a missing token and splits at Telegram's limit", async () => {
    const { delivery } = await against([reply(200, ok)]);
    expect(delivery.problem({ ...recipient, credential: null })).toBe("telegram bot token missing");
    expect(delivery.problem(recipient)).toBeNull();
    expect(delivery.render("x".repeat(5_000)).map((part) => part.length)).toEqual([4_096, 904]);
  });

  it.each([
    ["that names no time", reply(429, refusal(429, "Too Many Requests", { retry_after: 0 })), "transient"],
    [
      "that sends it from chat to chat",
      (
        (sent: number) => (to: ServerResponse) =>
          json(to, 400, refusal(400, "upgraded", { migrate_to_chat_id: -100 - ((sent += 1) % 2) }))
      )(0),
      "refused",
    ],
  ] as const)("does not go on for ever with a server %s", async (_what, answer, kind) => {
    const { delivery, received } = await against([answer]);
    expect(await delivery.send("hi", recipient, idle)).toMatchObject({ kind });
    expect(received.length).toBeLessThan(15);
  });
});
