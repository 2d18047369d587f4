import { describe, expect, it, vi } from "vitest";
import { httpRouter } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { registerRoutes, type RegisterRoutesOptions } from "../registerRoutes.js";

const component = { lib: new Proxy({}, { get: (_, name) => name }) } as unknown as ComponentApi;
const update = (message: Record<string, unknown> = {}) => ({
  update_id: 1,
  message: { message_id: 1, chat: { id: 4 }, from: { id: 4 }, text: "hi", ...message },
});

/** Delivers one body to routes with these options, to a component that answers `result`. */
async function deliver(
  options: RegisterRoutesOptions,
  body: unknown = update(),
  answers: { result?: unknown; secret?: string | null; known?: boolean } = {},
) {
  const { result = { kind: "enqueued", messageId: "m" }, secret = "s", known = true } = answers;
  const http = httpRouter();
  registerRoutes(http, component, { pathPrefix: "bots/", ...options });
  const [handler] = http.lookup("/bots/telegram/webhook", "POST") ?? [];
  const { _handler } = handler as unknown as {
    _handler: (ctx: unknown, request: Request) => Promise<Response>;
  };
  const calls: unknown[] = [];
  const ctx = {
    runQuery: (name: unknown, args: unknown) => {
      calls.push([name, args]);
      return Promise.resolve(known ? { botId: "1" } : null);
    },
    runMutation: (name: unknown, args: unknown) => {
      calls.push([name, args]);
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
    },
  };
  const request = new Request("https://x.example/bots/telegram/webhook", {
    method: "POST",
    headers: secret === null ? {} : { "X-Telegram-Bot-Api-Secret-Token": secret },
    body: typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
  });
  const response = await _handler(ctx, request);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as unknown, calls };
}
const ingested = (args: Record<string, unknown>) => [["ingestTelegramUpdate", expect.objectContaining(args)]];

describe("the options", () => {
  it("reach the component with their defaults, in one call", async () => {
    const { calls } = await deliver({});
    expect(calls).toEqual([
      [
        "ingestTelegramUpdate",
        {
          webhookSecret: "s",
          rawUpdateJson: JSON.stringify(update()),
          webhookPath: "/bots/telegram/webhook",
          resolveFromBinding: true,
          requireBinding: false,
          fallbackAgentKey: "default",
        },
      ],
    ]);
  });
  it("reach the component as given", async () => {
    const providerConfig = {
      kind: "fly" as const,
      appName: "a",
      organizationSlug: "o",
      image: "i",
      region: "r",
      volumeName: "v",
      volumePath: "/v",
      volumeSizeGb: 1,
    };
    const options = {
      resolveAgentKeyFromBinding: false,
      requireBindingForTelegram: true,
      fallbackAgentKey: "spare",
      providerConfig,
    };
    const { calls } = await deliver(options);
    expect(calls).toEqual(
      ingested({
        resolveFromBinding: false,
        requireBinding: true,
        fallbackAgentKey: "spare",
        providerConfig,
      }),
    );
  });
});

describe("resolveAgentKey", () => {
  it("sees the whole update, once the secret is known", async () => {
    const resolveAgentKey = vi.fn(() => " named ");
    const { calls } = await deliver({ resolveAgentKey }, { ...update({ entities: [] }), future: 1 });
    expect(resolveAgentKey).toHaveBeenCalledWith({ ...update({ entities: [] }), future: 1 });
    expect(calls).toEqual([
      ["identifyTelegramWebhook", { webhookSecret: "s" }],
      ...ingested({ namedAgentKey: "named" }),
    ]);
  });
  it("sees an edited message as the message", async () => {
    const resolveAgentKey = vi.fn(() => null);
    await deliver({ resolveAgentKey }, { update_id: 2, edited_message: update().message });
    expect(resolveAgentKey).toHaveBeenCalledWith(expect.objectContaining({ message: update().message }));
  });
  it.each([null, undefined, " ", Promise.resolve("")])("names nobody with %j", async (answer) => {
    const { calls } = await deliver({ resolveAgentKey: () => answer });
    expect(calls.at(-1)).not.toHaveProperty("1.namedAgentKey");
  });
  it("is not asked about a stranger's call, nor about what is no message", async () => {
    const resolveAgentKey = vi.fn(() => "named");
    expect(await deliver({ resolveAgentKey }, update(), { known: false })).toMatchObject({ status: 401 });
    for (const body of ["{", "null", { update_id: 1 }, { update_id: 1, message: { text: "x" } }]) {
      await deliver({ resolveAgentKey }, body);
    }
    expect(resolveAgentKey).not.toHaveBeenCalled();
  });
  it("that throws leaves the update without an agent, and its words out of the log", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const resolveAgentKey = () => {
      throw new Error("quotes the update: hi there");
    };
    const { calls } = await deliver({ resolveAgentKey });
    expect(calls.at(-1)).toMatchObject(["ingestTelegramUpdate", { namedAgentKey: null }]);
    expect(JSON.stringify(log.mock.calls)).not.toContain("hi there");
    log.mockRestore();
  });
});

describe("the answers", () => {
  it.each<[unknown, number, unknown]>([
    [{ kind: "ignored" }, 200, { ok: true, ignored: true }],
    [
      { kind: "paired", consumerUserId: "u", agentKey: "a" },
      200,
      { ok: true, pairing: { status: "used", consumerUserId: "u", agentKey: "a" } },
    ],
    [
      { kind: "pairingFailed", error: "Pairing code not found" },
      200,
      { ok: true, pairing: { status: "failed", error: "Pairing code not found" } },
    ],
    [{ kind: "unbound" }, 200, { ok: false, error: "no active binding for telegram user" }],
    [{ kind: "enqueued", messageId: "m" }, 202, { ok: true }],
    [{ kind: "parked", code: "agent_not_found" }, 202, { ok: true, parked: true }],
    [
      { kind: "notJson" },
      400,
      { ok: false, error: { code: "request_not_json", message: "The body must be JSON" } },
    ],
    [
      { kind: "refused" },
      401,
      { ok: false, error: { code: "telegram_secret_invalid", message: "Missing or unknown webhook secret" } },
    ],
  ])("%j is %d", async (result, status, body) => {
    expect(await deliver({}, update(), { result })).toMatchObject({ status, body });
  });
  it("an unknown secret is counted by the call that found it unknown", async () => {
    const { calls } = await deliver({}, update(), { result: { kind: "refused" } });
    expect(calls).toEqual(ingested({ webhookSecret: "s" }));
  });
  it.each([
    [
      'Documents read from or written to the "alarms" table changed while this mutation was being run',
      503,
      "1",
    ],
    ["Too many writes per second. Your deployment is limited", 429, "2"],
  ])("%s: repeated, and then left to Telegram", async (message, status, after) => {
    vi.useFakeTimers();
    const logs = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
    for (const log of logs) log.mockImplementation(() => undefined);
    const delivered = deliver({}, update(), { result: new Error(message) });
    await vi.runAllTimersAsync();
    const refused = await delivered;
    expect(refused.status).toBe(status);
    expect(refused.headers.get("Retry-After")).toBe(after);
    expect(refused.calls.length).toBeGreaterThan(2);
    expect(new Set(refused.calls.map((call) => JSON.stringify(call))).size).toBe(1);
    for (const log of logs) log.mockRestore();
    vi.useRealTimers();
  });
  it("a bug is no answer at all, so that Telegram repeats", async () => {
    await expect(deliver({}, update(), { result: new Error("bug") })).rejects.toThrow("bug");
  });
  it.each([null, "", "x".repeat(257)])("the secret %j is refused and counted", async (secret) => {
    const calls = [["recordRefusal", { door: "webhook", reason: "telegram_secret_invalid" }]];
    expect(await deliver({}, update(), { secret })).toMatchObject({ status: 401, calls });
  });
  it("an oversized body goes nowhere, and bytes that are no text are no JSON", async () => {
    expect(await deliver({}, "x".repeat(1024 * 1024 + 1))).toMatchObject({ status: 413, calls: [] });
    const { calls } = await deliver({}, new Uint8Array([0xff, 0xfe]));
    expect(calls).toEqual(ingested({ rawUpdateJson: "" }));
  });
});
