/** A provider that quotes everything it is sent, in refusals and in broken answers: nothing of it may be kept, printed or shown. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import schema from "../../src/component/schema.js";
import { useFleet } from "../fleet/fleetWorld.js";
import { canary, findLeaks } from "./canaries.js";
import { watchConsole, watchPlatform, type Seen } from "./watch.js";

const fleet = useFleet();
const SECRETS = {
  "env.MODEL_KEY": 'model"key\\with/escapes&0123456789abcdef',
  "env.DATABASE_URL": "postgres://user:canary-password@db.example/x",
  "agent-bridge.serviceKey.default": "canary+bridge/key=0123456789&abcdef",
};
let printed: Seen[];
let platform: ReturnType<typeof watchPlatform>;
beforeEach(() => {
  printed = watchConsole();
  platform = watchPlatform();
});
afterEach(() => platform.stop());

describe.each([
  ["refuses with it", (quoted: string) => Promise.resolve(new Response(quoted, { status: 422 }))],
  [
    "refuses with JSON",
    (quoted: string) => Promise.resolve(Response.json({ error: quoted }, { status: 400 })),
  ],
  ["answers nonsense", (quoted: string) => Promise.resolve(new Response(quoted))],
  ["breaks off", (quoted: string) => Promise.reject(new TypeError(quoted, { cause: new Error(quoted) }))],
])("a provider that quotes what it is sent and %s", (_, answer) => {
  it("leaves no credential in rows, logs, health or readiness", async () => {
    const f = fleet();
    const { t, lib } = f.world;
    f.patienceMs = 15;
    await f.configure();
    for (const [secretRef, plaintextValue] of Object.entries(SECRETS))
      await t.mutation(lib.importSecret, { secretRef, plaintextValue });
    await t.mutation(lib.configureAgent, {
      agentKey: "default",
      version: "1",
      enabled: true,
      secretsRef: [],
      bridgeConfig: { enabled: true, baseUrl: "https://bridge.example", serviceId: "s", appKey: "a" },
    });
    const bodies: string[] = [];
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
      if (init.method !== "POST" || !url.includes("/machines")) return f.fly.fetch(url, init);
      const body = init.body as string;
      bodies.push(body);
      return answer(`${JSON.stringify(init.headers)} ${body} ${JSON.parse(body).config.env.MODEL_KEY}`);
    });
    const at = platform.seen.length;
    await f.world.send("c1", "hello");
    await f.pass(20_000, 1_000);
    const env = bodies.map(
      (body) => (JSON.parse(body) as { config: { env: Record<string, string> } }).config.env,
    );
    expect(env[0]).toMatchObject({ MODEL_KEY: SECRETS["env.MODEL_KEY"] });
    const canaries = [
      canary("fly.apiToken", f.fly.token),
      ...Object.entries(SECRETS).map(([name, value]) => canary(name, value)),
      ...env.map(({ AGENT_TOKEN = "" }) => canary("token", AGENT_TOKEN)),
      ...env.map(({ CONVEX_URL = "" }) => canary("alias", CONVEX_URL.split("/").at(-1) ?? "")),
    ];
    const shown = [
      await t.query(lib.fleetHealth, {}),
      await t.query(lib.fleetOverview, {}),
      await t.query(lib.getProviderOperationalReadiness, {}),
      await t.query(lib.exportAudit, {}),
    ];
    const rows = await t.run(async (ctx) => {
      const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
      return Promise.all(tables.map((table) => ctx.db.query(table).collect()));
    });
    expect(JSON.stringify(shown)).toContain("Fly API POST /apps/workers/machines failed: ");
    const everything = { shown, rows, printed, written: platform.seen.slice(at) };
    for (const [where, value] of Object.entries(everything))
      expect(findLeaks(where, value, canaries)).toEqual([]);
  });
});
