/** Against real servers: what a worker's `fetch` fails with, and what it is called. */
import { createServer as createHttp } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import { createServer as createTcp, type AddressInfo, type Server } from "node:net";
import { Agent } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import {
  authorityPem,
  clientKeyPem,
  clientPem,
  selfSigned,
  serverKeyPem,
  serverPem,
} from "../../../test/worker/certificates.js";
import { systemClock } from "../clock.js";
import { createLogger } from "../logging.js";
import { sayHello } from "../hello.js";
import { createGatewayTransport } from "../gateway/gateway.js";
import { CertificateWanted, failureOf, type FailureKind } from "./failure.js";
import { openNetwork } from "./network.js";
import { ProxyError } from "./proxy.js";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}
async function https(options: ServerOptions): Promise<number> {
  const server = createServer(options, (_, response) => response.end("here"));
  server.on("tlsClientError", () => undefined);
  const port = await listen(server);
  open.push(() => server.closeAllConnections());
  return port;
}
async function failing(url: string, connect: Agent.Options["connect"] = {}) {
  const dispatcher = new Agent({ connect });
  open.push(() => dispatcher.destroy());
  const init: RequestInit & { dispatcher: Agent } = { dispatcher };
  return failureOf(
    await fetch(url, init).then(
      () => new Error("it answered"),
      (error: unknown) => error,
    ),
  );
}

describe("what keeps a call from being answered", () => {
  const trusted = { ca: authorityPem, servername: "localhost" };
  it("an authority that this machine does not know, an incomplete chain, another name: the certificate", async () => {
    const leaf = await https({ cert: serverPem, key: serverKeyPem });
    const chain = await https({ cert: serverPem + authorityPem, key: serverKeyPem });
    const own = await https({ cert: selfSigned.good, key: selfSigned.key });
    expect(await failing(`https://localhost:${leaf}`)).toEqual({
      kind: "tls",
      what: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    });
    expect(await failing(`https://localhost:${chain}`)).toEqual({
      kind: "tls",
      what: "SELF_SIGNED_CERT_IN_CHAIN",
    });
    expect(await failing(`https://localhost:${own}`)).toEqual({
      kind: "tls",
      what: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    expect(await failing(`https://localhost:${leaf}`, { ...trusted, servername: "other.test" })).toEqual({
      kind: "tls",
      what: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });
  it.each([
    ["past", "CERT_HAS_EXPIRED"],
    ["future", "CERT_NOT_YET_VALID"],
  ] as const)("a certificate of the %s", async (time, what) => {
    const cert = selfSigned[time];
    const port = await https({ cert, key: selfSigned.key });
    const connect = { ca: cert, servername: "localhost" };
    expect(await failing(`https://localhost:${port}`, connect)).toEqual({ kind: "tls", what });
  });
  it("a server that speaks no TLS", async () => {
    const port = await listen(createHttp((_, response) => response.end()));
    expect(await failing(`https://localhost:${port}`)).toMatchObject({ kind: "tls" });
  });
  it("a name of several addresses where nobody listens, a port that is closed, a server that hangs up", async () => {
    const gone = await listen(createTcp());
    await open.pop()?.();
    expect(await failing(`http://localhost:${gone}`)).toEqual({ kind: "refused", what: "ECONNREFUSED" });
    expect(await failing(`http://127.0.0.1:${gone}`)).toEqual({ kind: "refused", what: "ECONNREFUSED" });
    expect(await failing("http://nobody.invalid")).toMatchObject({ kind: "dns" });
    const rude = await listen(createTcp((socket) => socket.destroy()));
    expect(await failing(`http://127.0.0.1:${rude}`)).toMatchObject({ kind: "unreachable" });
  });

  const codes: [string, FailureKind][] = [
    ["CERT_NOT_YET_VALID", "tls"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "tls"],
    ["UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "tls"],
    ["CRL_HAS_EXPIRED", "tls"],
    ["INVALID_CA", "tls"],
    ["INVALID_PURPOSE", "tls"],
    ["PATH_LENGTH_EXCEEDED", "tls"],
    ["HOSTNAME_MISMATCH", "tls"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "client_certificate"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "client_certificate"],
    ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "client_certificate"],
    ["EHOSTUNREACH", "unreachable"],
    ["UND_ERR_SOCKET", "unreachable"],
  ];
  it.each(codes)("%s is %s, however deep it lies", (code, kind) => {
    const error = new TypeError("fetch failed", { cause: Object.assign(new Error(), { code }) });
    expect(failureOf(new AggregateError([error]))).toEqual({ kind, what: code });
  });
  it("a proxy's refusal is the proxy's, whatever wraps it", () => {
    const cause = new ProxyError("PROXY_REFUSED", "the proxy refused");
    expect(failureOf(new TypeError("fetch failed", { cause }))).toEqual({
      kind: "proxy",
      what: "the proxy refused",
    });
    expect(failureOf(new CertificateWanted())).toMatchObject({ kind: "client_certificate" });
  });
});

/** The first two lines of a start against this control plane. */
async function told(BASE_INTERNAL_URL: string, settings: Partial<Parameters<typeof openNetwork>[0]> = {}) {
  const network = openNetwork({ BASE_INTERNAL_URL, ...settings });
  open.push(() => network.close());
  const lines: Record<string, unknown>[] = [];
  const stop = new AbortController();
  const log = createLogger({
    level: "info",
    workerId: "w",
    secrets: [],
    destination: {
      write: (line) => {
        lines.push(JSON.parse(line) as Record<string, unknown>);
        stop.abort();
      },
    },
  });
  const gateway = createGatewayTransport({
    baseUrl: BASE_INTERNAL_URL,
    token: "t",
    workerId: "w",
    timeoutMs: 5_000,
  });
  const connection = { succeeded: () => undefined, failed: () => undefined, problem: () => null };
  const { whatTlsSays } = network;
  const deps = {
    hello: gateway.hello,
    connection,
    clock: systemClock,
    log,
    signal: stop.signal,
    warnings: () => [],
    whatTlsSays,
  };
  await sayHello(deps, { version: "1", host: "h", engine: "echo", mode: "agent" });
  return lines[0];
}
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("the first call names", () => {
  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "a server that wants a client certificate (%s)",
    async (version) => {
      const wants = {
        ca: authorityPem,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: version,
        maxVersion: version,
      };
      const port = await https({ cert: serverPem, key: serverKeyPem, ...wants });
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
      open.push(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
      const url = `https://localhost:${port}/agent-factory`;
      expect(await told(url)).toMatchObject({ code: "client_certificate_wanted" });
      const pair = { CLIENT_TLS_CERT: base64(clientPem), CLIENT_TLS_KEY: base64(clientKeyPem) };
      await expect(told(url, pair)).rejects.toMatchObject({ code: "url_wrong" });
    },
  );
  it("a web server that says so in a page", async () => {
    const page = "<html><head><title>400 No required SSL certificate was sent</title></head></html>";
    const port = await listen(createHttp((_, response) => response.writeHead(400).end(page)));
    expect(await told(`http://127.0.0.1:${port}`)).toMatchObject({ code: "client_certificate_wanted" });
  });
  it("a proxy that wants credentials, for http and https, and one that is not there", async () => {
    const proxy = createHttp((_, response) => response.writeHead(407).end());
    proxy.on("connect", (_, socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
    const HTTP_PROXY = `http://127.0.0.1:${await listen(proxy)}`;
    open.push(() => proxy.closeAllConnections());
    const through = { HTTP_PROXY, HTTPS_PROXY: HTTP_PROXY };
    for (const url of ["http://site.test/x", "https://site.test/x"]) {
      const line = await told(url, through);
      expect(line).toMatchObject({ code: "proxy_refused" });
      expect(line?.["detail"]).toContain("(HTTP 407)");
    }
    const gone = await listen(createTcp());
    await open.pop()?.();
    for (const url of ["http://site.test/x", "https://site.test/x"]) {
      const nowhere = { HTTP_PROXY: `http://127.0.0.1:${gone}`, HTTPS_PROXY: `http://127.0.0.1:${gone}` };
      expect((await told(url, nowhere))?.["detail"]).toContain(
        "the proxy could not be reached (ECONNREFUSED)",
      );
    }
  });
});
