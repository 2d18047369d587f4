/** Wires a worker from its checked environment and runs it to its end. */
import { tmpdir } from "node:os";
import type { Logger } from "pino";
import { systemClock, type Clock } from "./clock.js";
import type { GatewayOperation } from "../../src/contract/gateway.js";
import type { Pressure } from "../../src/policy/calls/pressure.js";
import { createConnections } from "./connections/resolve.js";
import { createFileExchange } from "./attachments/exchange.js";
import { createChannels } from "./channels/registry.js";
import { createEngine, memoryPlace, probePlaces } from "./engines/chosen.js";
import type { WorkerEnv } from "./env.js";
import { exitCodes } from "./exitCodes.js";
import { faults, WorkerFault } from "./faults.js";
import type { HealthServer } from "./health.js";
import { faultOfRefusal, ownHost, sayGoodbye, sayHello } from "./hello.js";
import { runInitScript } from "./init/initScript.js";
import { createLogger } from "./logging.js";
import { runLoop } from "./loop.js";
import { startMemory } from "./memory/start.js";
import { createMetrics } from "./metrics.js";
import { openNetwork } from "./net/network.js";
import { Observer } from "./observed.js";
import { watchProcess } from "./processMetrics.js";
import { createProber } from "./probes/answer.js";
import { openOwnState } from "./store/ownState.js";
import { materialiseSkills } from "./skills/materialise.js";
import { checksOf, Services } from "./services.js";
import { drainOnSignals, RunControl } from "./shutdown.js";
import { secretsOf } from "./secrets.js";
import { lookAtMachine } from "./startChecks.js";
import { checkMachine, listen, startEngine, startSkills } from "./startup.js";
import { createConnectionStatus } from "./status.js";
import { createGatewayTransport } from "./gateway/gateway.js";
import { workerVersion } from "./version.js";
import { listenForWakes } from "./waiting/listen.js";
import type { Subscription } from "./waiting/subscription.js";
import { UNHINTED_POLL_MS, Waiting, type IdleHint } from "./waiting/waiting.js";

/** A connection without any successful call for this long, in ms, is no connection: two polls of the slowest kind. */
const CONNECTION_FRESH_MS = 150_000;

/** Runs a worker until it is stopped; the result is the process's exit code (`exitCodes.ts`), its cause is in the log. */
export async function runWorker(env: WorkerEnv, host: NodeJS.Process): Promise<number> {
  const metrics = createMetrics();
  const log = createLogger({
    level: env.LOG_LEVEL,
    workerId: env.WORKER_ID,
    secrets: secretsOf(env, host.env),
    onLine: (level) => metrics.logLines.inc({ level }),
  });
  try {
    return await run(env, host, { metrics, log, clock: systemClock });
  } catch (error) {
    if (!(error instanceof WorkerFault)) throw error;
    const { code, detail, fix, exitCode } = error;
    log.fatal({ code, message: faults[code].message, detail, fix, exitCode }, "worker.failed");
    return exitCode;
  }
}

interface Tools {
  metrics: ReturnType<typeof createMetrics>;
  log: Logger;
  clock: Clock;
}

async function run(env: WorkerEnv, host: NodeJS.Process, { metrics, log, clock }: Tools): Promise<number> {
  const place = memoryPlace(env);
  await checkMachine(env, place?.root, host.env["PATH"]);
  const own = await openOwnState(env, log, host.env["WORKER_ID"] === undefined ? null : tmpdir());
  const control = new RunControl(clock, env.SHUTDOWN_GRACE_MS, (state, reason) =>
    log.info({ state, reason }, "worker.stateChanged"),
  );
  const connection = createConnectionStatus(
    clock,
    metrics,
    Math.max(CONNECTION_FRESH_MS, 5 * (env.POLL_INTERVAL_MS ?? 0)),
  );
  const waiting = new Waiting({
    clock,
    fixedPollMs: env.POLL_INTERVAL_MS,
    subscribes: env.CONVEX_DEPLOYMENT_URL !== undefined,
  });
  const engine = createEngine(env, { clock, log, processEnv: host.env });
  const network = openNetwork(env);
  const observer = new Observer({ clock, log, metrics, control, idleTimeoutMs: env.WORKER_IDLE_TIMEOUT_MS });
  const channels = createChannels(env, { clock, timeoutMs: env.HTTP_TIMEOUT_MS });
  const services = new Services({ clock, log, metrics, checks: checksOf(engine, own.store, channels) });
  const watch = watchProcess(metrics, { env, engine, control, observer, dataDir: place?.root });
  const findings = await lookAtMachine(host.env);
  for (const { code, detail } of findings) {
    const { message, fix } = faults[code];
    log.warn({ code, message, detail, fix }, "worker.fault");
  }
  const lasting = findings.map(({ code, detail }) => `${code}: ${faults[code].message} (${detail})`);
  const warnings = (): string[] => [...lasting, ...observer.warnings()];
  const stopListening = drainOnSignals(control, host, (signal) => {
    log.warn({ signal }, "worker.exitedAtOnce");
    host.exit(signal === "SIGINT" ? 130 : 143);
  });
  let health: HealthServer | undefined;
  let listening: Subscription | undefined;
  let leave = (): Promise<void> => Promise.resolve();
  try {
    health = await listen(env, {
      connection,
      engine,
      control,
      metrics,
      services,
      sample: watch.sample,
      warnings,
    });
    const { stopSignal } = control;
    log.info(
      { engine: engine.name, mode: env.MODE, healthHost: env.HEALTH_HOST, healthPort: health.port },
      "worker.started",
    );
    const connected = {
      baseUrl: env.BASE_INTERNAL_URL,
      token: env.AGENT_TOKEN,
      workerId: env.WORKER_ID,
      instance: own.instance,
      workspaceId: env.WORKSPACE_ID,
      stateful: place !== null,
      listens: () => waiting.listens,
      onIdle: (hint: IdleHint) => waiting.told(hint),
      timeoutMs: env.HTTP_TIMEOUT_MS,
      fetch: observer.fetch(fetch),
      around: <T>(operation: GatewayOperation, attempt: () => Promise<T>) =>
        observer.call(operation, attempt),
      onPressure: (operation: GatewayOperation, reason: Pressure) =>
        metrics.conflicts.inc({ operation, reason }),
      clock,
    };
    const gateway = createGatewayTransport(connected);
    const transport = observer.transport(gateway);
    // What an earlier process left is said under that one's name; it must not count as this worker's idling.
    const transportFor = (workerId: string) => createGatewayTransport({ ...connected, workerId });
    if (env.INIT_SCRIPT !== undefined) {
      const deps = { log, env: host.env, timeoutMs: env.INIT_SCRIPT_TIMEOUT_MS, signal: stopSignal };
      if (!(await runInitScript(env.INIT_SCRIPT, deps))) return exitCodes.clean;
    }
    const said = { version: workerVersion(), host: ownHost(), engine: engine.name, mode: env.MODE };
    const { whatTlsSays } = network;
    const greeting = {
      hello: gateway.hello,
      connection,
      clock,
      log,
      signal: stopSignal,
      warnings,
      whatTlsSays,
    };
    await sayHello(greeting, said);
    leave = () => sayGoodbye(gateway, said);
    // The order of a start: the memory, then the skills into its directories, then the engine that reads both.
    const refreshSkills = (signal: AbortSignal) =>
      materialiseSkills({ transport, env, clock, logger: log, signal });
    const started = await startMemory(place, env, { transport, engine, clock, log, refreshSkills });
    if (!started.ok) throw new WorkerFault("data_dir_unusable", place?.root ?? "");
    await startSkills(refreshSkills(stopSignal));
    const { memory } = started;
    await startEngine(engine, stopSignal);
    listening = listenForWakes(env, waiting, { log, webSocketAgent: network.webSocketAgent });
    const refusal = await runLoop({
      transport,
      transportFor,
      journal: own.journal,
      connections: createConnections(own.store),
      prober: createProber({
        places: probePlaces(env),
        clock,
        transport: gateway,
        log,
        enabled: env.PROBES === "on",
      }),
      engine,
      memory,
      channels,
      services,
      files: createFileExchange({ uploadUrl: (signal) => gateway.uploadUrl(signal) }),
      clock,
      log,
      metrics,
      connection,
      control,
      engineTimeoutMs: env.ENGINE_TIMEOUT_MS,
      secrets: secretsOf(env, host.env),
      pollIntervalMs: env.POLL_INTERVAL_MS ?? UNHINTED_POLL_MS,
      waiting,
    });
    // What it holds in memory cannot be saved any more either.
    if (refusal !== null) throw new WorkerFault(faultOfRefusal(refusal), refusal);
    if (memory === undefined) return exitCodes.clean;
    const saved = await memory.finish(control.stoppedBy === "server" ? "drain" : "signal");
    if (saved && memory.blocked === null) return exitCodes.clean;
    throw new WorkerFault("memory_not_saved", memory.blocked ?? "see the log lines before");
  } finally {
    control.finished();
    await listening?.close();
    await engine.stop();
    await leave();
    await health?.close();
    watch.stop();
    stopListening();
    await network.close();
    await own.close();
  }
}
