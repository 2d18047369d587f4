import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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
    ["http://[fd00::7]", "fd00:0:0:0::7", null],
    ["http://[fd00::7]:81", "[fd00::7]:80", "http://plain"],
    ["http://10.20.30.40", "10.0.0.0/8", null],
    ["http://11.20.30.40", "10.0.0.0/8", "http://plain"],
    ["http://10.20.30.40:8080", "10.0.0.0/8:8080", null],
    ["http://10.20.30.40", "10.0.0.0/8:8080", "http://plain"],
    ["http://172.31.255.1", "192.168.0.0/16,172.16.0.0/12", null],
    ["http://172.32.0.1", "192.168.0.0/16,172.16.0.0/12", "http://plain"],
    ["http://10.0.0.7", "10.0.0.0/33", "http://plain"],
    ["http://10.0.0.7", "0.0.0.0/0", null],
    ["http://[fd12:3456::7]", "fd00::/8", null],
    ["http://[fd12:3456::7]", "[fd00::]/8", null],
    ["http://[2001:db8::7]", "fd00::/8", "http://plain"],
    ["http://[::ffff:10.0.0.7]", "10.0.0.0/8", null],
    ["http://10.a.test", "10.0.0.0/8", "http://plain"],
    ["http://a.test", "a.test/8", "http://plain"],
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

/**
 * As Squid and tinyproxy come: asks `port` on loopback for plain HTTP by its absolute address, opens tunnels to 443 only
 * (`tunnels`: to which ports), and notes who was asked for.
 */
async function startProxy(port: number, tunnels = [443]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage): void =>
    void asked.push(`${method} ${url} ${headers["proxy-authorization"] ?? ""}`.trim());
  const proxy = createServer((incoming, response) => {
    note(incoming);
    const { host, pathname } = new URL(incoming.url ?? "");
    expect(incoming.headers.host).toBe(host);
    const { method, headers } = incoming;
    const forward = request({ host: "127.0.0.1", port, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(forward);
  });
  proxy.on("connect", (incoming: IncomingMessage, socket: Socket) => {
    note(incoming);
    if (!tunnels.includes(Number(incoming.url?.split(":").at(-1))))
      return void socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
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
    expect(proxy.asked).toEqual([`GET http://site.test/a ${basic}`, `GET http://other.test:81/b ${basic}`]);
    await opened.close();
    await expect(fetch("http://site.test/a")).rejects.toThrow();
  });

  it("plain HTTP carries its method, headers and body through the proxy, and many requests at once", async () => {
    const port = await serve(
      createServer((incoming, response) => {
        response.setHeader("x-said", incoming.headers["authorization"] ?? "");
        incoming.pipe(response);
      }),
    );
    network({ HTTP_PROXY: (await startProxy(port)).url });
    const ask = async (body: string): Promise<string> => {
      const init = { method: "POST", body, headers: { Authorization: "Bearer of-the-target" } };
      const response = await fetch("http://site.test/a", init);
      return `${response.headers.get("x-said")} ${await response.text()}`;
    };
    const bodies = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50_000));
    expect(await Promise.all(bodies.map(ask))).toEqual(bodies.map((body) => `Bearer of-the-target ${body}`));
  });

  it("a name without a password, and a percent sign that encodes nothing, reach the proxy as they are", async () => {
    const port = await serve(createServer((_, response) => response.end()));
    for (const [given, sent] of [
      ["me@", "me:"],
      ["me:50%off@", "me:50%off"],
    ]) {
      const { url, asked } = await startProxy(port);
      const opened = network({ HTTP_PROXY: url.replace("me%40home:pa%3Ass@", given ?? "") });
      await fetch("http://site.test/a");
      await opened.close();
      expect(asked[0]).toContain(`Basic ${Buffer.from(sent ?? "").toString("base64")}`);
    }
  });

  it("a WebSocket takes the proxy too, and says when the proxy refuses", async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.send("hello"));
    const port = await serve(server);
    const proxy = await startProxy(port, [3210]);
    const { webSocketAgent } = network({ HTTP_PROXY: proxy.url });
    const address = "ws://cloud.test:3210/api/sync";
    const socket = new WebSocket(address, { agent: webSocketAgent(address) });
    const heard = await new Promise((resolve, reject) => {
      socket.once("message", (data: Buffer) => resolve(data.toString()));
      socket.once("error", reject);
    });
    socket.terminate();
    expect(heard).toBe("hello");
    expect(proxy.asked).toEqual([`CONNECT cloud.test:3210 ${basic}`]);
    expect(webSocketAgent("ws://127.0.0.1:1")).toBeUndefined();

    const strict = await startProxy(port);
    const refusing = network({ HTTP_PROXY: strict.url });
    const refused = new WebSocket(address, { agent: refusing.webSocketAgent(address) });
    const error = await new Promise<Error>((resolve) => refused.once("error", resolve));
    expect(error.message).toContain("the proxy refused the tunnel to cloud.test:3210 (HTTP 403)");
    expect(error.message).not.toContain("pa:ss");
  });
});
