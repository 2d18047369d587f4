/**
 * The real worker behind a proxy that sees every connection it makes, against local stand-ins under the names that were
 * provisioned: it calls those hosts and no other, and shows its client certificate to the control plane alone.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { workerHosts, type ProvisionedEngine } from "../../src/policy/deployments/provision.js";
import { authorityPem, clientKeyPem, clientPem, serverKeyPem, serverPem } from "./certificates.js";
import { aJob } from "./fakes.js";
import { json, startTestServer } from "./httpServer.js";
import { MemoryServer } from "./memoryServer.js";

const bin = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));
const openAiBaseUrl = "https://models.test/v1";
const provisioned = (engine: ProvisionedEngine): string[] =>
  workerHosts({
    site: "https://site.test",
    cloud: "https://cloud.test",
    channels: [{ url: "https://telegram.test", purpose: "answers" }],
    engine,
    openAiBaseUrl,
  }).map(({ host, port }) => `${host}:${port}`);

let directory: string;
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "outbound-"));
  await writeFile(path.join(directory, "authority.pem"), authorityPem);
  // Connections that do not go to the proxy, whatever opens them; this process's own pipes have no port.
  const spy = `
    import net from "node:net";
    const connect = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function (...args) {
      const [options] = Array.isArray(args[0]) ? args[0] : args;
      const port = typeof options === "object" ? options.port : options;
      if (port !== undefined && String(port) !== process.env.SPY_PROXY_PORT)
        process.stderr.write("DIRECT " + (options.host ?? "localhost") + ":" + port + "\\n");
      return connect.apply(this, args);
    };`;
  await writeFile(path.join(directory, "spy.mjs"), spy);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(directory, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
const join = (one: Socket, other: Socket): void => {
  one.on("error", () => undefined).on("close", () => other.destroy());
  other.on("error", () => undefined).on("close", () => one.destroy());
  one.pipe(other).pipe(one);
};

class CloudFiles extends MemoryServer {
  override get origin(): string {
    return "https://cloud.test";
  }
  get local(): string {
    return super.origin;
  }
}

/** TLS in front of the stand-ins, by name, and the proxy in front of that. */
async function startSite() {
  const component = await new CloudFiles().listen();
  const answer = { ok: true, result: {} };
  const telegram = await startTestServer((_, response) => json(response, 200, answer));
  const models = await startTestServer((_, response) =>
    json(response, 200, { choices: [{ message: { role: "assistant", content: "from the model" } }] }),
  );
  closing.push(() => component.close(), telegram.close, models.close);
  const ports: Record<string, string> = {
    "site.test": component.local,
    "cloud.test": component.local,
    "telegram.test": telegram.baseUrl,
    "models.test": models.baseUrl,
  };
  const certified = new Set<string>();
  const plain = new Set<string>();
  const tls = createTlsServer(
    { cert: serverPem, key: serverKeyPem, ca: authorityPem, requestCert: true, rejectUnauthorized: false },
    (socket: TLSSocket) => {
      const name = String(socket.servername);
      // A resumed session is always called authorized; only the certificate itself tells.
      if (!socket.isSessionReused())
        (Object.keys(socket.getPeerCertificate()).length > 0 ? certified : plain).add(name);
      join(socket, connect(Number(new URL(ports[name] ?? "").port), "127.0.0.1"));
    },
  );
  tls.on("tlsClientError", () => undefined);
  const tlsPort = await listen(tls);
  const asked: string[] = [];
  const proxy = createServer((_, response) => void response.writeHead(400).end());
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    asked.push(request.url ?? "");
    const target = connect(tlsPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      join(socket, target);
    });
  });
  const proxyPort = await listen(proxy);
  return { component, telegram, certified, plain, asked, proxyPort };
}
type Site = Awaited<ReturnType<typeof startSite>>;

const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
function start(site: Site, settings: Record<string, string>) {
  const child = spawn(
    process.execPath,
    ["--import", path.join(directory, "spy.mjs"), "--import", "tsx", bin],
    {
      env: {
        PATH: process.env["PATH"],
        SPY_PROXY_PORT: String(site.proxyPort),
        NODE_EXTRA_CA_CERTS: path.join(directory, "authority.pem"),
        HTTPS_PROXY: `http://127.0.0.1:${site.proxyPort}`,
        BASE_INTERNAL_URL: "https://site.test/agent-factory",
        CONVEX_DEPLOYMENT_URL: "https://cloud.test",
        TELEGRAM_API_BASE_URL: "https://telegram.test",
        AGENT_TOKEN: "agent-token-value",
        CLIENT_TLS_CERT: base64(clientPem),
        CLIENT_TLS_KEY: base64(clientKeyPem),
        HEALTH_PORT: "0",
        POLL_INTERVAL_MS: "50",
        ...settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  closing.push(() => child.kill("SIGKILL"));
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  return { child, output, exited: once(child, "close").then(([code]) => code as number | null) };
}
/** Fails with what the worker printed. */
async function until(output: { text: string }, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 12_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error(output.text);
}

it.each<[ProvisionedEngine, Record<string, string>]>([
  ["openai", { OPENAI_BASE_URL: openAiBaseUrl, MODEL: "m", OPENAI_API_KEY: "model-key-value" }],
  ["command", { ENGINE_COMMAND: "cat", COMMAND_STATEFUL: "true" }],
])(
  "ENGINE=%s: answers a Telegram message and calls exactly the provisioned hosts, through the proxy",
  async (engine, settings) => {
    const site = await startSite();
    site.component.jobs.push(aJob("m1", { telegramBotToken: "123456:bot-secret" }));
    const DATA_DIR = path.join(directory, "data");
    const { child, output, exited } = start(site, { ENGINE: engine, DATA_DIR, ...settings });
    await until(output, () => output.text.includes("worker.jobEnded"));
    await until(output, () => site.asked.includes("cloud.test:443"));
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    const sent = site.telegram.received.find(({ path: called }) => called.endsWith("/sendMessage"));
    expect(sent?.body).toMatchObject({ text: engine === "openai" ? "from the model" : "question m1" });
    if (engine === "command") expect(site.component.newest("c")?.status).toBe("ready");
    expect([...new Set(site.asked)].sort()).toEqual(provisioned(engine).sort());
    expect(output.text).not.toContain("DIRECT ");
    expect([...site.certified]).toEqual(["site.test"]);
    expect([...site.plain].sort()).toEqual(
      provisioned(engine)
        .map((host) => host.replace(":443", ""))
        .filter((host) => host !== "site.test")
        .sort(),
    );
    expect(output.text).not.toMatch(/agent-token-value|bot-secret|model-key-value/);
  },
  30_000,
);
