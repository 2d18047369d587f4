/** `GET /healthz` and `GET /metrics`. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { accepts } from "hono/accepts";
import type { Engine } from "./engine/engine.js";
import { plainText, plainTextType, type Metrics } from "./metrics.js";
import type { Services } from "./services.js";
import type { RunControl } from "./shutdown.js";
import type { ConnectionStatus } from "./status.js";

export interface HealthDeps {
  connection: ConnectionStatus;
  engine: Engine;
  control: RunControl;
  metrics: Metrics;
  services?: Pick<Services, "problems">;
  /** Brings the gauges up to date that nobody pushes. */
  sample?: () => Promise<void>;
  /** What an operator should know though the worker works. */
  warnings?: () => string[];
}

/** Why the worker cannot take a message at present; empty while it can. */
export function healthProblems({ connection, engine, control, services }: HealthDeps): string[] {
  const problems: string[] = [];
  const disconnected = connection.problem();
  if (disconnected !== null) problems.push(`component: ${disconnected}`);
  if (!engine.ready()) problems.push(`engine ${engine.name}: not ready`);
  problems.push(...(services?.problems() ?? []));
  if (control.state !== "running") problems.push(`worker: ${control.state}`);
  return problems;
}

/** The health routes without a server. */
export function healthApp(deps: HealthDeps): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => {
    const problems = healthProblems(deps);
    const status = problems.length === 0 ? 200 : 503;
    const warnings = deps.warnings?.() ?? [];
    deps.metrics.healthChecks.inc({ status });
    return c.json({ ok: status === 200, state: deps.control.state, problems, warnings }, status);
  });
  app.get("/metrics", async (c) => {
    await deps.sample?.();
    deps.connection.problem(); // refreshes the gauge, which time alone can change
    const { registry } = deps.metrics;
    const text = await registry.metrics();
    const wanted = accepts(c, {
      header: "Accept",
      supports: ["application/openmetrics-text", "text/plain"],
      default: "application/openmetrics-text",
    });
    const isPlain = wanted === "text/plain";
    c.header("content-type", isPlain ? plainTextType : registry.contentType);
    c.header("vary", "Accept");
    return c.body(isPlain ? plainText(text) : text);
  });
  return app;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens; port 0 takes a free one. `::` is every address of both families, and where the machine has no IPv6 every address of
 * IPv4. Rejects when the address is taken.
 */
export async function startHealthServer(deps: HealthDeps, host: string, port: number): Promise<HealthServer> {
  const app = healthApp(deps);
  const address = host.replace(/^\[|\]$/g, "");
  try {
    return await listenOn(app, address, port);
  } catch (error) {
    if (
      address !== "::" ||
      !(error instanceof Error && "code" in error && withoutIpv6.has(String(error.code)))
    )
      throw error;
    return await listenOn(app, "0.0.0.0", port);
  }
}

/** What a kernel without IPv6 answers, or one in which it is switched off. */
const withoutIpv6: ReadonlySet<string> = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

function listenOn(app: Hono, hostname: string, port: number): Promise<HealthServer> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname, port }, (info) => {
      server.off("error", reject);
      resolve({
        port: info.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.once("error", reject);
  });
}
