/** The gauges that nobody pushes: they are read off the process and the worker's parts when somebody scrapes. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Engine } from "./engine/engine.js";
import type { WorkerEnv } from "./env.js";
import type { Metrics } from "./metrics.js";
import type { Observer } from "./observed.js";
import type { RunControl, RunState } from "./shutdown.js";
import { systemDisks } from "./startChecks.js";
import { workerVersion } from "./version.js";

export interface Watched {
  env: Pick<WorkerEnv, "AGENT_TOKEN" | "MODE">;
  engine: Engine;
  control: RunControl;
  observer: Observer;
  dataDir: string | undefined;
}

export interface ProcessWatch {
  /** Brings the gauges up to date. */
  sample: () => Promise<void>;
  stop(): void;
}

const states: readonly RunState[] = ["running", "stopping", "draining", "stopped"];

/** Starts measuring. */
export function watchProcess(metrics: Metrics, watched: Watched): ProcessWatch {
  const { engine, control, observer, env } = watched;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  metrics.started.set(Math.round(Date.now() / 1000 - process.uptime()));
  metrics.build.set(
    { version: workerVersion(), engine: engine.name, mode: env.MODE, node: process.version },
    1,
  );
  const expiry = expiryOf(env.AGENT_TOKEN);
  if (expiry !== null) metrics.tokenExpiry.set(expiry);
  return {
    async sample() {
      metrics.engineReady.set(engine.ready() ? 1 : 0);
      for (const state of states) metrics.state.set({ state }, control.state === state ? 1 : 0);
      metrics.idleSeconds.set(observer.idleMs / 1000);
      metrics.residentBytes.set(process.memoryUsage.rss());
      const p99 = delay.percentile(99) / 1e9;
      metrics.loopLag.set(Number.isFinite(p99) ? p99 : 0);
      delay.reset();
      if (watched.dataDir === undefined) return;
      metrics.dataFreeBytes.set(await systemDisks.freeBytes(watched.dataDir).catch(() => 0));
    },
    stop: () => delay.disable(),
  };
}

/** The `exp` of a JWT in epoch seconds, unverified; null for another kind of token. */
function expiryOf(token: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null && "exp" in claims && typeof claims.exp === "number"
      ? claims.exp
      : null;
  } catch {
    return null;
  }
}
