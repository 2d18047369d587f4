import { afterEach, describe, expect, it } from "vitest";
import { closedPort, json, startTestServer, type TestServer } from "../../../test/worker/httpServer.js";
import {
  bridgeFunctionKeyFromToolName,
  executeBridgeFunction,
  isBridgeToolName,
  maybeExecuteBridgeToolCall,
  resolveBridgeRuntimeConfig,
  type HydratedBridgeRuntimeConfig,
  type ResolvedBridgeRuntimeConfig,
} from "../index.js";

const empty: HydratedBridgeRuntimeConfig = {
  baseUrl: null,
  appBaseUrlMapJson: null,
  serviceId: null,
  appKey: null,
  serviceKey: null,
  serviceKeySecretRef: null,
};
const full = { ...empty, baseUrl: "https://app/", serviceId: "id", appKey: "crm", serviceKey: "key" };

describe("resolveBridgeRuntimeConfig", () => {
  it("takes hydrated values, trimmed, without one trailing slash", () => {
    const env = { OPENCLAW_SERVICE_ID: "env-id", OPENCLAW_AGENT_BRIDGE_BASE_URL: "https://env" };
    expect(resolveBridgeRuntimeConfig({ ...full, serviceKey: " key\n" }, env)).toEqual({
      ok: true,
      config: { baseUrl: "https://app", serviceId: "id", appKey: "crm", serviceKey: "key" },
    });
    expect(resolveBridgeRuntimeConfig({ ...full, baseUrl: "https://app//" }, {})).toMatchObject({
      config: { baseUrl: "https://app/" },
    });
  });

  it.each([
    ["baseUrl", ["OPENCLAW_AGENT_BRIDGE_BASE_URL", "AGENT_BRIDGE_BASE_URL"]],
    ["serviceId", ["OPENCLAW_SERVICE_ID", "AGENT_BRIDGE_SERVICE_ID"]],
    ["serviceKey", ["OPENCLAW_SERVICE_KEY", "AGENT_BRIDGE_SERVICE_KEY"]],
    ["appKey", ["OPENCLAW_AGENT_APP", "OPENCLAW_APP_KEY", "AGENT_BRIDGE_APP_KEY"]],
  ])("%s falls back to its environment names, in order", (field, names) => {
    const hydrated = { ...full, [field]: " " };
    for (const [index, name] of names.entries()) {
      const env = Object.fromEntries(names.slice(index).map((later) => [later, `from ${later}`]));
      expect(resolveBridgeRuntimeConfig(hydrated, { ...env, [names[index - 1] ?? "X"]: " " })).toMatchObject({
        config: { [field]: `from ${name}` },
      });
    }
  });

  it("looks the app key up in the map only when nothing else names a base URL", () => {
    const mapped = { ...full, baseUrl: null, appBaseUrlMapJson: '{"crm":"https://mapped/","n":1}' };
    expect(resolveBridgeRuntimeConfig(mapped, {})).toMatchObject({ config: { baseUrl: "https://mapped" } });
    expect(resolveBridgeRuntimeConfig(mapped, { AGENT_BRIDGE_BASE_URL: "https://env" })).toMatchObject({
      config: { baseUrl: "https://env" },
    });
    for (const [appBaseUrlMapJson, appKey] of [
      ["not json", "crm"],
      ["[1]", "crm"],
      ['{"crm":""}', "crm"],
      ['{"n":1}', "n"],
      ["{}", "constructor"],
    ] as const) {
      expect(resolveBridgeRuntimeConfig({ ...mapped, appBaseUrlMapJson, appKey }, {})).toEqual({
        ok: false,
        error: "Agent Bridge config incompleta: baseUrl",
      });
    }
  });

  it("names everything that is missing, in order", () => {
    const error = "Agent Bridge config incompleta: baseUrl, serviceId, serviceKey, appKey";
    for (const nothing of [empty, null, undefined]) {
      expect(resolveBridgeRuntimeConfig(nothing, {})).toEqual({ ok: false, error });
    }
    expect(resolveBridgeRuntimeConfig({ ...full, serviceId: null, appKey: "" }, {})).toEqual({
      ok: false,
      error: "Agent Bridge config incompleta: serviceId, appKey",
    });
  });
});

it("knows bridge tools by name", () => {
  expect(bridgeFunctionKeyFromToolName("bridge.crm.list_contacts-2")).toBe("crm.list_contacts-2");
  for (const other of [
    "bridge.",
    "bridge",
    "Bridge.x",
    "xbridge.y",
    "bridge.a b",
    "bridge.a/b",
    "bridge.a\n",
  ]) {
    expect(isBridgeToolName(other)).toBe(false);
    expect(bridgeFunctionKeyFromToolName(other)).toBeNull();
  }
  expect(isBridgeToolName("bridge.x")).toBe(true);
});

describe("over a socket", () => {
  let server: TestServer | null = null;
  afterEach(async () => {
    await server?.close();
    server = null;
  });
  type Answer = Parameters<typeof startTestServer>[0];
  async function config(answer: Answer): Promise<ResolvedBridgeRuntimeConfig> {
    server = await startTestServer(answer);
    return { baseUrl: server.baseUrl, serviceId: "id", appKey: "crm", serviceKey: "k-canary" };
  }
  const retry = { baseDelayMs: 50 };

  it("posts the function and its arguments with the service's credentials", async () => {
    const target = await config((_, response) => json(response, 200, { success: true, result: { n: 1 } }));
    const result = await executeBridgeFunction({
      config: target,
      functionKey: "crm.list",
      args: { limit: 2 },
      userToken: "user-token",
      auditHeaders: { "X-Trace": "t1", "X-Blank": " ", "x-agent-service-key": "mine", authorization: "mine" },
    });
    expect(result).toEqual({ success: true, status: 200, functionKey: "crm.list", result: { n: 1 } });
    expect(server?.received).toHaveLength(1);
    const [request] = server?.received ?? [];
    expect(request).toMatchObject({
      method: "POST",
      path: "/agent/execute",
      body: { functionKey: "crm.list", args: { limit: 2 } },
      headers: {
        "content-type": "application/json",
        "x-agent-service-id": "id",
        "x-agent-service-key": "k-canary",
        "x-agent-app": "crm",
        authorization: "Bearer user-token",
        "x-trace": "t1",
      },
    });
    expect(request?.headers).not.toHaveProperty("x-blank");
  });

  it("sends no authorization without a user, not even an audit header's", async () => {
    const target = await config((_, response) => json(response, 200, { success: true }));
    await executeBridgeFunction({
      config: target,
      functionKey: "f",
      args: {},
      auditHeaders: { Authorization: "x" },
    });
    expect(server?.received[0]?.headers).not.toHaveProperty("authorization");
  });

  it.each([
    [200, { success: false, error: "no such contact" }, { error: "no such contact" }],
    [200, { result: 1 }, { error: "HTTP 200", result: 1 }],
    [200, { success: "true" }, { error: "HTTP 200" }],
    [403, { success: true, error: { code: 1 } }, { error: "HTTP 403" }],
    [404, undefined, { error: "HTTP 404" }],
  ])("%i %j is a failure and final", async (status, body, expected) => {
    const target = await config((_, response) => json(response, status, body));
    const result = await executeBridgeFunction({ config: target, functionKey: "f", args: {}, retry });
    expect(result).toEqual({ success: false, status, functionKey: "f", ...expected });
    expect(server?.received).toHaveLength(1);
  });

  it("takes a reply that is no JSON for no result", async () => {
    const target = await config((_, response) => response.writeHead(200).end("<html>"));
    const result = await executeBridgeFunction({ config: target, functionKey: "f", args: {} });
    expect(result).toEqual({ success: false, status: 200, functionKey: "f", error: "HTTP 200" });
  });

  it("tries 429 and 5xx again with growing pauses, then reports the last reply", async () => {
    const at: number[] = [];
    const target = await config((_, response, index) => {
      at.push(performance.now());
      json(response, index === 0 ? 429 : 503, { success: false, error: `down ${index}` });
    });
    const result = await executeBridgeFunction({ config: target, functionKey: "f", args: {}, retry });
    expect(result).toEqual({ success: false, status: 503, functionKey: "f", error: "down 2" });
    const [first = 0, second = 0, third = 0] = at;
    expect(at).toHaveLength(3);
    // Timers may fire a millisecond early.
    expect(second - first).toBeGreaterThanOrEqual(48);
    expect(third - second).toBeGreaterThanOrEqual(98);
  });

  it("stops trying at the first good reply; one attempt means one request", async () => {
    const target = await config((_, response, index) =>
      json(response, index === 0 ? 500 : 200, { success: index > 0, result: index }),
    );
    const call = { config: target, functionKey: "f", args: {} };
    const once = await executeBridgeFunction({ ...call, retry: { maxAttempts: 1 } });
    expect(once).toMatchObject({ success: false, status: 500 });
    expect(await executeBridgeFunction({ ...call, retry })).toMatchObject({ success: true, result: 1 });
    expect(server?.received).toHaveLength(2);
  });

  it("does not carry the service key to where a redirect points", async () => {
    const target = await config((request, response) =>
      request.path === "/agent/execute"
        ? response.writeHead(307, { location: "/elsewhere" }).end()
        : json(response, 200, { success: true }),
    );
    const result = await executeBridgeFunction({ config: target, functionKey: "f", args: {} });
    expect(result).toMatchObject({ success: false, status: 307, error: "HTTP 307" });
    expect(server?.received.map(({ path }) => path)).toEqual(["/agent/execute"]);
  });

  it("passes network errors on, and no error shows the key", async () => {
    const gone = { baseUrl: await closedPort(), serviceId: "id", appKey: "crm", serviceKey: "k-canary" };
    const call = { config: gone, functionKey: "f", args: {} };
    for (const [serviceKey, message] of [
      ["k-canary", "fetch failed"],
      ["k-canary\nX: y", "X-Agent-Service-Key"],
      ["k-canary\u{1F511}", "X-Agent-Service-Key"],
    ] as const) {
      const error: unknown = await executeBridgeFunction({ ...call, config: { ...gone, serviceKey } }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toContain(message);
      expect(String(error) + String((error as Error).cause)).not.toContain("k-canary");
    }
  });

  it("runs a model's bridge tool call, leaves other tools alone, and asks nobody without settings", async () => {
    const target = await config((_, response) => json(response, 200, { success: true, result: "ok" }));
    const call = { toolArgs: { q: 1 }, hydratedConfig: { ...full, baseUrl: target.baseUrl }, env: {} };
    expect(await maybeExecuteBridgeToolCall({ ...call, toolName: "search" })).toEqual({ handled: false });
    expect(
      await maybeExecuteBridgeToolCall({ ...call, toolName: "bridge.find", hydratedConfig: null }),
    ).toEqual({
      handled: true,
      functionKey: "find",
      response: {
        success: false,
        status: 400,
        functionKey: "find",
        error: "Agent Bridge config incompleta: baseUrl, serviceId, serviceKey, appKey",
      },
    });
    expect(server?.received).toEqual([]);
    expect(await maybeExecuteBridgeToolCall({ ...call, toolName: "bridge.find" })).toEqual({
      handled: true,
      functionKey: "find",
      response: { success: true, status: 200, functionKey: "find", result: "ok" },
    });
    expect(server?.received[0]?.body).toEqual({ functionKey: "find", args: { q: 1 } });
  });
});
