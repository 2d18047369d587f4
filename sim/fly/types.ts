import type { FaultRuleInput } from "../faults/rules.js";
import type { SimClock } from "./clock.js";
import type { CloudFaultInput } from "./cloudFaults.js";
import type { Launcher } from "./launcher.js";
import type { ImageCommand } from "./processLauncher.js";
import type { FlyRateLimits } from "./rateLimits.js";

/** Options of the Fly simulator; everything has a default. */
export interface FlySimulatorOptions {
  /** Apps that exist. Default `["agent-workers"]`. */
  apps?: string[];
  /** Accepted tokens. Default `["sim-fly-token"]`. */
  tokens?: string[];
  /** Regions with hosts. Default a dozen of Fly's. */
  regions?: string[];
  /** What runs as a machine. Default: machines without processes. */
  launcher?: Launcher;
  clock?: SimClock;
  /** Default Fly's own. */
  rateLimits?: FlyRateLimits;
  /** How long a new machine stays `created`. Default 200; Fly: about 6 s with a warm image. */
  bootMs?: number;
  /** How long a machine stays `destroying`. Default 50. */
  destroyMs?: number;
  /** How long GET still shows a destroyed machine. Default 60 000. */
  tombstoneMs?: number;
  /** How long a volume stays bound after its machine was destroyed. Default 100; Fly: up to two minutes. */
  claimReleaseMs?: number;
  /** Pause before a machine is restarted by its policy. Default 1 000. */
  restartDelayMs?: number;
  /** Where volume directories are made. Default a temporary directory, removed on close. */
  dataDir?: string;
  faults?: FaultRuleInput[];
  cloudFaults?: CloudFaultInput[];
  /** Seed of ids and fault probabilities. Default 1. */
  seed?: number;
}

export interface FlyServerOptions extends FlySimulatorOptions {
  /** Default 0: a free port. The server always listens on 127.0.0.1. */
  port?: number;
  /** Shorthand for a launcher of processes: image to command, `*` for every other image. */
  images?: Readonly<Record<string, ImageCommand>>;
}

/** One request to the API (not to `/__sim`). Tokens and bodies are not recorded. */
export interface FlyCallRecord {
  at: number;
  method: string;
  path: string;
  /** HTTP status of the answer; 0 when the connection was cut instead. */
  status: number;
}

/** A machine as tests and the demo see it. */
export interface FlyMachineView {
  id: string;
  app: string;
  name: string;
  state: string;
  region: string;
  image: string;
  metadata: Record<string, string>;
  createdAt: number;
  destroyedAt: number | null;
  /** Of the running process; null without one. */
  pid: number | null;
  /** Environment as it was sent. */
  env: Record<string, string>;
  exitCodes: number[];
  /** The end of what the last process printed. */
  output: string;
}

export interface FlyVolumeView {
  id: string;
  app: string;
  name: string;
  region: string;
  state: string;
  attachedMachineId: string | null;
  /** The directory that machines see at their mount path; null where machines are not processes. */
  directory: string | null;
}

export interface FlyCounts {
  /** Requests to the API, refused and failed ones included. */
  providerCalls: number;
  /** By method and route, e.g. `POST /machines/{id}/stop`. */
  callsByRoute: Record<string, number>;
  /** Machines that exist: everything not yet destroyed. */
  machinesNow: number;
  /** The most that ever existed at one time. */
  machinesPeak: number;
  machinesCreated: number;
  machinesRunning: number;
  /** Volumes not yet deleted. */
  volumesNow: number;
  volumesCreated: number;
}

/** The simulator without sockets. */
export interface FlySimulator {
  /** The token of the first entry of `tokens`. */
  readonly token: string;
  /** Answers a request to any origin; rejects like `fetch` when a fault cuts the connection. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** All machines ever made that are still remembered, destroyed ones included. */
  machines(): FlyMachineView[];
  /** Volumes that exist, deleted ones included while they are listed. */
  volumes(): FlyVolumeView[];
  calls(): FlyCallRecord[];
  counts(): FlyCounts;
  setFaults(rules: FaultRuleInput[]): void;
  setCloudFaults(rules: CloudFaultInput[]): void;
  /** SIGKILL for the main process of a machine. @throws when it has none. */
  kill(machineId: string): void;
  /** Resolves once the predicate holds; rejects after `timeoutMs`. Real time only. */
  waitFor(predicate: (counts: FlyCounts) => boolean, timeoutMs?: number): Promise<void>;
  /** Ends every process and timer and removes the directories that it made. */
  close(): Promise<void>;
}

export interface FlyServer extends FlySimulator {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** `http://127.0.0.1:<port>/v1`: the adapter's base URL. */
  readonly baseUrl: string;
  readonly port: number;
}
