import { afterEach } from "vitest";
import { startTelegramServer, type TelegramServer, type TelegramServerOptions } from "./index.js";

/** Token of the one bot in tests. */
export const TOKEN = `42:${"a".repeat(35)}`;
const servers: TelegramServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Starts a simulator with one bot; it is closed after the test. `refusal` is `<HTTP status> <error_code> <text>`. */
export async function startTested(options: TelegramServerOptions = {}) {
  const server = await startTelegramServer({ bots: [{ token: TOKEN, username: "sim_bot" }], ...options });
  servers.push(server);
  const call = async (method: string, args: unknown = {}, token = TOKEN) => {
    const response = await fetch(`${server.url}/bot${token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  const refusal = async (method: string, args?: unknown, token?: string) => {
    const { status, body } = await call(method, args, token);
    return `${status} ${body.error_code} ${body.description}`;
  };
  return { server, call, refusal };
}

/** A Bot API answer, loosely. */
interface Answer {
  ok: boolean;
  result?: Record<string, unknown> | boolean | Record<string, unknown>[];
  error_code?: number;
  description?: string;
  parameters?: Record<string, number>;
}
