/** What becomes of a part when the way to Telegram breaks at each of its stages, over real sockets, with and without a proxy. */
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { serverKeyPem, serverPem } from "../../../../test/worker/certificates.js";
import { closedPort } from "../../../../test/worker/httpServer.js";
import { openNetwork } from "../../net/network.js";
import type { Recipient, SendResult } from "../channel.js";
import { createTelegramOutbound } from "./outbound.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const recipient: Recipient = {
  providerUserId: "7",
  metadata: {},
  credential: "1:secret",
};
const idle = new AbortController().signal;
const clock = { now: () => 0, random: () => 0, sleep: () => Promise.resolve() };
const deliveryTo = (baseUrl: string, timeoutMs = 2_000) =>
  createTelegramOutbound({ baseUrl, clock, timeoutMs });
const send = (baseUrl: string, maySend?: () => boolean, timeoutMs?: number): Promise<SendResult> =>
  deliveryTo(baseUrl, timeoutMs).send("the answer", recipient, idle, maySend);

/** Every HTTPS call of the process takes the proxy, which treats each tunnel as told. */
async function throughProxy(onTunnel: (socket: Socket) => void): Promise<string> {
  const proxy = createHttpServer();
  proxy.on("connect", (_request, socket: Socket) => onTunnel(socket.on("error", () => undefined)));
  const network = openNetwork({
    BASE_INTERNAL_URL: "http://127.0.0.1:1",
    HTTPS_PROXY: `http://127.0.0.1:${await listen(proxy)}`,
  });
  cleanups.push(() => network.close());
  return "https://telegram.test";
}
const opened = "HTTP/1.1 200 Connection established\r\n\r\n";
const untrusted = () =>
  createHttpsServer({ key: serverKeyPem, cert: serverPem }, (_request, response) => response.end("{}"));

const stages: [string, () => Promise<string>][] = [
  ["a name that does not resolve", () => Promise.resolve("https://no-such-host.invalid")],
  ["a refused connection", () => closedPort()],
  ["a certificate that nobody trusts", async () => `https://localhost:${await listen(untrusted())}`],
  [
    "a connection cut before the handshake",
    async () => `https://127.0.0.1:${await listen(createServer((socket) => void socket.destroy()))}`,
  ],
  [
    "plain HTTP on the TLS port",
    async () =>
      `https://127.0.0.1:${await listen(createServer((socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nhello")))}`,
  ],
  [
    "a handshake that never ends",
    async () => `https://127.0.0.1:${await listen(createServer(() => undefined))}`,
  ],
  ...[403, 407, 502, 503].map((status): [string, () => Promise<string>] => [
    `a proxy that answers CONNECT with ${status}`,
    () => throughProxy((socket) => void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)),
  ]),
  ["a proxy that hangs up", () => throughProxy((socket) => void socket.destroy())],
  [
    "a tunnel that breaks before the handshake",
    () => throughProxy((socket) => void socket.write(opened, () => socket.destroy())),
  ],
  [
    "a tunnel to a certificate that nobody trusts",
    async () => {
      const port = await listen(untrusted());
      return await throughProxy((socket) => {
        const target = connect(port, "127.0.0.1", () => {
          socket.write(opened);
          target.pipe(socket).pipe(target);
        });
        target.on("error", () => undefined);
        cleanups.push(() => target.destroy());
      });
    },
  ],
  [
    "a proxy that wants a login, asked for plain HTTP without a tunnel",
    async () => {
      const proxy = createHttpServer((_request, response) => response.writeHead(407).end());
      const network = openNetwork({
        BASE_INTERNAL_URL: "http://127.0.0.1:1",
        HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}`,
      });
      cleanups.push(() => network.close());
      return "http://telegram.test";
    },
  ],
  [
    "a proxy that is away",
    async () => {
      const network = openNetwork({
        BASE_INTERNAL_URL: "http://127.0.0.1:1",
        HTTPS_PROXY: await closedPort(),
      });
      cleanups.push(() => network.close());
      return "https://telegram.test";
    },
  ],
];

describe("before its first byte has left, a part is not sent, and tried again", () => {
  it.each(stages)("%s", async (_, stage) => {
    const result = await send(await stage());
    expect(result).toMatchObject({ kind: "transient" });
    expect(JSON.stringify(result)).not.toContain("secret");
  });
});

describe("after that it may have arrived", () => {
  it.each<[string, (socket: Socket) => void]>([
    ["a connection cut on the request", (socket) => socket.once("data", () => socket.destroy())],
    ["silence", () => undefined],
    [
      "half an answer",
      (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")),
    ],
  ])("%s", async (_, onConnection) => {
    const port = await listen(createServer((socket) => void onConnection(socket)));
    expect(await send(`http://127.0.0.1:${port}`, undefined, 500)).toMatchObject({ kind: "ambiguous" });
  });

  it("an upload is no different", async () => {
    const port = await listen(createServer((socket) => socket.once("data", () => socket.destroy())));
    const load = () => Promise.resolve(new Uint8Array(10));
    const file = {
      storageId: "s",
      kind: "document",
      fileName: "a.txt",
      mimeType: "text/plain",
      sizeBytes: 10,
    } as const;
    const delivery = deliveryTo(`http://127.0.0.1:${port}`);
    expect(await delivery.sendFile({ file, load }, recipient, idle)).toMatchObject({ kind: "ambiguous" });
  });
});

describe("the last moment before the first byte", () => {
  async function observed() {
    let bytes = 0;
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on("data", (data) => (bytes += data.length));
    });
    return { url: `http://127.0.0.1:${await listen(server)}`, seen: () => ({ bytes, connections }) };
  }

  it("is when the sender is asked: a no leaves the part unsent on an open connection", async () => {
    const { url, seen } = await observed();
    let asked = 0;
    const result = await send(url, () => {
      asked += 1;
      return false;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([result.kind, asked, seen()]).toEqual(["withheld", 1, { bytes: 0, connections: 1 }]);
  });

  it("an abort before it says so, one after it does not", async () => {
    const early = AbortSignal.abort(new Error("lost"));
    const delivery = deliveryTo(await closedPort());
    expect(await delivery.send("hi", recipient, early)).toMatchObject({ kind: "withheld" });
    const { url, seen } = await observed();
    const late = new AbortController();
    const sending = deliveryTo(url).send("hi", recipient, late.signal);
    const refused = expect(sending).rejects.toThrow("lost");
    await vi.waitFor(() => expect(seen().bytes).toBeGreaterThan(0), { timeout: 10_000, interval: 5 });
    late.abort(new Error("lost"));
    await refused;
  });
});

it("a wait that Telegram asks for is told to the queue, however long", async () => {
  const body = JSON.stringify({
    ok: false,
    error_code: 429,
    description: "Too Many Requests",
    parameters: { retry_after: 86_400 },
  });
  const port = await listen(createHttpServer((_request, response) => response.writeHead(429).end(body)));
  expect(await send(`http://127.0.0.1:${port}`)).toEqual({
    kind: "transient",
    reason: "telegram 429: Too Many Requests",
    retryAfterMs: 86_400_000,
  });
});

it("a file that cannot be fetched at present is tried again; one that is lost is not", async () => {
  const { FileGone } = await import("../../attachments/files.js");
  const file = {
    storageId: "s",
    kind: "document",
    fileName: "a.txt",
    mimeType: "text/plain",
    sizeBytes: 1,
  } as const;
  const sent = (error: Error) =>
    deliveryTo("http://127.0.0.1:1").sendFile({ file, load: () => Promise.reject(error) }, recipient, idle);
  expect((await sent(new Error("HTTP 503"))).kind).toBe("transient");
  expect((await sent(new FileGone("HTTP 404"))).kind).toBe("refused");
});
