import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { openNetwork, type Network } from "./network.js";
import { proxyFor } from "./proxyRule.js";

describe("which proxy", () => {
  const settings = { HTTPS_PROXY: "http://secure", HTTP_PROXY: "http://plain" };
  const cases: [string, string, string | null][] = [
    ["https://a.test/x", "", "http://secure"],
    ["wss://a.test/x", "", "http://secure"],
    ["http://a.test/x", "", "http://plain"],
    ["ws://a.test/x", "", "http://plain"],
    ["https://a.test", "a.test", null],
    ["https://A.test.", "a.test", null],
    ["https://b.a.test", "a.test", null],
    ["https://b.a.test", ".a.test", null],
    ["https://b.a.test", "*.a.test", null],
    ["https://ba.test", "a.test", "http://secure"],
    ["https://a.test", "x, b.test a.test", null],
    ["https://a.test", "a.test:443", null],
    ["https://a.test:8443", "a.test:443", "http://secure"],
    ["https://a.test", "*", null],
    ["http://10.0.0.7", "10.0.0.7", null],
    ["http://[fd00::7]:80", "[fd00::7]", null],
    ["http://[fd00::7]", "fd00::7", null],
    ["http://localhost:3210", "", null],
    ["ws://127.0.0.1:18789", "", null],
    ["http://[::1]:9", "", null],
  ];
  it.each(cases)("%s with NO_PROXY=%j -> %s", (url, NO_PROXY, expected) => {
    expect(proxyFor(new URL(url), { ...settings, NO_PROXY })).toBe(expected);
  });
  it("none is named: none is used", () => {
    expect(proxyFor(new URL("https://a.test"), {})).toBeNull();
  });
});

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Tunnels every host to `port` on loopback and notes who was asked for. */
async function startProxy(port: number, refuse = false): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    asked.push(`${request.url ?? ""} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    if (refuse)
      return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    const target = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    for (const end of [target, socket]) end.on("error", () => undefined);
    open.push(async () => target.destroy());
  });
  return { url: `http://me%40home:pa%3Ass@127.0.0.1:${await serve(proxy)}`, asked };
}
const network = (settings: Partial<Parameters<typeof openNetwork>[0]>): Network => {
  const opened = openNetwork({ BASE_INTERNAL_URL: "http://site.test/agent-factory", ...settings });
  open.push(() => opened.close());
  return opened;
};
const basic = `Basic ${Buffer.from("me@home:pa:ss").toString("base64")}`;

describe("the way out", () => {
  it("every fetch of the process takes the proxy, whoever calls; loopback and exceptions do not", async () => {
    const echo = (request: IncomingMessage, response: ServerResponse): void =>
      void response.end(`${request.headers.host ?? ""}${request.url ?? ""}`);
    const port = await serve(createServer(echo));
    const proxy = await startProxy(port);
    const opened = network({ HTTP_PROXY: proxy.url, NO_PROXY: `127.0.0.2:${port}` });
    expect(await (await fetch("http://site.test/a")).text()).toBe("site.test/a");
    expect(await (await fetch("http://other.test:81/b")).text()).toBe("other.test:81/b");
    expect(await (await fetch(`http://127.0.0.1:${port}/c`)).text()).toContain("/c");
    expect(proxy.asked).toEqual([`site.test:80 ${basic}`, `other.test:81 ${basic}`]);
    await opened.close();
    await expect(fetch("http://site.test/a")).rejects.toThrow();
  });

  it("a WebSocket takes the proxy too, and says when the proxy refuses", async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.send("hello"));
    const port = await serve(server);
    const proxy = await startProxy(port);
    const { webSocketAgent } = network({ HTTP_PROXY: proxy.url });
    const address = "ws://cloud.test:3210/api/sync";
    const socket = new WebSocket(address, { agent: webSocketAgent(address) });
    const heard = await new Promise((resolve, reject) => {
      socket.once("message", (data: Buffer) => resolve(data.toString()));
      socket.once("error", reject);
    });
    socket.terminate();
    expect(heard).toBe("hello");
    expect(proxy.asked).toEqual([`cloud.test:3210 ${basic}`]);
    expect(webSocketAgent("ws://127.0.0.1:1")).toBeUndefined();

    const strict = await startProxy(port, true);
    const refusing = network({ HTTP_PROXY: strict.url });
    const refused = new WebSocket(address, { agent: refusing.webSocketAgent(address) });
    const error = await new Promise<Error>((resolve) => refused.once("error", resolve));
    expect(error.message).toContain("the proxy refused the tunnel to cloud.test:3210 (HTTP 407)");
    expect(error.message).not.toContain("pa:ss");
  });
});
