import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { z } from "zod";
import {
  adminGuard,
  FaultPolicy,
  faultRoutes,
  injectFaults,
  seededRandom,
  type SimEnv,
} from "../faults/index.js";
import { listenLoopback, type Listening } from "../http/listen.js";
import { Backend } from "./app/backend.js";
import { loadInstallations } from "./app/definition.js";
import { CronRunner } from "./crons/runner.js";
import { environmentRoutes } from "./http/environmentRoutes.js";
import { functionRoutes } from "./http/functionRoutes.js";
import { siteRoutes } from "./http/siteRoutes.js";
import { storageRoutes } from "./http/storageRoutes.js";
import { FileStore } from "./storage.js";
import { SyncServer } from "./sync/server.js";
import type { Platform, PlatformOptions } from "./types.js";
import { pruneScheduled } from "./upkeep.js";

const EXAMPLE_APP = fileURLToPath(new URL("../../example/convex", import.meta.url));
const PRUNE_EVERY_MS = 5_000;

/**
 * Starts a Convex deployment on this machine: the app and its components on convex-test, behind Convex's own HTTP
 * API and WebSocket on 127.0.0.1. Nothing is kept on disk. Differences from Convex are listed in `sim/platform/README.md`.
 * @throws Error when a port is taken, a required variable is missing or the code does not load.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const log = options.log ?? (() => undefined);
  const closing = new AbortController();
  const faults = new FaultPolicy(options.faults ?? [], seededRandom(options.seed ?? 1));
  const adminKey = `local|${randomUUID()}`;
  const variables = { ...options.env };

  // Functions need the addresses and the addresses need functions: listen first, fill the routes in after.
  const cloud = new Hono<SimEnv>();
  const site = new Hono<SimEnv>();
  const listening: Listening[] = [];
  let prune: NodeJS.Timeout | undefined;
  let crons: CronRunner | undefined;
  let started: Backend | undefined;
  let sync: SyncServer | undefined;
  const close = async () => {
    closing.abort();
    clearInterval(prune);
    sync?.close();
    await Promise.all(listening.map((socket) => socket.close()));
    await crons?.close();
    started?.close();
  };
  try {
    const cloudSocket = await listenLoopback((request, env) => cloud.fetch(request, env), options.port);
    listening.push(cloudSocket);
    const siteSocket = await listenLoopback((request, env) => site.fetch(request, env), options.sitePort);
    listening.push(siteSocket);
    const files = new FileStore(
      () => cloudSocket.url,
      () => backend,
    );
    const backend = await Backend.start({
      installations: await loadInstallations(options.appDirectory ?? EXAMPLE_APP),
      provided: variables,
      urls: { CONVEX_CLOUD_URL: cloudSocket.url, CONVEX_SITE_URL: siteSocket.url },
      storage: files,
      log,
    });
    started = backend;
    const cronRunner = await CronRunner.start(backend, options.crons ?? true, log);
    crons = cronRunner;

    const syncServer = new SyncServer({ backend, adminKey, faults, closing: closing.signal, log });
    sync = syncServer;
    cloudSocket.onUpgrade((request, socket, head) => void syncServer.upgrade(request, socket, head));

    const only = z.strictObject({ componentPath: z.string().optional(), name: z.string().optional() });
    cloud.use("*", cors(), injectFaults(faults, closing.signal));
    cloud.use("/__sim/*", adminGuard);
    cloud.route("/__sim/faults", faultRoutes(faults));
    cloud.get("/__sim/crons", (c) => c.json({ crons: cronRunner.list() }));
    cloud.post("/__sim/crons/run", async (c) => {
      const body = only.safeParse(await c.req.json().catch(() => ({})));
      if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400);
      return c.json({ crons: await cronRunner.runNow(body.data) });
    });
    cloud.get("/version", (c) => c.text("local"));
    cloud.route("/api/storage", storageRoutes(files));
    cloud.route("/api", environmentRoutes(variables, adminKey));
    cloud.route("/api", functionRoutes(backend, adminKey));
    site.use("*", injectFaults(faults, closing.signal));
    site.route("/", siteRoutes(backend, log));

    prune = setInterval(() => {
      pruneScheduled(backend, options.scheduledRetentionMs ?? 30_000).catch((error: unknown) =>
        log(`pruning failed: ${String(error)}`),
      );
    }, PRUNE_EVERY_MS);
    prune.unref();

    return {
      cloudUrl: cloudSocket.url,
      siteUrl: siteSocket.url,
      adminKey,
      run: (path, args = {}, run = {}) =>
        backend.call({ componentPath: run.componentPath ?? "", udfPath: path }, args, { publicOnly: false }),
      crons: () => cronRunner.list(),
      runCrons: (which = {}) => cronRunner.runNow(which),
      setFaults: (rules) => faults.set(rules),
      subscriptions: () => syncServer.status(),
      disconnectClients: () => syncServer.disconnectAll(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
