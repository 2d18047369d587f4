import { describe, expect, it, vi } from "vitest";
import { connect, drained, ids } from "./testedWebhook.js";

describe("webhook delivery", () => {
  it("posts each update once with the secret header; any 2xx is enough", async () => {
    const { server, received } = await connect((call) => (call === 0 ? 200 : 204));
    server.userSends({ chatId: 7, text: "a" });
    server.userSends({ chatId: 7, text: "b" });
    await drained(server);
    expect(received).toEqual([
      { updateId: 1000, chatId: 7, text: "a", secret: "s3cret" },
      { updateId: 1001, chatId: 7, text: "b", secret: "s3cret" },
    ]);
    expect(server.deliveries()).toMatchObject([
      { updateId: 1000, attempt: 1, status: 200 },
      { updateId: 1001, attempt: 1, status: 204 },
    ]);
  });

  it("without a secret there is no header", async () => {
    const { server, received } = await connect(() => 200, {}, { secret_token: undefined });
    server.userSends({ chatId: 7, text: "a" });
    await drained(server);
    expect(received[0]?.secret).toBeUndefined();
  });

  it("retries at once, then after 2 and 4 seconds; the next update of the chat waits, other chats do not", async () => {
    const failures = new Map<number, number>();
    const { server, received } = await connect(
      (_, { updateId }) => {
        const failed = failures.get(updateId) ?? 0;
        failures.set(updateId, failed + 1);
        return updateId === 1000 && failed < 3 ? 500 : 200;
      },
      { timeScale: 0.01 },
    );
    server.userSends({ chatId: 7, text: "poison" });
    server.userSends({ chatId: 7, text: "behind" });
    server.userSends({ chatId: 8, text: "other" });
    await drained(server);
    expect(ids(received.filter(({ chatId }) => chatId === 7))).toEqual([1000, 1000, 1000, 1000, 1001]);
    expect(ids(received).indexOf(1002)).toBeLessThan(ids(received).indexOf(1001));
    const times = server.deliveries().filter(({ updateId }) => updateId === 1000);
    const gap = (n: number) => (times[n]?.at ?? 0) - (times[n - 1]?.at ?? 0);
    expect(gap(2)).toBeGreaterThanOrEqual(19);
    expect(gap(3)).toBeGreaterThanOrEqual(39);
  });

  it("runs chats in parallel up to max_connections", async () => {
    const { server, maxInFlight } = await connect(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 15));
        return 200;
      },
      {},
      { max_connections: 2 },
    );
    for (let chatId = 1; chatId <= 6; chatId += 1) server.userSends({ chatId, text: "x" });
    await drained(server);
    expect(maxInFlight()).toBe(2);
  });

  it("getWebhookInfo shows pending updates and the last error, also after recovery", async () => {
    let healthy = false;
    const { server, call } = await connect(() => (healthy ? 200 : 401));
    server.userSends({ chatId: 7, text: "a" });
    await vi.waitFor(() => expect(server.deliveries().length).toBeGreaterThan(1), { interval: 2 });
    expect(await call("getWebhookInfo")).toMatchObject({
      pending_update_count: 1,
      last_error_message: "Wrong response from the webhook: 401 Unauthorized",
    });
    healthy = true;
    await drained(server);
    const info = await call("getWebhookInfo");
    expect(info).toMatchObject({
      pending_update_count: 0,
      last_error_message: expect.stringContaining("401") as unknown,
    });
    expect(Math.abs(Number(info.last_error_date) - Date.now() / 1000)).toBeLessThan(60);
  });

  it("redirects, closed sockets and silence count as failures", async () => {
    const { server, call } = await connect(
      (n, _, res) => {
        if (n === 0) return 302;
        if (n === 1) res.destroy();
        return n < 3 ? undefined : 200;
      },
      { readTimeoutMs: 30 },
    );
    server.userSends({ chatId: 7, text: "a" });
    await drained(server);
    expect(server.deliveries().map(({ error }) => error)).toEqual([
      "Wrong response from the webhook: 302 Found",
      "Connection closed",
      "Read timeout expired",
      undefined,
    ]);
    expect(await call("getWebhookInfo")).toMatchObject({ last_error_message: "Read timeout expired" });
  });

  it("an endpoint that is not there is `Connection refused`, and nothing is sent off this machine", async () => {
    const { server, call } = await connect(() => 200);
    await call("setWebhook", { url: "http://127.0.0.1:1/" });
    server.userSends({ chatId: 7, text: "a" });
    await vi.waitFor(() => expect(server.deliveries().at(-1)?.error).toBe("Connection refused"), {
      interval: 2,
    });
    await call("setWebhook", { url: "https://example.com/" });
    await vi.waitFor(() => expect(server.deliveries().at(-1)?.error).toMatch(/only to http on loopback/), {
      interval: 2,
    });
  });

  it("obeys Retry-After", async () => {
    const { server } = await connect((n, _, res) => {
      if (n === 0) res.setHeader("retry-after", "20");
      return n === 0 ? 503 : 200;
    });
    server.userSends({ chatId: 7, text: "a" });
    await drained(server);
    const [first, second] = server.deliveries();
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(39);
  });

  it("drops a callback query after 150 seconds and a message only after a day", async () => {
    const { server } = await connect(() => 500, { timeScale: 0.0002 });
    server.userPresses({ chatId: 7, messageId: 1, data: "x" });
    server.userSends({ chatId: 7, text: "a" });
    await vi.waitFor(() => expect(server.pendingUpdates()).toBe(1), { interval: 2 });
    const before = server.deliveries().filter(({ updateId }) => updateId === 1001).length;
    await vi.waitFor(
      () =>
        expect(server.deliveries().filter(({ updateId }) => updateId === 1001).length).toBeGreaterThan(
          before,
        ),
      { interval: 2 },
    );
    expect(server.pendingUpdates()).toBe(1);
  });

  it("a receiver that is 410 for 23 hours loses its webhook", async () => {
    const { server, call } = await connect(() => 410, { timeScale: 0.000_000_5 });
    server.userSends({ chatId: 7, text: "a" });
    await vi.waitFor(
      async () => {
        if (server.pendingUpdates() === 0) server.userSends({ chatId: 7, text: "again" });
        expect(await call("getWebhookInfo")).toMatchObject({ url: "" });
      },
      { interval: 2 },
    );
  });

  it("a webhook set again takes up what waits at once, and drop_pending_updates throws it away", async () => {
    let healthy = false;
    const { server, call, url, received } = await connect(() => (healthy ? 200 : 500), { timeScale: 1 });
    server.userSends({ chatId: 7, text: "a" });
    await vi.waitFor(() => expect(server.deliveries()).toHaveLength(2), { interval: 2 });
    healthy = true;
    await call("setWebhook", { url, secret_token: "rotated" });
    await drained(server);
    expect(received.at(-1)?.secret).toBe("rotated");
    await call("deleteWebhook");
    server.userSends({ chatId: 7, text: "b" });
    await call("setWebhook", { url, drop_pending_updates: true });
    expect(server.pendingUpdates()).toBe(0);
  });

  it("executes a method in a 2xx body, but no getter or webhook call", async () => {
    const { server, call } = await connect((n, { chatId }, res) => {
      res.writeHead(200, { "content-type": "application/json" });
      res.end(
        JSON.stringify(
          n === 0 ? { method: "sendMessage", chat_id: chatId, text: "echo" } : { method: "deleteWebhook" },
        ),
      );
      return undefined;
    });
    server.userSends({ chatId: 7, text: "a" });
    expect(await server.waitForOutbox(1)).toMatchObject([{ chatId: 7, text: "echo" }]);
    server.userSends({ chatId: 7, text: "b" });
    await drained(server);
    expect(await call("getWebhookInfo")).not.toMatchObject({ url: "" });
  });
});
