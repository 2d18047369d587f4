import { describe, expect, it } from "vitest";
import { useWorld } from "../../../test/component/world.js";
import { errorDataOf } from "../../contract/errors.js";
import { api, internal } from "../../component/_generated/api.js";
import { MAX_PROFILES } from "./spawnEnv.js";

const world = useWorld();
const { lib } = api;
type Bridge = { enabled: boolean };

const configure = (agentKey: string, bridgeConfig?: Record<string, unknown>, enabled = true) =>
  world.t.mutation(lib.configureAgent, {
    agentKey,
    version: "1.0.0",
    secretsRef: ["telegram.botToken"],
    enabled,
    ...(bridgeConfig ? { bridgeConfig: bridgeConfig as Bridge } : {}),
  });
const put = (secretRef: string, plaintextValue: string) =>
  world.t.mutation(lib.importSecret, { secretRef, plaintextValue });
const env = () => world.t.query(internal.fleet.resolveBridgeEnv, {});
const refs = async (agentKey?: string) =>
  await world.t.query(lib.getRequiredSecretRefs, agentKey === undefined ? {} : { agentKey });

/** What a worker that claims a message of this agent is given. */
async function hydrated(agentKey: string) {
  await world.send(`chat-${agentKey}`, "hi", { agentKey });
  const job = await world.mustClaim(`w-${agentKey}`, { hydrate: true });
  const bundle = await world.t.query(lib.getHydrationBundle, {
    messageId: job.messageId,
    workspaceId: "default",
  });
  expect(bundle?.bridgeRuntimeConfig).toEqual(job.hydration?.bridgeRuntimeConfig);
  expect(bundle).not.toHaveProperty("snapshot");
  return bundle?.bridgeRuntimeConfig;
}

const MANDATORY = ["telegram.botToken", "convex.url", "fly.apiToken"];

describe("the refs of a profile", () => {
  it("are the given ones, the mandatory ones, then those of an enabled bridge", async () => {
    await configure("a");
    expect(await refs("a")).toEqual({ agentKey: "a", secretRefs: MANDATORY });
    const id = await configure("a", { enabled: true });
    const own = ["agent-bridge.serviceKey.a", "agent-bridge.baseUrlMapJson.a"];
    expect((await refs("a")).secretRefs).toEqual([...MANDATORY, ...own]);
    // Omitting the bridge keeps it, and the id stays.
    expect(await configure("a")).toBe(id);
    expect((await refs("a")).secretRefs).toEqual([...MANDATORY, ...own]);
    await configure("a", { enabled: false });
    expect((await refs("a")).secretRefs).toEqual(MANDATORY);
  });

  it("name the overrides instead, each ref once, in the order of first mention", async () => {
    await world.t.mutation(lib.configureAgent, {
      agentKey: "a",
      version: "1.0.0",
      secretsRef: ["shared.key", "convex.url", "shared.key"],
      bridgeConfig: {
        enabled: true,
        serviceKeySecretRef: "shared.key",
        appBaseUrlMapJsonSecretRef: "shared.map",
      },
      enabled: true,
    });
    expect((await refs("a")).secretRefs).toEqual(["shared.key", "convex.url", "fly.apiToken", "shared.map"]);
  });

  it("of all enabled profiles are one sorted list; an unknown agent has none", async () => {
    await configure("b", { enabled: true });
    await configure("off", { enabled: true }, false);
    expect(await refs()).toEqual({
      agentKey: null,
      secretRefs: [
        "agent-bridge.baseUrlMapJson.b",
        "agent-bridge.serviceKey.b",
        "convex.url",
        "fly.apiToken",
        "telegram.botToken",
      ],
    });
    expect(await refs("nobody")).toEqual({ agentKey: "nobody", secretRefs: [] });
  });

  it.each([
    [{ enabled: true, serviceKeySecretRef: "has space" }, "secret_ref_invalid"],
    [{ enabled: true, appBaseUrlMapJsonSecretRef: "" }, "secret_ref_invalid"],
    [{ enabled: true, baseUrl: "app.example" }, "invalid_argument"],
  ])("refuse a bridge that could never work: %j", async (bridgeConfig, code) => {
    const error: unknown = await configure("a", bridgeConfig).catch((thrown: unknown) => thrown);
    expect(errorDataOf(error)?.code).toBe(code);
    expect((await refs("a")).secretRefs).toEqual([]);
  });
});

describe("bridgeRuntimeConfig in hydration", () => {
  const nothing = {
    baseUrl: null,
    appBaseUrlMapJson: null,
    serviceId: null,
    appKey: null,
    serviceKey: null,
    serviceKeySecretRef: null,
  };

  it("is null unless the bridge is enabled, whatever secrets exist", async () => {
    await put("agent-bridge.serviceKey", "global-key");
    expect(await hydrated("default")).toBeNull();
    await configure("off", { enabled: false, baseUrl: "https://app.example" });
    expect(await hydrated("off")).toBeNull();
  });

  it("has a null for everything that nobody configured", async () => {
    await configure("a", { enabled: true });
    expect(await hydrated("a")).toEqual(nothing);
  });

  it("takes the profile's values, then the agent's secret, then the global one", async () => {
    for (const name of ["baseUrl", "serviceId", "appKey", "serviceKey", "baseUrlMapJson"]) {
      await put(`agent-bridge.${name}`, `https://global-${name}`);
      await put(`agent-bridge.${name}.scoped`, `https://scoped-${name}`);
      await put(`agent-bridge.${name}.explicit`, `https://scoped-${name}`);
    }
    await configure("global", { enabled: true, appKey: "  " });
    await configure("scoped", { enabled: true });
    const own = { baseUrl: "https://own", serviceId: "own-id", appKey: "own-app" };
    await configure("explicit", { enabled: true, ...own });
    const from = (level: string) => ({
      baseUrl: `https://${level}-baseUrl`,
      appBaseUrlMapJson: `https://${level}-baseUrlMapJson`,
      serviceId: `https://${level}-serviceId`,
      appKey: `https://${level}-appKey`,
      serviceKey: `https://${level}-serviceKey`,
    });
    expect(await hydrated("global")).toEqual({
      ...from("global"),
      serviceKeySecretRef: "agent-bridge.serviceKey",
    });
    expect(await hydrated("scoped")).toEqual({
      ...from("scoped"),
      serviceKeySecretRef: "agent-bridge.serviceKey.scoped",
    });
    expect(await hydrated("explicit")).toEqual({
      ...from("scoped"),
      ...own,
      serviceKeySecretRef: "agent-bridge.serviceKey.explicit",
    });
  });

  it("tries the overrides of key and map first, and falls back while they are missing", async () => {
    await configure("a", {
      enabled: true,
      serviceKeySecretRef: "team.key",
      appBaseUrlMapJsonSecretRef: "team.map",
    });
    await put("agent-bridge.serviceKey", "global-key");
    await put("agent-bridge.baseUrlMapJson.a", "{}");
    await put("team.key.a", "never read");
    expect(await hydrated("a")).toMatchObject({
      serviceKey: "global-key",
      serviceKeySecretRef: "agent-bridge.serviceKey",
      appBaseUrlMapJson: "{}",
    });
    await put("team.key", "team-key");
    await put("team.map", '{"crm":"https://crm"}');
    await put("agent-bridge.serviceKey.a", "scoped-key");
    const job = await world.t.run((ctx) => ctx.db.query("messageQueue").first());
    const bundle = await world.t.query(lib.getHydrationBundle, {
      messageId: job?._id ?? "",
      workspaceId: "default",
    });
    expect(bundle?.bridgeRuntimeConfig).toMatchObject({
      serviceKey: "team-key",
      serviceKeySecretRef: "team.key",
      appBaseUrlMapJson: '{"crm":"https://crm"}',
    });
  });
});

describe("the environment of a new machine", () => {
  it("has no key that cannot be resolved", async () => {
    expect(await env()).toEqual({});
    await configure("a", { enabled: true });
    expect(await env()).toEqual({});
  });

  it("takes the global secrets", async () => {
    await put("agent-bridge.serviceId", "id");
    await put("agent-bridge.serviceKey", "key");
    await put("agent-bridge.linkingSharedSecret", "link");
    await configure("a", { enabled: true, serviceId: "other" });
    expect(await env()).toEqual({
      OPENCLAW_SERVICE_ID: "id",
      OPENCLAW_SERVICE_KEY: "key",
      OPENCLAW_LINKING_SHARED_SECRET: "link",
    });
  });

  it("takes what all enabled bridge profiles agree on, and nothing when they do not", async () => {
    await put("agent-bridge.serviceKey.a", "key");
    await put("team.key", "key");
    await put("agent-bridge.serviceId.b", "id");
    await put("agent-bridge.linkingSharedSecret.a", "scoped: not for machines");
    await configure("a", { enabled: true, serviceId: "id" });
    await configure("b", { enabled: true, serviceKeySecretRef: "team.key" });
    await configure("silent", { enabled: true });
    // Neither a disabled bridge nor a disabled agent has a say.
    await configure("c", { enabled: false, serviceId: "another" });
    await configure("d", { enabled: true, serviceId: "another" }, false);
    const agreed = { OPENCLAW_SERVICE_ID: "id", OPENCLAW_SERVICE_KEY: "key" };
    expect(await env()).toEqual(agreed);
    await configure("c", { enabled: true, serviceId: "another" });
    expect(await env()).toEqual({ OPENCLAW_SERVICE_KEY: "key" });
    await put("agent-bridge.serviceKey.c", "another");
    expect(await env()).toEqual({});
  });

  it("claims no agreement of more profiles than it reads", async () => {
    const insert = (from: number, to: number) =>
      world.t.run(async (ctx) => {
        for (let i = from; i < to; i += 1) {
          await ctx.db.insert("agentProfiles", {
            agentKey: `bulk-${i}`,
            version: "1",
            secretsRef: [],
            bridgeConfig: { enabled: true, serviceId: "id" },
            enabled: true,
            workspace: "default",
          });
        }
      });
    // The world has one agent of its own.
    await insert(1, MAX_PROFILES);
    expect(await env()).toEqual({ OPENCLAW_SERVICE_ID: "id" });
    await insert(MAX_PROFILES, MAX_PROFILES + 1);
    expect(await env()).toEqual({});
  });
});
