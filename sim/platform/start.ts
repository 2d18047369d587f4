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
import { Engine, installGlobals, type EngineSettings } from "../engine/index.js";
import { loadInstallations } from "./app/definition.js";
import { resolveEnv } from "./app/environment.js";
import { loadModules } from "./app/modules.js";
import { CronRunner } from "./crons/runner.js";
import { environmentRoutes } from "./http/environmentRoutes.js";
import { functionRoutes } from "./http/functionRoutes.js";
import { siteRoutes } from "./http/siteRoutes.js";
import { storageRoutes } from "./http/storageRoutes.js";
import { FileAddresses } from "./storage.js";
import { SyncServer } from "./sync/server.js";
import { statsRoutes } from "./http/statsRoutes.js";
import type { Platform, PlatformOptions } from "./types.js";

const EXAMPLE_APP = fileURLToPath(new URL("../../example/convex", import.meta.url));

/**
 * Starts a Convex deployment on this machine: the app and its components on the engine, behind Convex's own HTTP
 * API and WebSocket on 127.0.0.1. Nothing is kept on disk. Differences from Convex are listed in `sim/platform/README.md`.
 * @throws Error when a port is taken, a required variable is missing or the code does not load.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  // Before any module of the app is loaded: some keep what they find.
  installGlobals();
  const log = options.log ?? (() => undefined);
  const closing = new AbortController();
  const faults = new FaultPolicy(options.faults ?? [], seededRandom(options.seed ?? 1));
  const adminKey = `local|${randomUUID()}`;
  const variables = { ...options.env };

  // Functions need the addresses and the addresses need functions: listen first, fill the routes in after.
  const cloud = new Hono<SimEnv>();
  const site = new Hono<SimEnv>();
  const listening: Listening[] = [];
  let crons: CronRunner | undefined;
  let started: Engine | undefined;
  let sync: SyncServer | undefined;
  const close = async () => {
    closing.abort();
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
    const files = new FileAddresses(
      () => cloudSocket.url,
      () => engine,
    );
    const installations = await loadInstallations(options.appDirectory ?? EXAMPLE_APP);
    const urls = { CONVEX_CLOUD_URL: cloudSocket.url, CONVEX_SITE_URL: siteSocket.url };
    const envs = resolveEnv(installations, variables, urls);
    const components = installations.map(({ path, directory }) => ({
      path,
      modules: loadModules(directory),
      env: envs.get(path) ?? {},
    }));
    const engine: Engine = await Engine.start({ ...engineSettings(options), components, urls: files, log });
    started = engine;
    const cronRunner = await CronRunner.start(engine, options.crons ?? true, log);
    crons = cronRunner;

    const syncServer = new SyncServer({ engine, adminKey, faults, closing: closing.signal, log });
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
    cloud.route("/__sim/stats", statsRoutes(engine, adminKey));
    cloud.get("/version", (c) => c.text("local"));
    cloud.route("/api/storage", storageRoutes(files));
    cloud.route("/api", environmentRoutes(variables, adminKey));
    cloud.route("/api", functionRoutes(engine, adminKey));
    site.use("*", injectFaults(faults, closing.signal));
    site.route("/", siteRoutes(engine, installations, log));

    return {
      cloudUrl: cloudSocket.url,
      siteUrl: siteSocket.url,
      adminKey,
      run: (path, args = {}, run = {}) =>
        engine.call({ componentPath: run.componentPath ?? "", udfPath: path }, args),
      crons: () => cronRunner.list(),
      runCrons: (which = {}) => cronRunner.runNow(which),
      setFaults: (rules) => faults.set(rules),
      subscriptions: () => syncServer.status(),
      disconnectClients: () => syncServer.disconnectAll(),
      stats: () => engine.stats(),
      resetStats: () => engine.resetStats(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The part of the options that is the engine's own. */
const engineSettings = ({
  transactionMs,
  nestedCallMs,
  writeBytesPerSecond,
  limits,
  maxRunTimeMs,
  scheduledRetentionMs,
}: PlatformOptions): EngineSettings => ({
  transactionMs,
  nestedCallMs,
  writeBytesPerSecond,
  limits,
  maxRunTimeMs,
  scheduledRetentionMs,
});
