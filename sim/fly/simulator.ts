import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import {
  adminGuard,
  faultRoutes,
  FaultPolicy,
  injectFaults,
  seededRandom,
  type SimEnv,
} from "../faults/index.js";
import { createClosing } from "../http/closing.js";
import { CallLog } from "./callLog.js";
import { systemClock, Timers } from "./clock.js";
import { CloudFaults } from "./cloudFaults.js";
import { Ids } from "./ids.js";
import type { SimMachine } from "./machine.js";
import { MachineLife } from "./machineLife.js";
import { MachineStore } from "./machineStore.js";
import { PretendLauncher } from "./pretendLauncher.js";
import { RateLimiter, REAL_FLY_LIMITS } from "./rateLimits.js";
import { apiRoutes } from "./routes.js";
import { simRoutes } from "./simRoutes.js";
import type { FlyCounts, FlyMachineView, FlySimulator, FlySimulatorOptions } from "./types.js";
import { VolumeStore } from "./volumeStore.js";

const REGIONS = ["iad", "ord", "dfw", "sjc", "lhr", "ams", "cdg", "fra", "arn", "sin", "nrt", "syd", "gru"];
const DEFAULT_TOKEN = "sim-fly-token";
const DEFAULT_WAIT_MS = 10_000;
const WAIT_POLL_MS = 15;

/** A Fly simulator and the Hono app that serves it over sockets. */
export interface FlyApp {
  simulator: FlySimulator;
  app: Hono<SimEnv>;
}

/** The cloud of `options`, with nothing in it. @throws ZodError for a malformed fault rule. */
export function createFlyApp(options: FlySimulatorOptions = {}): FlyApp {
  const clock = options.clock ?? systemClock;
  const closing = createClosing();
  const timers = new Timers(clock);
  const random = seededRandom(options.seed ?? 1);
  const ids = new Ids(seededRandom((options.seed ?? 1) + 1));
  const connectionFaults = new FaultPolicy(options.faults ?? [], random);
  const faults = new CloudFaults(options.cloudFaults ?? []);
  const launcher = options.launcher ?? new PretendLauncher();
  const regions = options.regions ?? REGIONS;
  const volumes = new VolumeStore(
    { clock, timers, faults, ids },
    {
      regions,
      dataDir: options.dataDir,
      claimReleaseMs: options.claimReleaseMs ?? 100,
      usesDisk: launcher.usesDisk,
    },
  );
  const life = new MachineLife(
    { clock, timers, faults, launcher, volumes, ids },
    {
      bootMs: options.bootMs ?? 200,
      destroyMs: options.destroyMs ?? 50,
      restartDelayMs: options.restartDelayMs ?? 1_000,
    },
  );
  const machines = new MachineStore(
    { clock, faults, ids, launcher, volumes, life },
    { regions, tombstoneMs: options.tombstoneMs ?? 60_000 },
  );
  const calls = new CallLog();
  const tokens = options.tokens ?? [DEFAULT_TOKEN];

  const counts = (): FlyCounts => ({
    providerCalls: calls.total,
    callsByRoute: { ...calls.byRoute },
    machinesNow: machines.living().length,
    machinesPeak: machines.peak,
    machinesCreated: machines.created,
    machinesRunning: machines.living().filter(({ state }) => state === "started").length,
    volumesNow: volumes.living().length,
    volumesCreated: volumes.created,
  });
  const inspection = {
    counts,
    calls: () => calls.all(),
    machines: () => [...machines.machines.values()].map(viewOf),
    volumes: () =>
      [...volumes.volumes.values()].map(({ createdAt: _createdAt, sizeGb: _sizeGb, ...volume }) => ({
        ...volume,
        directory: volumes.directory(volume.id),
      })),
    kill: (machineId: string) => {
      const process = machines.machines.get(machineId)?.process;
      if (!process) throw new Error(`machine ${machineId} has no process`);
      process.signal("SIGKILL");
    },
  };

  const app = new Hono<SimEnv>();
  app.use("*", calls.middleware(clock));
  app.use("*", async (c, next) => {
    await next();
    if (c.res.status !== 101) c.res.headers.set("fly-request-id", `sim-${calls.total}`);
  });
  app.use("*", injectFaults(connectionFaults, closing.signal));
  app.use("/__sim/*", adminGuard);
  app.route("/__sim/faults", faultRoutes(connectionFaults));
  app.route("/__sim", simRoutes(inspection, faults));
  app.route(
    "/v1/apps",
    apiRoutes({
      apps: options.apps ?? ["agent-workers"],
      tokens,
      clock,
      faults,
      limits: options.rateLimits ?? REAL_FLY_LIMITS,
      limiter: new RateLimiter(),
      machines,
      volumes,
      life,
    }),
  );
  app.notFound((c) => c.text("404 page not found", 404));
  app.onError((error, c) => c.json({ error: `internal: ${error.message}` }, 500));

  const simulator: FlySimulator = {
    ...inspection,
    token: tokens[0] ?? DEFAULT_TOKEN,
    fetch: (url, init) => fetchFrom(app, url, init),
    setFaults: (rules) => connectionFaults.set(rules),
    setCloudFaults: (rules) => faults.set(rules),
    async waitFor(predicate, timeoutMs = DEFAULT_WAIT_MS) {
      const until = performance.now() + timeoutMs;
      while (!predicate(counts())) {
        if (performance.now() > until)
          throw new Error(`fly: not within ${timeoutMs} ms: ${JSON.stringify(counts())}`);
        await new Promise((resolve) => setTimeout(resolve, WAIT_POLL_MS));
      }
    },
    async close() {
      closing.abort();
      timers.cancelAll();
      await life.close();
      timers.cancelAll();
      volumes.close();
    },
  };
  return { simulator, app };
}

/** The simulator for use without sockets: pass its `fetch` to the adapter. */
export function createFlySimulator(options: FlySimulatorOptions = {}): FlySimulator {
  return createFlyApp(options).simulator;
}

/** `fetch` into the app. A fault that cuts the connection rejects, as a real socket would. */
async function fetchFrom(app: Hono<SimEnv>, url: string, init?: RequestInit): Promise<Response> {
  let cut = false;
  const socket = { remoteAddress: "127.0.0.1", destroy: () => (cut = true) };
  const bindings = { incoming: { socket } } as unknown as HttpBindings;
  const response = await orAborted(app.fetch(new Request(url, init), bindings), init?.signal);
  if (cut) throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
  return response;
}

/** The answer, or the rejection of a caller who does not wait for it any longer. */
async function orAborted<Answer>(
  answer: Promise<Answer> | Answer,
  signal?: AbortSignal | null,
): Promise<Answer> {
  if (!signal) return answer;
  let stopListening = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = () => reject(new DOMException("The operation was aborted", "AbortError"));
    signal.addEventListener("abort", onAbort, { once: true });
    stopListening = () => signal.removeEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    stopListening();
  }
}

function viewOf(machine: SimMachine): FlyMachineView {
  return {
    id: machine.id,
    app: machine.app,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    image: machine.config.image,
    metadata: { ...machine.config.metadata },
    createdAt: machine.createdAt,
    destroyedAt: machine.destroyedAt,
    pid: machine.process?.pid ?? null,
    env: { ...machine.config.env },
    exitCodes: [...machine.exitCodes],
    output: machine.process?.output() ?? machine.lastOutput,
  };
}
