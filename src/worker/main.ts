/** Wires a worker from its checked environment and runs it to its end. */
import type { Logger } from "pino";
import { systemClock } from "./clock.js";
import { createTelegramDelivery } from "./delivery/telegram.js";
import { createEngine } from "./engines/create.js";
import { EngineError } from "./engines/engine.js";
import type { WorkerEnv } from "./env.js";
import { startHealthServer } from "./health.js";
import { createLogger } from "./logging.js";
import { runLoop } from "./loop.js";
import { createMetrics } from "./metrics.js";
import { drainOnSignals, RunControl } from "./shutdown.js";
import { createConnectionStatus } from "./status.js";
import { createGatewayTransport } from "./transport/gateway.js";

/** A connection without any successful call for this long, in ms, is no connection: four default heartbeats. */
const connectionFreshMs = 60_000;

/** Runs a worker until it is stopped; the result is the process's exit code. */
export async function runWorker(env: WorkerEnv, host: NodeJS.Process): Promise<number> {
  const log = createLogger({
    level: env.LOG_LEVEL,
    workerId: env.WORKER_ID,
    secrets: [env.AGENT_TOKEN, env.OPENAI_API_KEY, env.OPENCLAW_GATEWAY_TOKEN].filter(
      (value) => value !== undefined,
    ),
  });
  const clock = systemClock;
  const metrics = createMetrics();
  const control = new RunControl(clock, env.SHUTDOWN_GRACE_MS, (state, reason) =>
    log.info({ state, reason }, "worker.stateChanged"),
  );
  const connection = createConnectionStatus(
    clock,
    metrics,
    Math.max(connectionFreshMs, 5 * env.POLL_INTERVAL_MS),
  );
  const engine = createEngine(env, { clock, log, processEnv: host.env });
  const stopListening = drainOnSignals(control, host, (signal) => {
    log.warn({ signal }, "worker.exitedAtOnce");
    host.exit(signal === "SIGINT" ? 130 : 143);
  });
  const health = await startHealthServer(
    { connection, engine, control, metrics },
    env.HEALTH_HOST,
    env.HEALTH_PORT,
  ).catch((error: unknown) => {
    log.fatal({ host: env.HEALTH_HOST, port: env.HEALTH_PORT, err: error }, "worker.healthPortUnavailable");
    return null;
  });
  if (health === null) return 1;
  log.info({ engine: engine.name, healthHost: env.HEALTH_HOST, healthPort: health.port }, "worker.started");
  try {
    if (!(await startEngine(engine.start(), control, log))) return 1;
    await runLoop({
      transport: createGatewayTransport({
        baseUrl: env.BASE_INTERNAL_URL,
        token: env.AGENT_TOKEN,
        workerId: env.WORKER_ID,
        workspaceId: env.WORKSPACE_ID,
        timeoutMs: env.HTTP_TIMEOUT_MS,
      }),
      engine,
      delivery: createTelegramDelivery({
        baseUrl: env.TELEGRAM_API_BASE_URL,
        clock,
        timeoutMs: env.HTTP_TIMEOUT_MS,
        parseMode: env.TELEGRAM_PARSE_MODE,
      }),
      clock,
      log,
      metrics,
      connection,
      control,
      engineTimeoutMs: env.ENGINE_TIMEOUT_MS,
      pollIntervalMs: env.POLL_INTERVAL_MS,
    });
    return 0;
  } finally {
    await engine.stop();
    await health.close();
    stopListening();
  }
}

/** Waits for the engine, or for a stop, whichever comes first. false: the worker cannot work. */
async function startEngine(starting: Promise<void>, control: RunControl, log: Logger): Promise<boolean> {
  const stopped = new Promise<void>((resolve) => {
    if (control.stopSignal.aborted) resolve();
    else control.stopSignal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    await Promise.race([starting, stopped]);
    starting.catch(() => undefined);
    return true;
  } catch (error) {
    const kind = error instanceof EngineError ? error.kind : "unexpected";
    log.fatal({ kind, err: error }, "worker.engineNotStarted");
    return false;
  }
}
