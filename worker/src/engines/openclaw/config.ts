import { systemClock, type Clock } from "../../clock.js";
import type { EngineLog } from "../kind.js";

/** Settings of the engine, from the worker's environment. */
export interface OpenClawConfig {
  /** `ws://` or `wss://` address of the gateway. */
  url: string;
  /** The gateway's shared token: full operator power over it, never logged. */
  token: string;
  /** Longest a message may take, waiting for a connection included, in ms. */
  timeoutMs: number;
  /** Longest `start` and a run wait for a usable connection, in ms. A gateway needs 7 to 14 s to boot. */
  connectTimeoutMs: number;
  /** The gateway's process, when this worker runs it itself; absent: somebody else does. */
  gateway?: GatewayProcessConfig;
  /** Directories whose files the gateway may send along with an answer, the agent's workspace first; absent: none. */
  mediaRoots?: readonly string[];
  /** Thinking level; sent only when set, since a model without that level fails the whole run. */
  thinking?: string;
}

/** How to run the gateway. */
export interface GatewayProcessConfig {
  /** Program and arguments, started without a shell. */
  argv: readonly [string, ...string[]];
  /** Its whole environment. */
  env: Record<string, string>;
  /** true: it is started with the first run or `resume`, not with the engine. Until then the engine counts as ready. */
  atFirstRun?: boolean;
}

/** Waiting times of the protocol. Tests shorten them. */
export interface OpenClawTiming {
  /** First wait before connecting again; doubles with each failure. The gateway's own client: 1 s to 30 s. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** Wait before connecting again to a gateway that this worker runs itself. */
  ownReconnectMs: number;
  /** Longest wait for the answer to anything but a run. The gateway's own client: 30 s. */
  requestTimeoutMs: number;
  /** Length of one `agent.wait` call after a lost connection. */
  waitSliceMs: number;
  /** Pause between two looks at the history while a turn goes on. */
  pollMs: number;
  /**
   * How long after connecting a restarted gateway may take to resume a cut off turn by itself. Measured: 6 s after it was
   * ready, on two busy cores.
   */
  resumeGraceMs: number;
  /** From SIGTERM to SIGKILL of a gateway run by this worker. An idle one was measured to take 2 s. */
  stopGraceMs: number;
  /** First wait before a gateway that ended by itself is started again; doubles with each early end. */
  restartMinMs: number;
  restartMaxMs: number;
}

const openClawTiming: OpenClawTiming = {
  reconnectMinMs: 1_000,
  reconnectMaxMs: 30_000,
  ownReconnectMs: 250,
  requestTimeoutMs: 30_000,
  waitSliceMs: 5_000,
  pollMs: 1_000,
  resumeGraceMs: 20_000,
  stopGraceMs: 20_000,
  restartMinMs: 500,
  restartMaxMs: 30_000,
};

/** What the engine needs from its surroundings; everything has a default. */
export interface OpenClawDeps {
  clock?: Clock;
  timing?: Partial<OpenClawTiming>;
  log?: EngineLog;
}

/** Configuration and surroundings, defaults filled in. */
export interface OpenClawContext {
  config: OpenClawConfig;
  clock: Clock;
  timing: OpenClawTiming;
  log: EngineLog;
}

const silent: EngineLog = { info: () => undefined, warn: () => undefined };

export function openClawContext(config: OpenClawConfig, deps: OpenClawDeps): OpenClawContext {
  return {
    config,
    clock: deps.clock ?? systemClock,
    timing: { ...openClawTiming, ...deps.timing },
    log: deps.log ?? silent,
  };
}
