import { describe, expect, it } from "vitest";
import { internal } from "../convex/_generated/api.js";
import { anUpdate, deliver, TOKEN, withBot, type T } from "./http.fixture.js";

describe("the worker gateway", () => {
  async function post(t: T, path: string, token: string | null, body: unknown, method = "POST") {
    const response = await t.fetch(`/agent-factory/api${path}`, {
      method,
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  async function withWorker() {
    const { t, secret } = await withBot();
    await deliver(t, secret, anUpdate(1));
    const { token, tokenId } = await t.mutation(internal.operator.createAgentWorkerToken, {});
    return { t, token, tokenId };
  }

  it("claims, hydrates and settles a message", async () => {
    const { t, token } = await withWorker();
    const claimed = await post(t, "/agent_workers/claim", token, { workerId: "w1" });
    expect(claimed).toMatchObject({
      status: 200,
      body: { ok: true, value: { conversationId: "telegram:42" } },
    });
    const { messageId, leaseId } = claimed.body.value as { messageId: string; leaseId: string };
    const leased = { workerId: "w1", messageId, leaseId };
    expect(await post(t, "/w/default/agent_workers/hydrate", token, leased)).toMatchObject({
      status: 200,
      body: { value: { telegramBotToken: TOKEN } },
    });
    expect(
      await post(t, "/agent_workers/settle", token, { ...leased, outcome: { kind: "complete" } }),
    ).toMatchObject({
      status: 200,
      body: { value: { ok: true, status: "done" } },
    });
  });

  it.each<[string, string, number, string, unknown]>([
    ["an unknown operation", "/agent_workers/importSecret", 404, "operation_unknown", {}],
    ["a path that is too long", "/agent_workers/claim/x", 404, "operation_unknown", {}],
    ["an inherited name", "/agent_workers/toString", 404, "operation_unknown", {}],
    ["a body that is not JSON", "/agent_workers/claim", 400, "request_not_json", "{"],
    ["a body that is no object", "/agent_workers/claim", 400, "request_not_json", []],
    ["a missing argument", "/agent_workers/claim", 400, "invalid_argument", {}],
    ["an unknown argument", "/agent_workers/claim", 400, "invalid_argument", { workerId: "w", nowMs: 1 }],
    [
      "a token in the body",
      "/agent_workers/claim",
      400,
      "invalid_argument",
      { workerId: "w", workerToken: "x" },
    ],
    ["a wrong type", "/agent_workers/claim", 400, "invalid_argument", { workerId: 1 }],
    [
      "a wrong form deep inside",
      "/agent_workers/settle",
      400,
      "invalid_argument",
      { workerId: "w", messageId: "m", leaseId: "l", turns: [{ role: "boss", content: "x" }] },
    ],
    [
      "a key that cannot be stored",
      "/agent_workers/metadata",
      400,
      "invalid_argument",
      { messageId: "m", metadata: { $x: "y" } },
    ],
    [
      "another workspace",
      "/w/acme/agent_workers/claim",
      403,
      "workspace_mismatch",
      { workerId: "w", workspaceId: "b" },
    ],
    [
      "an oversized body",
      "/agent_workers/claim",
      413,
      "request_too_large",
      { workerId: "x".repeat(2 * 1024 * 1024) },
    ],
  ])("answers %s", async (_, path, status, code, body) => {
    const { t, token } = await withWorker();
    expect(await post(t, path, token, body)).toMatchObject({ status, body: { ok: false, error: { code } } });
  });

  it("refuses missing, forged and revoked tokens", async () => {
    const { t, token, tokenId } = await withWorker();
    const body = { workerId: "w1" };
    expect(await post(t, "/agent_workers/claim", null, body)).toMatchObject({
      status: 401,
      body: { error: { code: "worker_token_required" } },
    });
    expect(await post(t, "/agent_workers/claim", `${token}x`, body)).toMatchObject({
      status: 401,
      body: { error: { code: "worker_token_invalid" } },
    });
    await t.mutation(internal.operator.revokeWorkerToken, { tokenId });
    expect(await post(t, "/agent_workers/claim", token, body)).toMatchObject({
      status: 403,
      body: { error: { code: "worker_token_revoked" } },
    });
  });

  it("takes POST only", async () => {
    const { t, token } = await withWorker();
    expect(await post(t, "/agent_workers/claim", token, null, "GET")).toMatchObject({
      status: 405,
      body: { error: { code: "method_not_allowed" } },
    });
  });
});
