/** Every row of the webhook's table of answers, over the real routes and the real component, with each option. */
import { convexTest } from "convex-test";
import { defineSchema, httpRouter } from "convex/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import agentFactory from "@okrlinkhub/agent-factory/test";
import { components } from "../../example/convex/_generated/api.js";
import { registerRoutes, type RegisterRoutesOptions } from "../../src/client/index.js";

const modules = import.meta.glob(["../../example/convex/**/*.ts", "../../example/convex/**/*.js"]);
const { lib } = components.agentFactory;
const TOKEN = `42:${"a".repeat(35)}`;
let t: ReturnType<typeof convexTest>;
let secret: string;

beforeEach(async () => {
  vi.stubGlobal("fetch", (url: string, init: { body: string }) => {
    const body = JSON.parse(init.body) as { secret_token?: string };
    secret = body.secret_token ?? secret;
    const me = { id: 42, is_bot: true, first_name: "B", username: "the_bot" };
    const result = url.endsWith("getMe") ? me : { url: "", pending_update_count: 0 };
    return Promise.resolve(Response.json({ ok: true, result }));
  });
  t = convexTest({ schema: defineSchema({}), modules, transactionLimits: true });
  agentFactory.register(t);
  const secretRef = "telegram.botToken";
  for (const agentKey of ["default", "sales"]) {
    await t.mutation(lib.configureAgent, { agentKey, version: "1", secretsRef: [secretRef], enabled: true });
  }
  await t.mutation(lib.importSecret, { secretRef, plaintextValue: TOKEN });
  await t.action(lib.configureTelegramWebhook, { convexSiteUrl: "https://x.convex.site", secretRef });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function post(
  body: unknown,
  options: RegisterRoutesOptions = {},
  headers: Record<string, string> = { "X-Telegram-Bot-Api-Secret-Token": secret },
) {
  const http = httpRouter();
  registerRoutes(http, components.agentFactory, options);
  const path = `${options.pathPrefix ?? "/agent-factory"}/telegram/webhook`;
  const [handler] = http.lookup(path, "POST") ?? [];
  const { _handler } = handler as unknown as {
    _handler: (ctx: unknown, request: Request) => Promise<Response>;
  };
  const request = new Request(`https://x.convex.site${path}`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const ctx = { runQuery: t.query.bind(t), runMutation: t.mutation.bind(t) };
  const response = await _handler(ctx, request);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  return { status: response.status, body: (await response.json()) as unknown };
}
const message = (fields: Record<string, unknown> = {}) => ({
  update_id: 1,
  message: { message_id: 1, chat: { id: 5, type: "private" }, from: { id: 5 }, text: "hi", ...fields },
});
const agents = async () => {
  const items = await t.query(lib.listJobsByStatus, { status: "queued" });
  return items.map((item) => item.agentKey);
};
const ignored = { status: 200, body: { ok: true, ignored: true } };
const unbound = { status: 200, body: { ok: false, error: "no active binding for telegram user" } };
const enqueued = { status: 202, body: { ok: true } };
const failed = (error: string) => ({ status: 200, body: { ok: true, pairing: { status: "failed", error } } });
const noCode = failed("missing or invalid pairing code in /start command");

describe("in this order", () => {
  it.each<Record<string, string>>([{}, { "X-Telegram-Bot-Api-Secret-Token": "wrong" }])(
    "no or a wrong secret, %j",
    async (headers) => {
      for (const body of ["{", message()]) expect((await post(body, {}, headers)).status).toBe(401);
      expect(await agents()).toEqual([]);
    },
  );
  it("a body that is not JSON", async () => {
    expect((await post("{")).status).toBe(400);
  });
  it.each<[string, unknown]>([
    ["an edit", { update_id: 1, edited_message: message().message }],
    ["a callback", { update_id: 1, callback_query: { id: "1" } }],
    ["a channel post", { update_id: 1, channel_post: message().message }],
    ["no chat", message({ chat: undefined })],
    ["no sender", message({ from: undefined })],
    ["a chat id of zero", message({ chat: { id: 0 } })],
  ])("no message to the bot: %s", async (_, body) => {
    expect(await post(body)).toEqual(ignored);
  });
  it("/start with a code, a wrong one, and none", async () => {
    const { code } = await t.mutation(lib.createPairingCode, { consumerUserId: "ann", agentKey: "sales" });
    expect(await post(message({ text: "/start AAAA" }))).toEqual(failed("Pairing code not found"));
    expect(await post(message({ text: `/start@another_bot ${code}` }))).toEqual(ignored);
    expect(await post(message({ text: `/start@the_bot ${code}` }))).toEqual({
      status: 200,
      body: { ok: true, pairing: { status: "pending" } },
    });
    for (const text of ["/start", "/start abc", "/startle x"])
      expect(await post(message({ text }))).toEqual(noCode);
    expect(await agents()).toEqual([]);
  });
  it("nobody's message when a binding is required, whatever it holds", async () => {
    const options = { requireBindingForTelegram: true };
    expect(await post(message(), options)).toEqual(unbound);
    expect(await post(message({ text: undefined, sticker: {} }), options)).toEqual(unbound);
    expect(await post(message(), { fallbackAgentKey: "" })).toEqual(unbound);
    expect(await post(message(), { ...options, resolveAgentKey: () => "sales" })).toEqual(enqueued);
    expect(await agents()).toEqual(["sales"]);
  });
  it("nothing that an agent could read", async () => {
    for (const fields of [{ sticker: {} }, { location: {} }, { photo: [] }]) {
      expect(await post(message({ text: undefined, ...fields }))).toEqual(ignored);
    }
  });
  it.each(["photo", "video", "audio", "voice", "document"])("a %s without text", async (kind) => {
    const file = { file_id: "f" };
    const fields = { text: undefined, [kind]: kind === "photo" ? [file] : file };
    expect(await post(message(fields))).toEqual(enqueued);
    const [item] = await t.query(lib.listQueueItemsForConversation, { conversationId: "telegram:5" });
    expect(item?.payload.messageText).toBe(`[telegram media] ${kind === "voice" ? "audio" : kind} message`);
  });
  it("a message for an agent that takes none", async () => {
    expect(await post(message(), { fallbackAgentKey: "nobody" })).toEqual({
      status: 202,
      body: { ok: true, parked: true },
    });
    expect(await t.query(lib.listParkedUpdates, {})).toMatchObject([{ code: "agent_not_found" }]);
  });
});

describe("the agent", () => {
  const bound = () =>
    t.mutation(lib.bindUserAgent, {
      consumerUserId: "ann",
      agentKey: "sales",
      telegramUserId: "5",
      telegramChatId: "5",
    });
  it.each<[string, RegisterRoutesOptions, boolean, string]>([
    ["the fallback", {}, false, "default"],
    ["another fallback", { fallbackAgentKey: "sales" }, false, "sales"],
    ["the binding's", {}, true, "sales"],
    ["not the binding's", { resolveAgentKeyFromBinding: false }, true, "default"],
    ["the app's", { resolveAgentKey: () => "default" }, true, "default"],
    [
      "the binding's below another prefix",
      { pathPrefix: "/bots", requireBindingForTelegram: true },
      true,
      "sales",
    ],
  ])("is %s", async (_, options, isBound, agentKey) => {
    if (isBound) await bound();
    expect(await post(message(), options)).toEqual(enqueued);
    expect(await agents()).toEqual([agentKey]);
  });
});
