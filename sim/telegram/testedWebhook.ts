import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, vi } from "vitest";
import { startTelegramServer, type TelegramServer, type TelegramServerOptions } from "./index.js";
import { TOKEN } from "./testedServer.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** One update as the webhook got it. */
export interface Received {
  updateId: number;
  chatId: number;
  text: string;
  secret: string | undefined;
}
/** Status (or a handler) for the n-th call, from 0. */
type Reply = (
  call: number,
  received: Received,
  res: ServerResponse,
) => number | undefined | Promise<number | undefined>;

/** A webhook receiver that records what it gets. */
async function startReceiver(reply: Reply) {
  const received: Received[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    void (async () => {
      let body = "";
      for await (const part of req) body += String(part);
      const update = JSON.parse(body) as {
        update_id: number;
        message?: { text: string; chat: { id: number } };
      };
      const entry: Received = {
        updateId: update.update_id,
        chatId: update.message?.chat.id ?? 0,
        text: update.message?.text ?? "",
        secret: req.headers["x-telegram-bot-api-secret-token"]?.toString(),
      };
      received.push(entry);
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      const status = await reply(received.length - 1, entry, res);
      inFlight -= 1;
      if (status !== undefined) res.writeHead(status).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { url, received, maxInFlight: () => maxInFlight };
}

/** A simulator whose webhook points at a receiver; a Telegram second lasts 2 ms. */
export async function connect(
  reply: Reply,
  options: TelegramServerOptions = {},
  hook: Record<string, unknown> = {},
) {
  const receiver = await startReceiver(reply);
  const server = await startTelegramServer({
    bots: [{ token: TOKEN, username: "sim_bot" }],
    allowHttpWebhooks: true,
    timeScale: 0.002,
    ...options,
  });
  open.unshift(server);
  const call = async (method: string, args: unknown = {}) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(args);
    const response = await fetch(`${server.url}/bot${TOKEN}/${method}`, { method: "POST", headers, body });
    return ((await response.json()) as { result: Record<string, unknown> }).result;
  };
  await call("setWebhook", { url: receiver.url, secret_token: "s3cret", ...hook });
  return { server, call, ...receiver };
}

/** Resolves when nothing is left to deliver. */
export const drained = (server: TelegramServer) =>
  vi.waitFor(() => expect(server.pendingUpdates()).toBe(0), { interval: 2 });
/** Update ids in order of arrival. */
export const ids = (received: Received[]) => received.map(({ updateId }) => updateId);
