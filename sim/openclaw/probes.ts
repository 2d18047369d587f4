import type { IncomingMessage, ServerResponse } from "node:http";

/** The gateway's HTTP probes on the same port; everything else is 404, as with the control UI switched off. */
export function answerProbe(
  request: IncomingMessage,
  response: ServerResponse,
  state: { live: boolean; ready: boolean },
): void {
  if (!state.live) return void request.socket.destroy();
  const json = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const path = request.url?.split("?")[0];
  const isProbe = ["/health", "/healthz", "/ready", "/readyz"].includes(path ?? "");
  if (!isProbe) return void response.writeHead(404).end("Not Found");
  if (request.method !== "GET") return void response.writeHead(405).end("Method Not Allowed");
  if (path === "/health" || path === "/healthz") return void json(200, { ok: true, status: "live" });
  const failing = state.ready ? [] : ["startup-sidecars"];
  json(state.ready ? 200 : 503, { ready: state.ready, failing });
}
