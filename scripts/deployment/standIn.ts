/**
 * A stand-in for a Convex deployment, just enough for `convex codegen`: two routes on an ephemeral loopback port.
 * The CLI bundles and prints; the stand-in evaluates the bundles and says what they export.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { evaluatePush } from "./evaluatePush.js";
import { parsePushRequest } from "./pushRequest.js";
import { startPushResponse } from "./startPushResponse.js";

export type StandIn = { readonly url: string; close(): Promise<void> };

/** @param serverVersion the `convex` version the deployment claims to run; the installed one, so the CLI is content. */
export async function startStandIn(serverVersion: string, signal?: AbortSignal): Promise<StandIn> {
  const routes: Record<string, (body: string) => unknown> = {
    "POST /api/get_config_hashes": () => ({
      config: { functions: "convex/" },
      moduleHashes: [],
      nodeDependencies: [],
      udfServerVersion: serverVersion,
    }),
    "POST /api/deploy2/start_push": async (body) =>
      startPushResponse(await evaluatePush(parsePushRequest(body), signal), serverVersion),
  };
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const route = routes[`${request.method} ${request.url}`];
      if (route === undefined)
        return respond(response, 404, { code: "NotFound", message: `no ${request.url} here` });
      respond(response, 200, await route(body));
    })().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      respond(response, 400, { code: "PushFailed", message });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  switch (request.headers["content-encoding"]) {
    case "br":
      return brotliDecompressSync(body).toString();
    case "gzip":
      return gunzipSync(body).toString();
    default:
      return body.toString();
  }
}

function respond(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
}
