import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import WebSocket from "ws";
import { startPlatform, type Platform } from "./index.js";

const appDirectory = fileURLToPath(new URL("fixture/app", import.meta.url));
const tally = makeFunctionReference<"mutation">("notes:tally");
const tallyFromAction = makeFunctionReference<"action">("notes:tallyFromAction");
const add = makeFunctionReference<"mutation">("notes:add");
const echo = makeFunctionReference<"query">("notes:echo");
const TRANSACTION_MS = 60;
/** At once; one after the other they would take this many times as long. */
const CALLS = 40;
const SECOND_MS = 1_000;

let platform: Platform;
let client: ConvexHttpClient;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  platform = await startPlatform({
    appDirectory,
    env: { APP_GREETING: "hi" },
    crons: false,
    transactionMs: TRANSACTION_MS,
    writeBytesPerSecond: 100_000,
  });
  client = new ConvexHttpClient(platform.cloudUrl, { logger: false });
});
afterAll(() => platform.close());
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** From now on somebody commits a note every few ms. */
function disturb(): void {
  const running: Promise<unknown>[] = [];
  const timer = setInterval(() => running.push(platform.run("notes:add", { text: "x" })), 5);
  stops.push(() => {
    clearInterval(timer);
    return Promise.all(running);
  });
}

/** What Convex answers: 503 with `{code, message}`, of which its client makes an Error with that text. */
const CONFLICT =
  /Documents read from or written to the \\?"notes\\?" table changed while this mutation was being run and on every subsequent retry\. A call to \\?"notes:add\\?" changed the document with ID/;

it("a conflict in every attempt reaches clients and actions as on Convex, and is counted", async () => {
  platform.resetStats();
  disturb();
  const overHttp = client.mutation(tally, {}, { skipQueue: true });
  await expect(overHttp).rejects.toThrow(/^\{"code":"OptimisticConcurrencyControlFailure","message":/);
  await expect(overHttp).rejects.toThrow(CONFLICT);
  const response = await fetch(`${platform.cloudUrl}/api/mutation`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ path: "notes:tally", args: {} }),
  });
  expect(response.status).toBe(503);
  expect(await client.action(tallyFromAction, {})).toMatch(CONFLICT);
  const overSocket = new ConvexClient(platform.cloudUrl, {
    webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
    logger: false,
  });
  stops.push(() => overSocket.close());
  await expect(overSocket.mutation(tally, {})).rejects.toThrow(CONFLICT);

  const headers = { authorization: `Convex ${platform.adminKey}` };
  const url = `${platform.cloudUrl}/__sim/stats`;
  expect((await fetch(url)).status).toBe(403);
  const stats = (await (await fetch(url, { headers })).json()) as ReturnType<Platform["stats"]>;
  expect(stats.functions.find(({ function: name }) => name === "notes:tally")).toEqual({
    ...{ function: "notes:tally", type: "mutation", calls: 4, attempts: 20, worstAttempts: 5 },
    ...{ errors: 4, conflictErrors: 4, tooManyWrites: 0 },
  });
  expect(stats.conflicts).toEqual([
    { retried: "notes:tally", writer: "notes:add", index: "notes.by_creation_time", count: 20 },
  ]);
  await fetch(url, { method: "DELETE", headers: { ...headers, "content-type": "application/json" } });
  expect(platform.stats().conflicts).toEqual([]);
});

it("each query and mutation takes the time that was set, beside the others", async () => {
  const began = performance.now();
  await Promise.all(Array.from({ length: CALLS }, () => client.query(echo, { value: 1 })));
  const tookMs = performance.now() - began;
  expect(tookMs).toBeGreaterThanOrEqual(TRANSACTION_MS - 2);
  expect(tookMs).toBeLessThan(CALLS * TRANSACTION_MS);
});

it("too much written per second is refused with 429, and passes a second later", async () => {
  await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
  const text = "x".repeat(60_000);
  await client.mutation(add, { text });
  await expect(client.mutation(add, { text })).rejects.toThrow(
    /^\{"code":"TooManyWrites","message":"Too many writes per second\./,
  );
  await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
  await client.mutation(add, { text });
});

it("half a surrogate pair is refused as an argument", async () => {
  await expect(client.query(echo, { value: "\ud83d" })).rejects.toThrow(
    '{"code":"InvalidArguments","message":"Invalid arguments provided"}',
  );
  expect(await client.query(echo, { value: "\ud83d\ude00\0" })).toBe("\ud83d\ude00\0");
});
