import { fileURLToPath } from "node:url";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startPlatform, type Platform } from "./index.js";

const appDirectory = fileURLToPath(new URL("fixture/app", import.meta.url));
const query = (name: string) => makeFunctionReference<"query">(name);
const mutation = (name: string) => makeFunctionReference<"mutation">(name);
const action = (name: string) => makeFunctionReference<"action">(name);

let platform: Platform;
let client: ConvexHttpClient;
const logged: string[] = [];

beforeAll(async () => {
  platform = await startPlatform({
    appDirectory,
    env: { APP_GREETING: "hi", APP_SECRET: "only the app's" },
    crons: false,
    log: (line) => logged.push(line),
  });
  client = new ConvexHttpClient(platform.cloudUrl, { logger: false });
});
afterAll(() => platform.close());
beforeEach(async () => {
  platform.setFaults([]);
  await platform.run("notes:wipe");
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${platform.cloudUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const adminHeaders = () => ({ authorization: `Convex ${platform.adminKey}` });

describe("the unmodified ConvexHttpClient", () => {
  it("runs mutations and queries, consistent ones too", async () => {
    expect(await client.mutation(mutation("notes:add"), { text: "one" })).toEqual(expect.any(String));
    expect(await client.query(query("notes:list"), {})).toEqual(["one"]);
    expect(await client.consistentQuery(query("notes:list"), {})).toEqual(["one"]);
  });

  it("carries every kind of value both ways", async () => {
    const value = {
      int: -5n,
      bytes: new Uint8Array([1, 2, 255]).buffer,
      infinite: Infinity,
      nested: [null, true, "x"],
    };
    expect(await client.query(query("notes:echo"), { value })).toEqual(value);
  });

  it("gets the data of a ConvexError, and the mutation is rolled back", async () => {
    const refused = client.mutation(mutation("notes:add"), { text: "roll back" });
    await expect(refused).rejects.toThrow(ConvexError);
    await expect(refused).rejects.toMatchObject({ data: { code: "refused", size: 3n } });
    expect(await client.query(query("notes:list"), {})).toEqual([]);
  });

  it("gets a plain error's message from an action", async () => {
    await expect(client.action(action("notes:fail"), {})).rejects.toThrow(/Server Error[^]*it broke/);
  });

  it("is refused internal, unknown and wrongly typed functions", async () => {
    await expect(client.mutation(mutation("notes:wipe"), {})).rejects.toThrow(
      /Could not find public function for 'notes:wipe'/,
    );
    await expect(client.mutation(mutation("nowhere:at"), {})).rejects.toThrow(
      /Could not find public function/,
    );
    await expect(client.query(query("notes:add"), { text: "x" })).rejects.toThrow(
      /as Query, but it is defined as Mutation/,
    );
    await expect(client.mutation(mutation("__http:handle"), { id: "x" })).rejects.toThrow(/Could not find/);
  });
});

describe("the function API", () => {
  it("lets the admin key run internal functions, of components too, and nobody else", async () => {
    const call = { path: "lib:cronTick", args: {}, componentPath: "counter", format: "json" };
    expect((await post("/api/function", call)).status).toBe(403);
    expect((await post("/api/function", call, { authorization: "Convex wrong" })).status).toBe(403);
    const before = await platform.run("notes:ticks");
    expect(await (await post("/api/function", call, adminHeaders())).json()).toMatchObject({
      status: "success",
    });
    expect(await platform.run("notes:ticks")).toBe(Number(before) + 1);
  });

  it("answers json to run and GET, with the lossy encodings", async () => {
    const value = { big: { $integer: "BQAAAAAAAAA=" }, bytes: { $bytes: "AQI=" } };
    const run = await post("/api/run/notes/echo", { args: { value } });
    expect(await run.json()).toEqual({ status: "success", value: { big: "5", bytes: "AQI=" }, logLines: [] });
    const got = await fetch(
      `${platform.cloudUrl}/api/query?path=notes:echo&args=${encodeURIComponent('{"value":1}')}`,
    );
    expect(await got.json()).toMatchObject({ status: "success", value: 1 });
  });

  it("refuses bodies that are no calls, and tokens of unknown providers", async () => {
    for (const body of ["text", {}, { path: "notes:list", args: [{}, {}] }, { path: 5, args: {} }]) {
      const answer = await post("/api/query", body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: "BadJsonBody" });
    }
    const call = { path: "notes:list", args: {} };
    expect((await post("/api/query", call, { authorization: "Bearer x.y.z" })).status).toBe(401);
  });
});

describe("bindings of convex.config", () => {
  it("give each component its declared variables and nothing else", async () => {
    expect(await platform.run("notes:environments")).toEqual({
      app: { greeting: "hi", greetingOfChild: null, cloud: platform.cloudUrl },
      counter: { greeting: "hi", mode: "fixed", secret: null, path: null, deep: "hi" },
      second: {
        greeting: "hello from second",
        mode: null,
        secret: null,
        path: null,
        deep: "hello from second",
      },
    });
    expect(process.env.PATH).toBeDefined();
  });

  it("must be complete: a required variable that is missing stops the start", async () => {
    await expect(startPlatform({ appDirectory, env: {} })).rejects.toThrow("APP_GREETING");
  });
});

describe("files", () => {
  it("are uploaded and downloaded, whole and in ranges", async () => {
    const url = await client.mutation(mutation("notes:uploadUrl"), {});
    const uploaded = await fetch(url as string, {
      method: "POST",
      headers: { "content-type": "image/png" },
      body: "0123456789",
    });
    const { storageId } = (await uploaded.json()) as { storageId: string };
    const fileUrl = (await client.query(query("notes:fileUrl"), { storageId })) as string;
    const file = await fetch(fileUrl);
    expect(file.headers.get("content-type")).toBe("image/png");
    expect(await file.text()).toBe("0123456789");
    const part = await fetch(fileUrl, { headers: { range: "bytes=2-4" } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
  });

  it("are refused without a token and unknown at another address", async () => {
    const upload = await fetch(`${platform.cloudUrl}/api/storage/upload?token=none`, {
      method: "POST",
      body: "x",
    });
    expect(upload.status).toBe(401);
    expect((await fetch(`${platform.cloudUrl}/api/storage/none`)).status).toBe(404);
  });

  it("stored by many actions of a component beside mutations are all kept", async () => {
    const urls = await Promise.all(
      Array.from({ length: 10 }, async (_unused, index) => {
        void client.mutation(mutation("notes:add"), { text: `beside ${index}` }, { skipQueue: true });
        return (await client.action(action("notes:storeInComponent"), { text: `file ${index}` })) as string;
      }),
    );
    expect(urls[0]).toContain("?component=counter");
    const texts = await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
    expect(texts).toEqual(urls.map((_url, index) => `file ${index}`));
  });
});

describe("HTTP actions", () => {
  it("of the app see their own origin and reach its functions", async () => {
    const answer = await fetch(`${platform.siteUrl}/add`, { method: "POST", body: "from outside" });
    expect([answer.status, answer.headers.get("x-note"), await answer.text()]).toEqual([
      201,
      "kept",
      platform.siteUrl,
    ]);
    expect(await platform.run("notes:list")).toEqual(["from outside"]);
  });

  it("of a mounted component lose the prefix for routing and see its environment", async () => {
    expect(await (await fetch(`${platform.siteUrl}/counter/where`)).text()).toBe("hi at /counter/where");
  });

  it("that throw answer 500 without the detail; without a route 404", async () => {
    const broken = await fetch(`${platform.siteUrl}/broken/now`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain("secret detail");
    expect((await fetch(`${platform.siteUrl}/add`)).status).toBe(404);
    expect((await fetch(`${platform.siteUrl}/second/where`)).status).toBe(404);
  });
});

describe("time", () => {
  it("runs scheduled functions, and not before a month that Node cannot count has passed", async () => {
    await client.mutation(mutation("notes:addLater"), { text: "soon", delayMs: 5 });
    await client.mutation(mutation("notes:addLater"), { text: "in a month", delayMs: 31 * 86_400_000 });
    await expect.poll(() => platform.run("notes:list")).toEqual(["soon"]);
  });

  it("lists the crons of every component and runs them on demand, over HTTP too", async () => {
    expect(platform.crons().map((cron) => cron.componentPath)).toEqual(["counter", "second"]);
    const before = Number(await platform.run("notes:ticks"));
    await platform.runCrons({ componentPath: "counter" });
    expect(await (await post("/__sim/crons/run", { name: "tick" })).json()).toMatchObject({
      crons: [
        { componentPath: "counter", failures: 0 },
        { componentPath: "second", failures: 0 },
      ],
    });
    expect(await platform.run("notes:ticks")).toBe(before + 2);
  });
});

describe("faults", () => {
  it("lose the reply after the effect, or answer an error before it, by path", async () => {
    platform.setFaults([
      { kind: "dropAfter", path: "/api/mutation", count: 1 },
      { kind: "status", status: 503, path: "/add", count: 1 },
    ]);
    await expect(client.mutation(mutation("notes:add"), { text: "kept" })).rejects.toThrow();
    expect(await platform.run("notes:list")).toEqual(["kept"]);
    expect((await fetch(`${platform.siteUrl}/add`, { method: "POST", body: "x" })).status).toBe(503);
    expect(await platform.run("notes:list")).toEqual(["kept"]);
  });
});
