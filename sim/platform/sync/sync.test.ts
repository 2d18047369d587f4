import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { ConvexReactClient } from "convex/react";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import { startPlatform, type Platform } from "../index.js";

const appDirectory = fileURLToPath(new URL("../fixture/app", import.meta.url));
const list = makeFunctionReference<"query", Record<string, never>, string[]>("notes:list");
const echo = makeFunctionReference<"query", { value: unknown }, unknown>("notes:echo");
const ticks = makeFunctionReference<"query", Record<string, never>, number>("notes:ticks");
const refuse = makeFunctionReference<"query", { why: string }, null>("notes:refuse");
const add = makeFunctionReference<"mutation", { text: string }, string>("notes:add");
const fail = makeFunctionReference<"action">("notes:fail");
const storeInComponent = makeFunctionReference<"action", { text: string }, unknown>("notes:storeInComponent");
const webSocketConstructor = WebSocket as unknown as typeof globalThis.WebSocket;
const quiet = { webSocketConstructor, logger: false, skipConvexDeploymentUrlCheck: true } as const;

let platform: Platform;
let http: ConvexHttpClient;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  platform = await startPlatform({ appDirectory, env: { APP_GREETING: "hi" }, crons: false });
  http = new ConvexHttpClient(platform.cloudUrl, { logger: false });
});
afterAll(() => platform.close());
beforeEach(() => platform.run("notes:wipe"));
afterEach(async () => {
  platform.setFaults([]);
  await Promise.all(open.splice(0).map((client) => client.close()));
});

function connect(): ConvexClient {
  const client = new ConvexClient(platform.cloudUrl, quiet);
  open.push(client);
  return client;
}
/** Follows a query; `seen` are its answers in order, errors as errors. */
function follow<T>(client: ConvexClient, query: Parameters<ConvexClient["onUpdate"]>[0], args: object = {}) {
  const seen: (T | Error)[] = [];
  const stop = client.onUpdate(
    query,
    args,
    (value) => seen.push(value as T),
    (error) => seen.push(error),
  );
  return { seen, stop, last: () => seen.at(-1) };
}
const notesOf = (client: ConvexClient) => follow<string[]>(client, list);

describe("the unmodified ConvexClient", () => {
  it("hears of what somebody else writes, once for each change", async () => {
    const notes = notesOf(connect());
    await vi.waitFor(() => expect(notes.seen).toEqual([[]]));
    await http.mutation(add, { text: "theirs" });
    await vi.waitFor(() => expect(notes.seen).toEqual([[], ["theirs"]]));
    await platform.run("notes:add", { text: "internal" });
    await vi.waitFor(() => expect(notes.seen).toHaveLength(3));
    expect(notes.last()).toEqual(["theirs", "internal"]);
  });

  it("hears of a scheduled function's write, and nothing of a rolled back one", async () => {
    const notes = notesOf(connect());
    await vi.waitFor(() => expect(notes.seen).toEqual([[]]));
    await expect(http.mutation(add, { text: "roll back" })).rejects.toThrow(ConvexError);
    await platform.run("notes:addLater", { text: "later", delayMs: 30 });
    await vi.waitFor(() => expect(notes.seen).toEqual([[], ["later"]]));
  });

  it("runs its mutations in order, each resolved when its own subscriptions show it", async () => {
    const client = connect();
    const notes = notesOf(client);
    const texts = ["a", "b", "c", "d"];
    const shown = await Promise.all(
      texts.map(async (text) => {
        await client.mutation(add, { text });
        return (notes.last() as string[]).includes(text);
      }),
    );
    expect(shown).toEqual([true, true, true, true]);
    expect(notes.last()).toEqual(texts);
  });

  it("gets errors of mutations, actions and queries, with the data of a ConvexError", async () => {
    const client = connect();
    await expect(client.mutation(add, { text: "roll back" })).rejects.toMatchObject({
      data: { code: "refused", size: 3n },
    });
    await expect(client.action(fail, {})).rejects.toThrow("it broke");
    const refused = follow(client, refuse, { why: "because" });
    await vi.waitFor(() => expect(refused.last()).toMatchObject({ data: { why: "because" } }));
    const unknown = follow(client, makeFunctionReference<"query">("nowhere:at"));
    await vi.waitFor(() => expect(String(unknown.last())).toMatch(/Could not find public function/));
    const internal = client.mutation(makeFunctionReference<"mutation">("notes:wipe"), {});
    await expect(internal).rejects.toThrow(/Could not find public function/);
    expect(await client.action(storeInComponent, { text: "x" })).toBeDefined();
  });

  it("carries every kind of value both ways", async () => {
    const value = {
      int: -5n,
      bytes: new Uint8Array([1, 255]).buffer,
      infinite: Infinity,
      list: [null, true],
    };
    expect(await connect().query(echo, { value })).toEqual(value);
  });

  it("hears nothing more of a query that it gave up", async () => {
    const client = connect();
    const [kept, given] = [notesOf(client), follow<number>(client, ticks)];
    await vi.waitFor(() => expect([kept.seen.length, given.seen.length]).toEqual([1, 1]));
    expect(platform.subscriptions()).toMatchObject({ clients: 1, queries: 2 });
    given.stop();
    await vi.waitFor(() => expect(platform.subscriptions().queries).toBe(1));
    await platform.run("lib:cronTick", {}, { componentPath: "counter" });
    await http.mutation(add, { text: "seen" });
    await vi.waitFor(() => expect(kept.last()).toEqual(["seen"]));
    expect(given.seen).toHaveLength(1);
  });

  it("is accepted with a token, of which the platform makes no identity", async () => {
    const client = connect();
    const payload = Buffer.from(JSON.stringify({ iat: 1, exp: 4e9 })).toString("base64url");
    client.setAuth(() => Promise.resolve(`e30.${payload}.c2ln`));
    const notes = notesOf(client);
    await vi.waitFor(() => expect(notes.seen.length).toBeGreaterThan(0));
    await client.mutation(add, { text: "with a token" });
    expect(notes.last()).toEqual(["with a token"]);
  });

  it("comes back after the connection was cut, with what it missed and what it asked", async () => {
    const client = connect();
    const notes = notesOf(client);
    await vi.waitFor(() => expect(notes.seen).toEqual([[]]));
    platform.setFaults([{ kind: "dropBefore", path: "/api/*/sync", count: 1 }]);
    platform.disconnectClients();
    await vi.waitFor(() => expect(client.connectionState().isWebSocketConnected).toBe(false));
    const asked = client.mutation(add, { text: "asked while away" });
    await http.mutation(add, { text: "missed" });
    await asked;
    expect(notes.last()).toEqual(["missed", "asked while away"]);
    expect(await http.query(list, {})).toHaveLength(2);
  });
});

describe("ConvexReactClient", () => {
  it("watches queries and runs mutations", async () => {
    const client = new ConvexReactClient(platform.cloudUrl, { ...quiet, unsavedChangesWarning: false });
    open.push(client);
    const watch = client.watchQuery(list, {});
    const seen: unknown[] = [];
    const stop = watch.onUpdate(() => seen.push(watch.localQueryResult()));
    await vi.waitFor(() => expect(seen).toEqual([[]]));
    await client.mutation(add, { text: "mine" });
    await http.mutation(add, { text: "theirs" });
    await vi.waitFor(() => expect(seen.at(-1)).toEqual(["mine", "theirs"]));
    stop();
  });
});

describe("the sync server", () => {
  it("runs again only what a write may have changed, and shares a query between clients", async () => {
    const clients = Array.from({ length: 20 }, connect);
    const all = clients.map(notesOf);
    const other = follow<number>(clients[0]!, ticks);
    await vi.waitFor(() => expect([...all, other].every(({ seen }) => seen.length === 1)).toBe(true));
    expect(platform.subscriptions()).toMatchObject({ clients: 20, queries: 2 });
    const before = platform.subscriptions().runs;
    await http.mutation(add, { text: "one" });
    await vi.waitFor(() => expect(all.every(({ seen }) => seen.length === 2)).toBe(true));
    expect(platform.subscriptions().runs).toBe(before + 1);
    await platform.run("lib:cronTick", {}, { componentPath: "counter" });
    await vi.waitFor(() => expect(other.seen).toHaveLength(2));
    expect(platform.subscriptions().runs).toBe(before + 2);
  });

  it("lets an administrator, and nobody else, call internal functions and components", async () => {
    const client = connect();
    const inside = makeFunctionReference<"mutation">("notes:wipe");
    (client.client as unknown as { setAdminAuth(key: string): void }).setAdminAuth(platform.adminKey);
    await http.mutation(add, { text: "gone" });
    await client.mutation(inside, {});
    expect(await http.query(list, {})).toEqual([]);
  });

  it("answers a mutation that is sent again with the first answer, and refuses what is no message", async () => {
    const said: { type: string; requestId?: number; result?: string; error?: string }[] = [];
    const dial = async () => {
      const socket = new WebSocket(`${platform.cloudUrl.replace("http", "ws")}/api/1.48.0/sync`);
      socket.on("message", (data) => said.push(JSON.parse((data as Buffer).toString()) as (typeof said)[0]));
      await new Promise((resolve) => socket.once("open", resolve));
      open.push({ close: async () => socket.terminate() });
      socket.send(JSON.stringify({ type: "Connect", sessionId: "same", connectionCount: 0, clientTs: 0 }));
      return socket;
    };
    const request = { type: "Mutation", requestId: 7, udfPath: "notes:add", args: [{ text: "once" }] };
    const answers = () => said.filter(({ type }) => type === "MutationResponse").map(({ result }) => result);
    (await dial()).send(JSON.stringify(request));
    await vi.waitFor(() => expect(answers()).toHaveLength(1));
    const again = await dial();
    again.send(JSON.stringify(request));
    await vi.waitFor(() => expect(answers()).toHaveLength(2));
    expect(answers()[0]).toBe(answers()[1]);
    expect(await http.query(list, {})).toEqual(["once"]);
    again.send("no message");
    await vi.waitFor(() => expect(said.at(-1)).toMatchObject({ type: "FatalError" }));
  });

  it("is at its own path only", async () => {
    const socket = new WebSocket(`${platform.cloudUrl.replace("http", "ws")}/elsewhere`);
    const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
    expect(error.message).toContain("404");
  });
});
