import type { Value } from "convex/values";
import type { EngineSettings, EngineStatistics } from "../engine/index.js";
import type { FaultRuleInput } from "../faults/index.js";

/** Options of {@link startPlatform}; everything has a default. */
export interface PlatformOptions extends EngineSettings {
  /** Folder of the Convex app, the one with `convex.config.ts`. Default: this repository's example app. */
  appDirectory?: string;
  /** Environment variables of the deployment. */
  env?: Readonly<Record<string, string>>;
  /** Port of the cloud origin (functions and storage). Default 0: a free one. */
  port?: number;
  /** Port of the site origin (HTTP actions). Default 0: a free one. */
  sitePort?: number;
  /** What goes wrong on both origins, by path; see `sim/faults`. */
  faults?: FaultRuleInput[];
  /** Seed of fault probabilities. Default 1. */
  seed?: number;
  /** Whether the crons of the app and its components run by themselves. Default true. */
  crons?: boolean;
  /** Receives what functions print and what fails in the background. Default: nowhere. */
  log?: (line: string) => void;
}

/** One function run through {@link Platform.run}. */
interface RunOptions {
  /** Component to run in, by instance path such as `agentFactory`. Default: the app. */
  componentPath?: string;
}

/** A cron of the app or of a component. */
export interface CronInfo {
  componentPath: string;
  name: string;
  /** `module:function` inside that component. */
  functionName: string;
  nextRunAt: number;
  runs: number;
  failures: number;
}

/** A running local deployment. */
export interface Platform {
  /** What `CONVEX_CLOUD_URL` says: functions and storage. */
  readonly cloudUrl: string;
  /** What `CONVEX_SITE_URL` says: HTTP actions. */
  readonly siteUrl: string;
  /** For `Authorization: Convex <adminKey>`; allows internal functions. */
  readonly adminKey: string;
  /**
   * Runs any function, public or internal, as `npx convex run` would, without the network.
   * @param path `module:function`.
   * @throws what the function throws.
   */
  run(path: string, args?: Record<string, Value>, options?: RunOptions): Promise<Value>;
  crons(): CronInfo[];
  /**
   * Runs crons now, one after the other, and waits for them.
   * @returns what ran; a failure is in the log and the counters.
   */
  runCrons(only?: { componentPath?: string; name?: string }): Promise<CronInfo[]>;
  setFaults(faults: FaultRuleInput[]): void;
  /** Who is connected over WebSockets, how many different queries they follow, and how often one was run so far. */
  subscriptions(): { clients: number; queries: number; runs: number };
  /** Cuts every WebSocket, as a network fault would. */
  disconnectClients(): void;
  /** Calls, attempts and conflicts by function, since the start or the last reset. Also at `GET /__sim/stats`. */
  stats(): EngineStatistics;
  resetStats(): void;
  /** Closes both origins and stops timers; functions scheduled for later never run. May be called twice. */
  close(): Promise<void>;
}
