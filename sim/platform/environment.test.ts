import { afterAll, beforeAll, expect, it } from "vitest";
import { startPlatform, type Platform } from "./index.js";

const KEY = "AGENT_FACTORY_MASTER_KEY";
let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ crons: false, env: { ADMIN_TOKEN_IDENTIFIERS: "me" } });
});
afterAll(() => platform.close());

const post = (path: string, body: unknown, key = platform.adminKey) =>
  fetch(`${platform.cloudUrl}/api/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Convex ${key}` },
    body: JSON.stringify(body),
  });
const change = (name: string, value: string | null, key?: string) =>
  post("update_environment_variables", { changes: [{ name, value }] }, key);
const list = async (key?: string) =>
  post("query", { path: "_system/cli/queryEnvironmentVariables", args: {} }, key);
const masterKey = async () => {
  const readiness = await platform.run("lib:secretStoreReadiness", {}, { componentPath: "agentFactory" });
  return (readiness as { masterKey: string }).masterKey;
};

it("variables are listed and changed at run time as by the Convex CLI, and functions see the change at once", async () => {
  expect(await masterKey()).toBe("absent");
  expect((await change(KEY, Buffer.alloc(32, 5).toString("base64"))).status).toBe(200);
  expect(await masterKey()).toBe("env");
  expect(await (await list()).json()).toMatchObject({
    status: "success",
    value: [{ name: "ADMIN_TOKEN_IDENTIFIERS", value: "me" }, { name: KEY }],
  });
  expect((await change(KEY, null)).status).toBe(200);
  expect(await masterKey()).toBe("absent");
});

it("nobody without the admin key lists or changes them, and a malformed change changes nothing", async () => {
  expect((await change(KEY, "x", "local|wrong")).status).toBe(403);
  expect((await list("local|wrong")).status).toBe(403);
  expect((await change("1 NAME", "x")).status).toBe(400);
  expect(await (await list()).json()).toMatchObject({ value: [{ name: "ADMIN_TOKEN_IDENTIFIERS" }] });
});
