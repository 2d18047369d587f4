/** A loopback HTTP server whose answers a test writes. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}
export interface TestServer {
  baseUrl: string;
  received: Received[];
  close(): Promise<void>;
}

/** Starts a server; `answer` is called with each request and its number, from 0. */
export async function startTestServer(
  answer: (request: Received, response: ServerResponse, index: number) => void,
): Promise<TestServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () => {
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      const one = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      received.push(one);
      answer(one, response, received.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<string> {
  const server = await startTestServer(() => undefined);
  await server.close();
  return server.baseUrl;
}
