import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, expect, it } from "vitest";
import { evaluatePush } from "../../scripts/deployment/evaluatePush.js";
import { parsePushRequest, unitsOf } from "../../scripts/deployment/pushRequest.js";
import { startPushResponse } from "../../scripts/deployment/startPushResponse.js";
import { pushApp } from "./push.js";

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const encoding = request.headers["content-encoding"];
  return (
    encoding === "br" ? brotliDecompressSync(body) : encoding === "gzip" ? gunzipSync(body) : body
  ).toString();
}

/** What a deployment answers to each step of a push, as the installed CLI takes it. */
const steps: Record<string, (body: string) => unknown> = {
  "/api/get_config_hashes": () => ({
    config: { functions: "convex/" },
    moduleHashes: [],
    nodeDependencies: [],
    udfServerVersion: "1.48.0",
  }),
  "/api/deploy2/evaluate_schema": () => ({ schemaChange: { allocatedComponentIds: {}, schemaIds: {} } }),
  "/api/deploy2/evaluate_push": () => ({ schemaChange: { allocatedComponentIds: {}, schemaIds: {} } }),
  "/api/deploy2/start_push": async (body) =>
    startPushResponse(await evaluatePush(parsePushRequest(body)), "1.48.0"),
  "/api/deploy2/wait_for_schema": () => ({ type: "complete" }),
  "/api/deploy2/finish_push": () => ({
    authDiff: { added: [], removed: [] },
    definitionDiffs: {},
    componentDiffs: {},
  }),
  "/api/deploy2/report_push_completed": () => null,
};

/** A deployment that takes pushes of the holder of the key and writes down what came. */
async function startPushed(adminKey: string) {
  const pushed: string[] = [];
  const done: string[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, json: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    void (async () => {
      const body = await bodyOf(request);
      const step = steps[request.url ?? ""];
      if (request.headers.authorization !== `Convex ${adminKey}`)
        return answer(403, { code: "BadAdminKey", message: "The provided admin key was invalid" });
      if (!step) return answer(404, { code: "NotFound", message: `no ${request.url ?? ""}` });
      done.push(request.url ?? "");
      if (request.url?.endsWith("start_push"))
        pushed.push(
          ...unitsOf(parsePushRequest(body)).flatMap(({ modules }) => modules.map(({ path }) => path)),
        );
      answer(200, await step(body));
    })().catch((error: unknown) => answer(400, { code: "PushFailed", message: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { cloudUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, adminKey, pushed, done };
}

it("the Convex CLI pushes the example app with its component to the deployment, with its key", async () => {
  const { cloudUrl, adminKey, pushed, done } = await startPushed("self|the-key");
  await pushApp({ cloudUrl, adminKey }, new AbortController().signal);
  expect(done.at(0)).toBe("/api/get_config_hashes");
  expect(done).toContain("/api/deploy2/finish_push");
  expect(pushed).toContain("agentFactory.js");
  expect(pushed).toContain("lib.js");
}, 120_000);

it("a refused push ends with the CLI's own words", async () => {
  const { cloudUrl } = await startPushed("self|the-key");
  await expect(pushApp({ cloudUrl, adminKey: "self|other" }, new AbortController().signal)).rejects.toThrow(
    /npx convex deploy to .* failed:[^]*The provided admin key was invalid/,
  );
}, 120_000);
