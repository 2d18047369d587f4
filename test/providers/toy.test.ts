/** A new provider is a folder (`toy/`) and its lines (`toy/register.ts`): all else takes it as it takes the others. */
import "./toy/register.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProviderConfig } from "../../src/contract/providers.js";
import { createProvider } from "../../src/core/providers/registry.js";
import { ProviderError } from "../../src/core/providers/providerError.js";
import { CONFIG } from "../fleet/config.js";
import { createWorld, type World } from "../component/world.js";
import { describeProvider, specOf } from "./conformance.js";
import { TOY_KEY, workshop } from "./toy/adapter.js";

const TOY = {
  kind: "toy",
  workshop: "attic",
  blueprint: "doll:1",
  benches: ["window", "door"],
} as unknown as ProviderConfig;

describeProvider("toy", async () => {
  const cloud = workshop("attic");
  cloud.reset();
  const provider = createProvider(TOY, TOY_KEY);
  const lost = { kind: "unavailable", message: "reply lost", retryable: true, outcomeUnknown: true } as const;
  return {
    provider,
    loseNextReply: (operation) => cloud.failNext(operation, new ProviderError(lost), "after"),
    foreignMachine: (name) => provider.createMachine(specOf(name, { metadata: { owner: "somebody else" } })),
    close: async () => cloud.reset(),
  };
});

describe("the fleet with a provider that it has never heard of", () => {
  let world: World;
  beforeEach(async () => {
    vi.stubEnv("CONVEX_CLOUD_URL", "https://happy-animal-123.convex.cloud");
    vi.stubEnv("CONVEX_SITE_URL", "https://happy-animal-123.convex.site");
    workshop("attic").reset();
    world = createWorld();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await world.agent();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  const store = (providerConfig: unknown) =>
    world.t.mutation(world.lib.setProviderRuntimeConfig, {
      providerConfig: providerConfig as ProviderConfig,
    });
  const machine = async () => (await world.t.run((ctx) => ctx.db.query("machines").collect()))[0];
  const codes = async () =>
    (await world.t.query(world.lib.fleetHealth, {})).findings.map(({ code, text }) => `${code}: ${text}`);
  /** Real time, because an action's hashing is not a timer's. */
  const until = async (done: () => Promise<boolean>): Promise<void> => {
    for (let second = 0; second < 300; second += 1) {
      if (await done()) return;
      await world.pass(1_000, 1_000);
    }
    throw new Error("it did not come true");
  };

  it("takes its configuration and still takes 1.0.11's, and refuses what is neither", async () => {
    await store(TOY);
    expect(await world.t.query(world.lib.providerRuntimeConfig, {})).toEqual(TOY);
    await store(CONFIG);
    await expect(store({ ...TOY, benches: "window" })).rejects.toThrow("Validator");
    await expect(store({ ...CONFIG, kind: "toy" })).rejects.toThrow("Validator");
  });

  it("names its blank fields and its missing key in its own words", async () => {
    await store({ ...TOY, blueprint: " " });
    expect(await codes()).toContainEqual(
      expect.stringContaining("provider_config_missing: Missing providerConfig.blueprint."),
    );
    await store(TOY);
    expect(await codes()).toContain(
      "secret_not_found: Missing key of the toy workshop. Import an active 'toy.key' secret.",
    );
  });

  it("takes a machine of it through its whole life", async () => {
    const { t, lib } = world;
    await store(TOY);
    await t.mutation(lib.importSecret, { secretRef: "toy.key", plaintextValue: TOY_KEY });
    await t.mutation(lib.importSecret, {
      secretRef: "convex.url",
      plaintextValue: "https://happy-animal-123.convex.cloud",
    });
    await t.mutation(lib.setPolicies, {
      policies: { scaling: { idleTimeoutMs: 10_000 }, fleet: { drainDeadlineMs: 30_000 } },
    });
    await world.send("c1", "hello");
    await until(async () => (await machine())?.step === "booting");
    const cloud = workshop("attic");
    const [made] = cloud.machines.values();
    expect(await machine()).toMatchObject({
      provider: "toy",
      appName: "attic",
      image: "doll:1",
      region: "window",
    });
    // Its cloud has no disks and waits a second at most.
    expect(made).toMatchObject({ volumeIds: [], env: { TOY: "yes", SHUTDOWN_GRACE_MS: "400" } });
    expect(cloud.volumes.size).toBe(0);
    const workerId = made?.name ?? "";
    const job = await t.mutation(lib.claim, { workerId, stateful: true });
    expect(job?.payload.messageText).toBe("hello");
    if (job) await world.complete(workerId, job);
    await until(async () => (await machine())?.step === "running");
    await until(async () => (await machine())?.step === "stopped");
    expect(await machine()).toMatchObject({ live: false, failures: 0 });
    expect([...cloud.machines.values()].map(({ state }) => state)).toEqual(["gone"]);
    expect(cloud.calls.map(({ operation }) => operation)).not.toContain("createVolume");
  });
});
