import { afterEach, describe, expect, it, vi } from "vitest";
import { memoryCloud } from "../../src/core/providers/memory/memoryProvider.js";
import { createProvider } from "../../src/core/providers/registry.js";
import type { ProviderConfig } from "../../src/contract/providers.js";
import { errorDataOf } from "../../src/contract/errors.js";
import { createFlySimulator } from "../../sim/fly/index.js";
import { specOf } from "./conformance.js";

const configOf = (kind: ProviderConfig["kind"]): ProviderConfig => ({
  kind,
  appName: "workers",
  organizationSlug: "personal",
  image: "workers:1",
  region: "iad",
  volumeName: "data",
  volumePath: "/data",
  volumeSizeGb: 10,
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  memoryCloud("workers").reset();
});

describe("createProvider", () => {
  it.each(["runpod", "ecs"] as const)("refuses %s", (kind) => {
    let error: unknown;
    try {
      createProvider(configOf(kind), "token");
    } catch (reason) {
      error = reason;
    }
    expect(errorDataOf(error)).toEqual({
      code: "provider_unsupported",
      message: `Unsupported provider '${kind}'`,
    });
  });

  it("memory: one cloud per app name, which tests reach from outside", async () => {
    const { id } = await createProvider(configOf("memory"), "").createMachine(specOf("afw-1"));
    expect((await createProvider(configOf("memory"), "").getMachine(id))?.name).toBe("afw-1");
    memoryCloud("workers").setState(id, "gone");
    expect((await createProvider(configOf("memory"), "").listMachines()).machines).toEqual([]);
    expect(memoryCloud("workers").calls.map(({ operation }) => operation)).toEqual([
      "createMachine",
      "getMachine",
      "listMachines",
    ]);
  });

  it("fly: works on a test's fake timers, with the simulator as the global fetch", async () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    const fly = createFlySimulator({ apps: ["workers"], bootMs: 6_000 });
    vi.stubGlobal("fetch", fly.fetch);
    const provider = createProvider(configOf("fly"), fly.token, { baseUrl: "http://fly.sim/v1" });
    const { id, createdAt } = await provider.createMachine(specOf("afw-1"));
    expect(createdAt).toBe(Date.UTC(2030, 0, 1));
    expect((await provider.getMachine(id))?.state).toBe("booting");
    vi.advanceTimersByTime(6_000);
    expect((await provider.getMachine(id))?.state).toBe("running");
    await fly.close();
  });
});

it("an error survives as data with a stable code", async () => {
  vi.stubGlobal("fetch", async () => new Response('{"error":"nope"}', { status: 401 }));
  const provider = createProvider(configOf("fly"), "token", { baseUrl: "http://fly.sim/v1" });
  const error: unknown = await provider.listMachines().catch((reason: unknown) => reason);
  expect(errorDataOf(error)).toEqual({
    code: "provider_failed",
    message: 'Fly API GET /apps/workers/machines failed: {"error":"nope"}',
    kind: "unauthorized",
    retryable: false,
    outcomeUnknown: false,
    status: 401,
  });
});
