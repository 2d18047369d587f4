/**
 * Canaries go through everything the component can do; afterwards they are looked for in all that was kept, printed,
 * returned or thrown. New functions are called and new tables searched without being named here.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeFunctionReference } from "convex/server";
import * as registered from "../../src/component/lib.js";
import schema from "../../src/component/schema.js";
import { sealAudit } from "../../src/core/audit/seal.js";
import { sweepSecrets } from "../../src/core/secrets/wipe.js";
import { errorDataOf } from "../../src/contract/errors.js";
import { createWorld, type World } from "../component/world.js";
import { callsOf, type Known } from "./arguments.js";
import { canary, findLeaks, formsOf, type Canary } from "./canaries.js";
import { watchConsole, watchPlatform, type Seen } from "./watch.js";

const MASTER_KEYS = [3, 9, 1].map((start, i) =>
  Uint8Array.from({ length: 32 }, (_, at) => start + at * (7 + 4 * i)),
);
const SECRETS = {
  "telegram.botToken.bot": "7700123456:AAcanary-bot-token_0123456789abcdef",
  "agent-bridge.serviceKey.bot": "sk-canary+bridge/key=0123456789&abcdef",
  "fly.apiToken": "FlyV1 fm2_canary/fly+token==,fm2_second",
  "convex.url": "https://canary-url-with-key.example/0123456789",
};
/** By name of the function, the canaries it exists to hand out. */
const HANDED_OUT: Record<string, RegExp> = {
  claim: /^(telegram|agent-bridge)\./,
  settle: /^(telegram|agent-bridge)\./,
  getHydrationBundle: /^(telegram|agent-bridge)\./,
};
interface Registered {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  exportArgs(): string;
}
const functions = Object.entries(registered as unknown as Record<string, Registered>);

let world: World;
let printed: Seen[];
let platform: ReturnType<typeof watchPlatform>;
beforeEach(() => {
  printed = watchConsole();
  world = createWorld();
  platform = watchPlatform();
  setMasterKeys(0);
  // Every provider is down and quotes the request, address included, in what it says.
  vi.stubGlobal("fetch", (input: RequestInfo | URL) => {
    const url = input instanceof Request ? input.url : String(input);
    if (providerAnswers) return Promise.resolve(new Response(`no route ${url}`, { status: 404 }));
    return Promise.reject(new TypeError(`fetch failed: ${url}`, { cause: new Error(`connect ${url}`) }));
  });
});
afterEach(() => {
  platform.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
let providerAnswers = false;

function setMasterKeys(current: number, previous?: number) {
  const text = (index: number | undefined) =>
    index === undefined ? undefined : Buffer.from(MASTER_KEYS[index]!).toString("base64");
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY", text(current));
  vi.stubEnv("AGENT_FACTORY_MASTER_KEY_PREVIOUS", text(previous));
}

/** Calls by name and keeps what came back; an error is a result here. */
async function call(results: Seen[], name: string, args: Record<string, unknown>): Promise<unknown> {
  const definition = registered[name as keyof typeof registered] as unknown as Registered;
  const path = `lib:${name}`;
  try {
    const value: unknown = definition.isQuery
      ? await world.t.query(makeFunctionReference<"query">(path), args)
      : definition.isMutation
        ? await world.t.mutation(makeFunctionReference<"mutation">(path), args)
        : await world.t.action(makeFunctionReference<"action">(path), args);
    results.push({ where: name, value });
    return value;
  } catch (error) {
    results.push({ where: name, value: error instanceof Error ? [error, errorDataOf(error)] : error });
    return null;
  }
}

const allCanaries = (): Canary[] => [
  ...MASTER_KEYS.map((bytes, i) => canary(`master key ${i}`, bytes)),
  ...Object.entries(SECRETS).map(([name, value]) => canary(name, value)),
];

/** The long texts of a result: tokens, aliases. */
const credentialsIn = (name: string, minted: object): Canary[] =>
  Object.entries(minted)
    .filter(([field, value]) => typeof value === "string" && value.length > 40 && field !== "tokenId")
    .map(([field, value]) => canary(`${field} of ${name}`, String(value).split("/").at(-1) ?? ""));

/** The life of everything that is secret. Returns what each call gave back, the credentials handed out, and names in use. */
async function wholePath(): Promise<{ results: Seen[]; credentials: Canary[]; known: Known }> {
  const results: Seen[] = [];
  const credentials: Canary[] = [];
  const run = (name: string, args: Record<string, unknown>) => call(results, name, args);
  /** Remembers the long texts of a result as credentials, and leaves the result out of the search: it is shown once. */
  const mint = async (name: string, args: Record<string, unknown>) => {
    const minted = (await run(name, args)) as { tokenId: string; token: string };
    results.pop();
    credentials.push(...credentialsIn(name, minted));
    return minted;
  };
  for (const [secretRef, plaintextValue] of Object.entries(SECRETS))
    await run("importSecret", { secretRef, plaintextValue, metadata: { owner: "ops" } });
  await run("configureAgent", {
    agentKey: "bot",
    version: "1",
    enabled: true,
    secretsRef: ["telegram.botToken.bot"],
    bridgeConfig: { enabled: true, baseUrl: "https://bridge.example" },
  });
  const first = await mint("createAgentWorkerToken", { workerId: "w1", withAlias: true });
  const second = await mint("rotateWorkerToken", { tokenId: first.tokenId });
  const worker = { workerId: "w1", workerToken: second.token };
  const conversation = { conversationId: "c1", agentKey: "bot" };
  for (const text of ["one", "two", "three"])
    await run("enqueue", {
      ...conversation,
      payload: { provider: "telegram", providerUserId: "7", messageText: text },
    });
  const job = (await run("claim", { ...worker, hydrate: true })) as { messageId: string; leaseId: string };
  const held = { ...worker, messageId: job.messageId, leaseId: job.leaseId };
  await run("getHydrationBundle", { ...held, workspaceId: "default" });
  await run("heartbeat", held);
  await run("settle", {
    ...held,
    turns: [{ role: "user", content: "one" }],
    reply: { text: "answer", parts: 1 },
    outcome: { kind: "complete" },
    claimNext: { hydrate: true },
  });
  await world.pass(1_000);
  const next = (await run("claim", { workerId: "w2", hydrate: true })) as typeof job | null;
  if (next) {
    const { messageId, leaseId } = next;
    await run("fail", { workerId: "w2", messageId, leaseId, errorMessage: "engine failed" });
  }
  for (providerAnswers of [false, true]) {
    await run("configureTelegramWebhook", {
      convexSiteUrl: "https://app.example",
      secretRef: "telegram.botToken.bot",
    });
  }
  // Rotation of values, of the master key, and deletion.
  for (const [secretRef, plaintextValue] of Object.entries(SECRETS))
    await run("importSecret", { secretRef, plaintextValue });
  setMasterKeys(1, 0);
  await run("rewrapSecrets", {});
  await world.pass(2_000);
  expect(await run("rewrapProgress", {})).toMatchObject({ running: false, done: 8, failed: 0 });
  setMasterKeys(2);
  await run("rewrapSecrets", {});
  await world.pass(2_000);
  await run("secretStoreReadiness", {});
  setMasterKeys(1, 0);
  await run("recordRefusal", { door: "gateway", reason: "worker_token_invalid", subject: first.token });
  await world.pass(2_000);
  const third = (await run("claim", { ...worker, hydrate: true })) as typeof job | null;
  const another = (await mint("createAgentWorkerToken", {})).tokenId;
  const names = { secretRef: "telegram.botToken.bot", tokenId: another, workspaceId: "default" };
  const shapes = { expiresInMs: 3_600_000, overlapMs: 1_000, tags: ["default"], tag: "default" };
  const known = { ...conversation, ...held, ...third, ...names, ...shapes, timezone: "Europe/Rome" };
  return { results, credentials, known };
}

/** The end: values are wiped, credentials revoked, the log sealed and read out. */
async function ending(results: Seen[], known: Known) {
  await call(results, "revokeWorkerToken", { tokenId: known.tokenId });
  for (const secretRef of Object.keys(SECRETS)) await call(results, "deleteSecret", { secretRef });
  vi.advanceTimersByTime(11 * 60_000);
  await world.t.run(async (ctx) => [await sealAudit(ctx), await sweepSecrets(ctx)]);
  await world.pass(2_000);
  await call(results, "exportAudit", {});
}

/** Every row of every table of the schema, and of the platform's own. */
async function storedRows(): Promise<Seen[]> {
  const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
  return await world.t.run(async (ctx) => {
    const rows: Seen[] = [];
    for (const table of tables)
      rows.push({ where: `table ${table}`, value: await ctx.db.query(table).collect() });
    rows.push({
      where: "scheduled",
      value: await ctx.db.system.query("_scheduled_functions").collect(),
    });
    return rows;
  });
}

const leaksIn = (seen: readonly Seen[], canaries: readonly Canary[]): string[] => [
  ...new Set(
    seen.flatMap(({ where, value }) => {
      const handsOut = HANDED_OUT[where];
      return findLeaks(
        where,
        value,
        canaries.filter(({ name }) => !handsOut?.test(name)),
      );
    }),
  ),
];

describe("secrets", () => {
  it("are nowhere but in hydration: not in rows, schedules, logs, errors or results of any function", async () => {
    const { results, credentials, known } = await wholePath();
    const canaries = [...allCanaries(), ...credentials];
    // The path is real: the canaries did arrive where they belong.
    for (const [fn, secretRef] of [
      ["claim", "telegram.botToken.bot"],
      ["claim", "agent-bridge.serviceKey.bot"],
      ["getHydrationBundle", "telegram.botToken.bot"],
    ] as const) {
      const own = results.filter(({ where }) => where === fn);
      expect(findLeaks(fn, own, [canary(secretRef, SECRETS[secretRef])])).toContain(
        `${fn}: ${secretRef} as plain`,
      );
    }
    expect(credentials.length).toBeGreaterThanOrEqual(2);

    // Every function: reads first, and last what ends or deletes the names that the calls are about.
    const called = functions.filter(([, fn]) => fn.isQuery || fn.isMutation || fn.isAction);
    const rank = ([name, fn]: (typeof called)[number]): number =>
      fn.isQuery ? 0 : /^(revoke|delete|purge|complete|fail|settle|release)/.test(name) ? 2 : 1;
    const order = [...called].sort((a, b) => rank(a) - rank(b));
    for (const [name, fn] of order) {
      for (const args of callsOf(fn.exportArgs(), known)) {
        await call(results, name, args);
        // What a call hands out once must not be kept or shown by any other.
        if (!/^(create|rotate)\w*Token$/.test(name)) continue;
        canaries.push(...credentialsIn(name, results.pop()?.value ?? {}));
        results.push({ where: name, value: null });
      }
    }
    await ending(results, known);
    await world.pass(2_000);
    for (const [name, fn] of called.filter(([, { isQuery }]) => isQuery))
      for (const args of callsOf(fn.exportArgs(), known)) await call(results, name, args);

    expect(called.length).toBe(functions.length);
    expect(new Set(results.map(({ where }) => where))).toEqual(new Set(functions.map(([name]) => name)));
    expect(platform.seen.length).toBeGreaterThan(50);
    const everything = [...results, ...platform.seen, ...printed, ...(await storedRows())];
    expect(leaksIn(everything, canaries)).toEqual([]);
  }, 60_000);
});

describe("the search itself", () => {
  const secret = canary("planted", SECRETS["agent-bridge.serviceKey.bot"]);
  const value = secret.bytes.toString();

  it.each([
    ["plain", value],
    ["hex", `x${secret.bytes.toString("hex").toUpperCase()}`],
    ["base64", Buffer.from(`Bearer ${value} and more`).toString("base64")],
    ["base64url", Buffer.from(`1${value}2`).toString("base64url")],
    ["URL", `https://x.example/?key=${encodeURIComponent(value)}`],
    ["JSON", JSON.stringify({ deep: JSON.stringify({ value }) })],
  ])("finds a value planted as %s in a row, a schedule, a log and an error", async (_, planted) => {
    await world.t.run(async (ctx) => {
      const id = await ctx.db.insert("auditLog", { at: 1, kind: "a.b", actor: planted, subject: "x" });
      await ctx.db.delete(id);
      await ctx.scheduler.runAfter(0, makeFunctionReference<"mutation">("upkeep:wipeSecretRest"), {
        secretRef: planted,
      });
    });
    console.warn("failed", new Error("outer", { cause: new Error(planted) }));
    const where = (seen: readonly Seen[]) =>
      new Set(leaksIn(seen, [secret]).map((line) => line.split(":")[0]));
    expect(where(platform.seen)).toEqual(new Set(["write 1.0/insert", "write 1.0/schedule"]));
    expect(where(await storedRows())).toEqual(new Set(["scheduled"]));
    expect(where(printed)).toEqual(new Set(["console.warn"]));
    await world.pass(500);
  });

  it("finds bytes of a master key in a bytes column and in a stored file", async () => {
    const [key] = MASTER_KEYS;
    await world.t.run(async (ctx) => {
      await ctx.db.insert("masterKeys", { keyId: "x", key: key!.buffer, createdAt: 1 });
      await ctx.storage.store(new Blob([Buffer.concat([Buffer.from("tar"), key!])]));
    });
    const canaries = [canary("key", key!)];
    expect(leaksIn(platform.seen, canaries).map((line) => line.split(":")[0])).toEqual(
      expect.arrayContaining(["write 1.0/insert", "stored file"]),
    );
    expect(leaksIn(await storedRows(), canaries)).toContain("table masterKeys: key as plain");
  });

  it("knows no form that ordinary text would match", () => {
    for (const each of allCanaries())
      for (const { text } of formsOf(each)) expect(text.length, each.name).toBeGreaterThan(20);
  });
});
