import { describe, expect, it, vi } from "vitest";
import { httpRouter } from "convex/server";
import type { ComponentApi } from "../../component/_generated/component.js";
import { registerRoutes, type RegisterRoutesOptions } from "../registerRoutes.js";

const component = { lib: new Proxy({}, { get: (_, name) => name }) } as unknown as ComponentApi;
const update = (message: Record<string, unknown> = {}) => ({
  update_id: 1,
  message: { message_id: 1, chat: { id: 4 }, from: { id: 4 }, text: "hi", ...message },
});

/** Delivers one update to routes with these options; the bot's own agent is `own`. */
async function deliver(
  options: RegisterRoutesOptions,
  body: unknown = update(),
  ownAgent: string | null = "own",
) {
  const http = httpRouter();
  registerRoutes(http, component, options);
  const [handler] = http.lookup("/bots/telegram/webhook", "POST") ?? [];
  const { _handler } = handler as unknown as {
    _handler: (ctx: unknown, request: Request) => Promise<Response>;
  };
  const ingested: Record<string, unknown>[] = [];
  const ctx = {
    runQuery: () => Promise.resolve({ botId: "1", agentKey: ownAgent }),
    runMutation: (_: unknown, args: Record<string, unknown>) => {
      ingested.push(args);
      return Promise.resolve({ kind: "enqueued", messageId: "m" });
    },
  };
  const request = new Request("https://x.example/bots/telegram/webhook", {
    method: "POST",
    headers: { "X-Telegram-Bot-Api-Secret-Token": "s" },
    body: JSON.stringify(body),
  });
  const response = await _handler(ctx, request);
  return { status: response.status, body: (await response.json()) as unknown, ingested };
}
const mounted = { pathPrefix: "bots/" };
const refused = {
  status: 200,
  body: { ok: false, error: "no active binding for telegram user" },
  ingested: [],
};

describe("whose message it is", () => {
  it("takes the app's answer, else the bot's agent, else the fallback", async () => {
    const named = { ...mounted, resolveAgentKey: () => "named" };
    expect((await deliver(named)).ingested).toMatchObject([{ agentKey: "named" }]);
    const unnamed = { ...mounted, resolveAgentKey: () => Promise.resolve(" ") };
    expect((await deliver(unnamed)).ingested).toMatchObject([{ agentKey: "own" }]);
    expect((await deliver(mounted, update(), null)).ingested).toMatchObject([{ agentKey: "default" }]);
    const fallback = { ...mounted, fallbackAgentKey: "spare" };
    expect((await deliver(fallback, update(), null)).ingested).toMatchObject([{ agentKey: "spare" }]);
  });
  it("shows the app the whole update", async () => {
    const resolveAgentKey = vi.fn(() => "named");
    await deliver({ ...mounted, resolveAgentKey }, { ...update({ entities: [] }), future: 1 });
    expect(resolveAgentKey).toHaveBeenCalledWith({ ...update({ entities: [] }), future: 1 });
  });
  it("refuses what the app does not name when a binding is required", async () => {
    const options = { ...mounted, requireBindingForTelegram: true };
    expect(await deliver(options)).toEqual(refused);
    expect(await deliver(options, update({ text: undefined, sticker: {} }))).toEqual(refused);
    expect((await deliver({ ...options, resolveAgentKey: () => "named" })).status).toBe(202);
  });
  it("hands an update to nobody's agent when naming it failed", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const resolveAgentKey = () => {
      throw new Error("quotes the update: hi there");
    };
    expect((await deliver({ ...mounted, resolveAgentKey })).ingested).toMatchObject([{ agentKey: "" }]);
    expect(JSON.stringify(log.mock.calls)).not.toContain("hi there");
    log.mockRestore();
  });
});
