import { describe, expect, it } from "vitest";
import { startTelegramServer } from "./index.js";
import { startTested as start, TOKEN } from "./testedServer.js";

describe("calling", () => {
  it("tells malformed, unknown and revoked tokens and unknown methods apart", async () => {
    const { server, refusal } = await start();
    expect(await refusal("getMe", {}, "nonsense")).toBe("401 401 Unauthorized: invalid token specified");
    expect(await refusal("getMe", {}, `42:${"b".repeat(35)}`)).toBe("401 401 Unauthorized");
    expect(await refusal("getNothing")).toBe("404 404 Not Found: method not found");
    expect((await fetch(`${server.url}/nowhere`)).status).toBe(404);
    server.revokeToken(42);
    expect(await refusal("getMe")).toBe("401 401 Unauthorized");
  });

  it("takes method names in any case, and arguments as query, form, multipart or JSON", async () => {
    const { server } = await start();
    server.addChat({ chatId: 7 });
    const url = `${server.url}/bot${encodeURIComponent(TOKEN)}/SENDMESSAGE`;
    const form = new FormData();
    form.set("chat_id", "7");
    form.set("text", "multipart");
    await fetch(`${url}?chat_id=7&text=query`);
    await fetch(url, { method: "POST", body: new URLSearchParams({ chat_id: "7", text: "form" }) });
    await fetch(url, { method: "POST", body: form });
    expect(server.outbox().map(({ text }) => text)).toEqual(["query", "form", "multipart"]);
  });

  it("getMe describes the bot", async () => {
    const { call } = await start();
    expect((await call("getMe")).body.result).toMatchObject({ id: 42, is_bot: true, username: "sim_bot" });
  });

  it("refuses a malformed bot token at start without repeating it", async () => {
    const text = await startTelegramServer({ bots: [{ token: "secret", username: "x" }] }).then(
      () => "started",
      (error: Error) => error.message,
    );
    expect(text).toContain("@x");
    expect(text).not.toContain("secret");
  });
});

describe("setWebhook", () => {
  it.each([
    [{ url: "http://example.com/" }, "bad webhook: An HTTPS URL must be provided for webhook"],
    [
      { url: "https://example.com:3000/" },
      "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
    ],
    [{ url: "https://127.0.0.1/" }, "bad webhook: IP address 127.0.0.1 is reserved"],
    [{ url: "https://192.168.1.1/" }, "bad webhook: IP address 192.168.1.1 is reserved"],
    [{ url: "nonsense" }, "invalid webhook URL specified"],
    [{ url: "https://example.com/", secret_token: "a b" }, "secret token contains unallowed characters"],
    [{ url: "https://example.com/", secret_token: "a".repeat(257) }, "secret token is too long"],
  ])("refuses %o", async (args, reason) => {
    const { refusal } = await start();
    expect(await refusal("setWebhook", args)).toBe(`400 400 Bad Request: ${reason}`);
  });

  it("accepts a public https URL, says when nothing changed, and is shown without its secret", async () => {
    const { call } = await start();
    const args = { url: "https://example.com:8443/hook", secret_token: "s3cret", max_connections: 5 };
    expect((await call("setWebhook", args)).body).toEqual({
      ok: true,
      result: true,
      description: "Webhook was set",
    });
    expect((await call("setWebhook", args)).body.description).toBe("Webhook is already set");
    expect((await call("setWebhook", { ...args, secret_token: "new" })).body.description).toBe(
      "Webhook was set",
    );
    const info = (await call("getWebhookInfo")).body.result;
    expect(info).toMatchObject({ url: args.url, pending_update_count: 0, max_connections: 5 });
    expect(JSON.stringify(info)).not.toMatch(/s3cret|new/);
  });

  it("an empty url removes it, as deleteWebhook does", async () => {
    const { call } = await start({ allowHttpWebhooks: true });
    await call("setWebhook", { url: "http://127.0.0.1:9/" });
    expect((await call("setWebhook", { url: "" })).body.description).toBe("Webhook was deleted");
    expect((await call("deleteWebhook")).body.description).toBe("Webhook is already deleted");
    expect((await call("getWebhookInfo")).body.result).toMatchObject({ url: "" });
  });
});

describe("getUpdates", () => {
  it("conflicts with a webhook, and drains what was pending after its removal", async () => {
    const { server, call, refusal } = await start();
    await call("setWebhook", { url: "https://example.com/" });
    expect(await refusal("getUpdates")).toMatch(
      /^409 409 Conflict: can't use getUpdates method while webhook/,
    );
    await call("deleteWebhook");
    const [first, second] = ["a", "b"].map((text) => server.userSends({ chatId: 1, text }));
    const all = (await call("getUpdates")).body.result as { update_id: number }[];
    expect(all.map(({ update_id }) => update_id)).toEqual([first, second]);
    expect((await call("getUpdates", { offset: second })).body.result).toHaveLength(1);
    expect(server.pendingUpdates()).toBe(1);
  });

  it("waits for an update, and a second poller ends the first", async () => {
    const { server, call } = await start();
    const polling = call("getUpdates", { timeout: 5 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = call("getUpdates", { timeout: 5 });
    expect((await polling).status).toBe(409);
    server.userSends({ chatId: 1, text: "hello" });
    expect((await second).body.result).toHaveLength(1);
  });

  it("update kinds that were not asked for are not sent; ids may jump and start again", async () => {
    const { server, call } = await start();
    await call("getUpdates", { allowed_updates: ["message"] });
    server.userSends({ chatId: 1, text: "a" });
    server.userEdits({ chatId: 1, messageId: 1, text: "b" });
    server.setNextUpdateId(7);
    server.userSends({ chatId: 1, text: "c" });
    const updates = (await call("getUpdates")).body.result as { update_id: number }[];
    expect(updates.map(({ update_id }) => update_id)).toEqual([7, 1000]);
  });
});

describe("chat actions, callbacks and files", () => {
  it("logs chat actions and refuses unknown ones", async () => {
    const { server, call, refusal } = await start();
    server.addChat({ chatId: 7 });
    expect((await call("sendChatAction", { chat_id: 7, action: "typing" })).body.result).toBe(true);
    expect(server.chatActions()).toMatchObject([{ chatId: 7, action: "typing" }]);
    expect(await refusal("sendChatAction", { chat_id: 7, action: "dance" })).toContain(
      "wrong parameter action",
    );
  });

  it("serves a user's file through getFile, up to 20 MB, without its file name in the path", async () => {
    const { server, call, refusal } = await start();
    const bytes = new TextEncoder().encode("content");
    server.userSendsFile({ chatId: 7, kind: "document", bytes, fileName: "../../etc/passwd.TXT" });
    server.userSendsFile({
      chatId: 7,
      kind: "photo",
      bytes,
      declaredSize: 20 * 1024 * 1024 + 1,
      caption: "big",
    });
    const updates = (await call("getUpdates")).body.result as { message: Record<string, never> }[];
    expect(updates).toMatchObject([
      { message: { document: { file_id: "sim-file-42-0", file_size: 7 } } },
      { message: { caption: "big", photo: [{ file_id: "sim-file-42-1" }] } },
    ]);
    const found = (await call("getFile", { file_id: "sim-file-42-0" })).body.result as { file_path: string };
    expect(found.file_path).toBe("documents/file_0.TXT");
    const download = await fetch(`${server.url}/file/bot${TOKEN}/${found.file_path}`);
    expect(await download.text()).toBe("content");
    expect(await refusal("getFile", { file_id: "sim-file-42-1" })).toBe(
      "400 400 Bad Request: file is too big",
    );
    expect(await refusal("getFile", { file_id: "other" })).toBe("400 400 Bad Request: invalid file_id");
    expect((await fetch(`${server.url}/file/bot${TOKEN}/photos/file_1.jpg`)).status).toBe(404);
    expect((await fetch(`${server.url}/file/bot42:${"b".repeat(35)}/${found.file_path}`)).status).toBe(401);
  });

  it("answers its own callback queries only", async () => {
    const { server, call, refusal } = await start();
    server.userPresses({ chatId: 7, messageId: 1, data: "yes" });
    const [update] = (await call("getUpdates")).body.result as {
      callback_query: { id: string; data: string };
    }[];
    expect(update?.callback_query.data).toBe("yes");
    const id = update?.callback_query.id;
    expect((await call("answerCallbackQuery", { callback_query_id: id })).status).toBe(200);
    expect(await refusal("answerCallbackQuery", { callback_query_id: "x" })).toContain("query is too old");
  });
});

describe("control from outside", () => {
  it("user-sends, outbox and chat-state work over HTTP", async () => {
    const { server, call, refusal } = await start();
    const post = (path: string, body: unknown) =>
      fetch(`${server.url}/__sim/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect(await (await post("user-sends", { chatId: 7, text: "hi" })).json()).toEqual({ updateId: 1000 });
    expect((await post("user-sends", { chatId: 7 })).status).toBe(400);
    expect((await post("user-sends", { chatId: 7, text: "x", botId: 1 })).status).toBe(400);
    await call("sendMessage", { chat_id: 7, text: "answer" });
    const { outbox } = (await (await fetch(`${server.url}/__sim/outbox`)).json()) as { outbox: unknown[] };
    expect(outbox).toMatchObject([{ chatId: 7, text: "answer" }]);
    await post("chat-state", { chatId: 7, state: "blocked" });
    expect(await refusal("sendMessage", { chat_id: 7, text: "x" })).toContain("403");
  });

  it("waitForOutbox resolves on a count or a predicate, and rejects in time and on close", async () => {
    const { server, call } = await start();
    server.addChat({ chatId: 7 });
    const waiting = server.waitForOutbox((outbox) => outbox.some(({ text }) => text === "b"));
    await call("sendMessage", { chat_id: 7, text: "a" });
    await call("sendMessage", { chat_id: 7, text: "b" });
    expect(await waiting).toHaveLength(2);
    expect(await server.waitForOutbox(2)).toHaveLength(2);
    await expect(server.waitForOutbox(3, 10)).rejects.toThrow("not met within 10 ms, 2 so far");
    const cut = expect(server.waitForOutbox(3)).rejects.toThrow("closed");
    await server.close();
    await cut;
  });
});
