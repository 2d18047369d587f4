/** The API's own rules, by raw requests: order of checks, bodies, limits. The adapter's view is tested in `test/providers`. */
import { afterEach, describe, expect, it } from "vitest";
import { startFlyServer } from "./server.js";
import { startTestedFly } from "./testedFly.js";
import type { FlyServerOptions } from "./types.js";
import { systemClock, type SimClock } from "./clock.js";
import { PretendLauncher } from "./pretendLauncher.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(options: FlyServerOptions = {}) {
  const tested = await startTestedFly({ launcher: new PretendLauncher(), ...options });
  open.push(tested.server);
  return tested;
}

describe("before anything happens", () => {
  it("an unknown route is a plain 404, even without a token", async () => {
    const { server, call } = await start();
    const response = await fetch(`${server.url}/v1/nothing`);
    expect([response.status, await response.text()]).toEqual([404, "404 page not found"]);
    expect(await call("PUT", "/machines")).toEqual({ status: 404, body: "404 page not found" });
  });

  it("a wrong token is 401, then an unknown app is 404", async () => {
    const { server, call } = await start();
    expect(await call("GET", "/machines", undefined, "wrong")).toEqual({
      status: 401,
      body: { error: "Authenticate: token validation error" },
    });
    const headers = { authorization: `Bearer ${server.token}` };
    expect((await fetch(`${server.baseUrl}/apps/other/machines`, { headers })).status).toBe(404);
    expect(server.machines()).toEqual([]);
  });

  it("a FlyV1 token goes as it is and not as a bearer token", async () => {
    const server = await startFlyServer({ tokens: ["FlyV1 fm2_x"] });
    open.push(server);
    const status = async (authorization: string) =>
      (await fetch(`${server.baseUrl}/apps/agent-workers/machines`, { headers: { authorization } })).status;
    expect([
      await status("FlyV1 fm2_x"),
      await status("Bearer FlyV1 fm2_x"),
      await status("FlyV1fm2_x"),
    ]).toEqual([200, 401, 401]);
  });

  it("limits each action per machine and per app, and GET of a machine less", async () => {
    // Fly's bursts, refilled so slowly that a busy computer does not matter.
    const perSecond = 0.001;
    const rateLimits = { action: { perSecond, burst: 3 }, get: { perSecond, burst: 10 } };
    const { server, call, machine } = await start({ rateLimits });
    const id = await machine("afw-1", { image: "x" });
    const statuses = async (times: number, method: string, path: string) => {
      const seen: number[] = [];
      for (let index = 0; index < times; index += 1) seen.push((await call(method, path)).status);
      return seen;
    };
    expect(await statuses(4, "GET", "/machines")).toEqual([200, 200, 200, 429]);
    expect(await statuses(4, "POST", `/machines/${id}/cordon`)).toEqual([200, 200, 200, 429]);
    expect((await statuses(11, "GET", `/machines/${id}`)).map((status) => status === 200)).toEqual(
      Array.from({ length: 11 }, (_, index) => index < 10),
    );
    expect(server.counts().callsByRoute).toMatchObject({
      "GET /machines": 4,
      "POST /machines": 1,
      "POST /machines/{id}/cordon": 4,
    });
  });

  it.each([
    ["an array", []],
    ["no config", { name: "a" }],
    ["no image", { config: {} }],
    ["two mounts", { config: { image: "x", mounts: [1, 2].map(() => ({ volume: "v", path: "/d" })) } }],
    ["an odd memory size", { config: { image: "x", guest: { memory_mb: 300 } } }],
    ["an unknown region", { region: "moon", config: { image: "x" } }],
  ])("refuses %s", async (_what, body) => {
    const { server, call } = await start();
    expect((await call("POST", "/machines", body)).status).toBe(400);
    expect(server.counts()).toMatchObject({ machinesCreated: 0, machinesPeak: 0 });
  });
});

describe("machines", () => {
  it("a name once: 409 names the holder, and destroy frees it", async () => {
    const { server, call, machine } = await start();
    const id = await machine("afw-1", { image: "x" });
    expect(id).toMatch(/^[0-9a-f]{14}$/);
    const again = await call("POST", "/machines", { name: "afw-1", config: { image: "x" } });
    expect(again).toEqual({
      status: 409,
      body: {
        error: `already_exists: unique machine name violation, machine ID ${id} already exists with name "afw-1"`,
      },
    });
    await call("DELETE", `/machines/${id}?force=true`);
    await server.waitFor(({ machinesNow }) => machinesNow === 0);
    expect(await machine("afw-1", { image: "x" })).not.toBe(id);
  });

  it("are created before they are started; destroyed ones leave the list but not GET", async () => {
    const { server, call } = await start();
    const config = { image: "x", metadata: { owner: "me" } };
    const created = await call("POST", "/machines", { name: "afw-1", config });
    expect(created).toMatchObject({ status: 200, body: { state: "created" } });
    const { id } = created.body as { id: string };
    const got = async () => ((await call("GET", `/machines/${id}`)).body as { state: string }).state;
    await server.waitFor(({ machinesRunning }) => machinesRunning === 1);
    expect(await got()).toBe("started");
    const mine = await call("GET", "/machines?metadata.owner=me");
    const others = await call("GET", "/machines?metadata.owner=you");
    expect([mine.body, others.body]).toMatchObject([[{ id }], []]);
    expect(await call("DELETE", `/machines/${id}`)).toMatchObject({ status: 412 });
    expect((await call("DELETE", `/machines/${id}?force=true`)).body).toEqual({ ok: true });
    await server.waitFor(({ machinesNow }) => machinesNow === 0);
    expect((await call("GET", "/machines")).body).toEqual([]);
    expect(await got()).toBe("destroyed");
    expect((await call("DELETE", `/machines/${id}?force=true`)).status).toBe(200);
  });

  it("are forgotten after a while", async () => {
    const { server, call, machine } = await start({ tombstoneMs: 0 });
    const id = await machine("afw-1", { image: "x" });
    await call("DELETE", `/machines/${id}?force=true`);
    await server.waitFor(({ machinesNow }) => machinesNow === 0);
    expect(await call("GET", `/machines/${id}`)).toEqual({
      status: 404,
      body: { error: "machine not found" },
    });
  });

  it("hold their volume until some time after they are destroyed", async () => {
    const CLAIM_MS = 120_000;
    const releases: (() => void)[] = [];
    const clock: SimClock = {
      ...systemClock,
      after: (ms, act) =>
        ms < CLAIM_MS ? systemClock.after(ms, act) : (releases.push(act), () => undefined),
    };
    const { server, call, machine } = await start({ clock, claimReleaseMs: CLAIM_MS });
    const created = await call("POST", "/volumes", { name: "data_1", region: "iad", size_gb: 1 });
    const { id: volume } = created.body as { id: string };
    const mounts = [{ volume, path: "/data" }];
    const id = await machine("afw-1", { image: "x", mounts });
    const rival = await call("POST", "/machines", {
      name: "afw-2",
      region: "iad",
      config: { image: "x", mounts },
    });
    expect(rival).toMatchObject({
      status: 412,
      body: { error: `failed_precondition: volume already claimed by machine ${id}` },
    });
    await call("DELETE", `/machines/${id}?force=true`);
    await server.waitFor(({ machinesNow }) => machinesNow === 0);
    const held = { error: `failed_precondition: volume is currently bound to machine: ${id}` };
    expect(await call("DELETE", `/volumes/${volume}`)).toEqual({ status: 412, body: held });
    for (const release of releases) release();
    expect((await call("DELETE", `/volumes/${volume}`)).status).toBe(200);
    expect(server.counts()).toMatchObject({ volumesNow: 0, volumesCreated: 1 });
  });
});

describe("inspection", () => {
  it("counts every call, failed ones too, and remembers the peak", async () => {
    const { server, call, machine } = await start();
    const ids = [await machine("afw-1", { image: "x" }), await machine("afw-2", { image: "x" })];
    for (const id of ids) await call("DELETE", `/machines/${id}?force=true`);
    server.setFaults([{ kind: "dropAfter", method: "GET", count: 1 }]);
    await expect(call("GET", "/machines")).rejects.toThrow();
    await server.waitFor(({ machinesNow }) => machinesNow === 0);
    const counts = (await (await fetch(`${server.url}/__sim/counts`)).json()) as unknown;
    expect(counts).toMatchObject({ providerCalls: 5, machinesNow: 0, machinesPeak: 2, machinesCreated: 2 });
    expect(server.calls().map(({ status }) => status)).toEqual([200, 200, 200, 200, 0]);
  });

  it("shows machines and volumes, sets faults and kills from another process; bad bodies are refused", async () => {
    const { server, machine } = await start();
    const id = await machine("afw-1", { image: "x" });
    await server.waitFor(({ machinesRunning }) => machinesRunning === 1);
    const post = async (path: string, body: unknown) =>
      (
        await fetch(`${server.url}/__sim/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        })
      ).status;
    expect(await post("cloud-faults", { rules: [{ kind: "emptyList" }] })).toBe(200);
    expect(await post("cloud-faults", { rules: [{ kind: "earthquake" }] })).toBe(400);
    const shown = (await (await fetch(`${server.url}/__sim/machines`)).json()) as unknown;
    expect(shown).toMatchObject({ machines: [{ id, name: "afw-1", state: "started" }] });
    expect(await post("kill", { machineId: id })).toBe(200);
    expect(await post("kill", { machineId: "nobody" })).toBe(400);
    await server.waitFor(() => server.machines()[0]?.exitCodes.length === 1);
    expect(server.machines()[0]?.exitCodes).toEqual([137]);
  });
});
