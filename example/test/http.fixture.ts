/** This app with the component installed, and a Bot API server on loopback, fresh for each test. */
import { convexTest } from "convex-test";
import { defineSchema } from "convex/server";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, vi } from "vitest";
import agentFactory from "@okrlinkhub/agent-factory/test";
import { internal } from "../convex/_generated/api.js";

const modules = import.meta.glob(["../convex/**/*.ts", "../convex/**/*.js"]);
export const TOKEN = `123456:${"A".repeat(35)}`;
export const WEBHOOK = "/agent-factory/telegram/webhook";

export function setup() {
  const t = convexTest({ schema: defineSchema({}), modules, transactionLimits: true });
  agentFactory.register(t);
  return t;
}
export type T = ReturnType<typeof setup>;

interface BotApiCall {
  path: string;
  body: Record<string, unknown>;
}

/** A Bot API server that remembers its calls and answers as told. */
async function startBotApi(answer: (method: string) => { status: number; body: unknown } | null) {
  const calls: BotApiCall[] = [];
  let url = "";
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const path = request.url ?? "";
      const body = JSON.parse(text) as Record<string, unknown>;
      calls.push({ path, body });
      if (typeof body.url === "string") url = body.url;
      const method = path.split("/").at(-1) ?? "";
      const told = answer(method);
      const usual =
        method === "setWebhook"
          ? { ok: true, result: true, description: "Webhook was set" }
          : method === "getMe"
            ? { ok: true, result: { id: 123456, is_bot: true, first_name: "Sales", username: "sales_bot" } }
            : { ok: true, result: { url, pending_update_count: 0, has_custom_certificate: false } };
      response.writeHead(told?.status ?? 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(told?.body ?? usual));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { calls, baseUrl, close };
}

export let botApi: Awaited<ReturnType<typeof startBotApi>>;
let nextAnswer: (method: string) => { status: number; body: unknown } | null;
/** What the Bot API server says from now on; null is its usual answer. */
export const answerWith = (answer: typeof nextAnswer) => {
  nextAnswer = answer;
};
beforeEach(async () => {
  nextAnswer = () => null;
  botApi = await startBotApi((method) => nextAnswer(method));
  vi.stubEnv("TELEGRAM_API_BASE_URL", botApi.baseUrl);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await botApi.close();
});

export const configure = (t: T, convexSiteUrl = "https://app.convex.cloud/") =>
  t.action(internal.operator.configureTelegramWebhook, {
    convexSiteUrl,
    secretRef: "telegram.botToken.sales",
  });
export const lastSecret = () =>
  String(botApi.calls.filter((entry) => entry.path.endsWith("setWebhook")).at(-1)?.body.secret_token);

/** The command in the question that the bot asked last, once it did. */
export const questionCommand = (): Promise<string> =>
  vi.waitFor(() => {
    const asked = botApi.calls.filter((entry) => entry.path.endsWith("sendMessage")).at(-1);
    const command = /\/connect_[0-9a-f]{16}/.exec(String(asked?.body.text))?.[0];
    if (command === undefined) throw new Error("the bot has asked nothing");
    return command;
  });

export async function withBot(enabled = true) {
  const t = setup();
  const profile = { agentKey: "sales", version: "1", secretsRef: ["telegram.botToken.sales"], enabled };
  await t.mutation(internal.operator.configureAgent, profile);
  await t.mutation(internal.operator.importSecret, {
    secretRef: "telegram.botToken.sales",
    plaintextValue: TOKEN,
  });
  await configure(t);
  return { t, secret: lastSecret() };
}

export const anUpdate = (id: number, fields: Record<string, unknown> = {}) => ({
  update_id: id,
  message: {
    message_id: id,
    date: 1,
    chat: { id: 42, type: "private" },
    from: { id: 42 },
    text: "hello",
    ...fields,
  },
});
export async function deliver(t: T, secret: string | null, body: unknown) {
  const response = await t.fetch(WEBHOOK, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(secret !== null && { "X-Telegram-Bot-Api-Secret-Token": secret }),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}
export const queued = (t: T, conversationId = "telegram:42") =>
  t.query(internal.operator.listQueueItemsForConversation, { conversationId });
export const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { data?: { code?: string; message?: string } }) => error.data ?? error,
  );
