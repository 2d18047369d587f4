/** A machine's record and how the API shows it. */
import type { MachineConfig } from "./config.js";
import type { MachineProcess } from "./launcher.js";

export type MachineState =
  "created" | "starting" | "started" | "stopping" | "stopped" | "launch_failed" | "destroying" | "destroyed";

interface MachineEvent {
  id: string;
  type: string;
  status: string;
  source: "user" | "flyd";
  timestamp: number;
  request?: unknown;
}

export interface SimMachine {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly region: string;
  readonly instanceId: string;
  readonly createdAt: number;
  readonly config: MachineConfig;
  state: MachineState;
  updatedAt: number;
  destroyedAt: number | null;
  cordoned: boolean;
  /** Newest first, as the API gives them. */
  events: MachineEvent[];
  exitCodes: number[];
  restarts: number;
  stopRequested: boolean;
  process: MachineProcess | null;
  lastOutput: string;
  /** Cancels the boot, restart or kill that is due. */
  cancelDue: () => void;
  /** What lists showed since when, for stale ones. */
  history: { at: number; wire: WireMachine | null }[];
}

/** Embedded event lists are short at Fly too. */
const SHOWN_EVENTS = 10;
const KEPT_HISTORY = 50;

export type WireMachine = ReturnType<typeof wireMachine>;

/** @param reachable false: Fly hides the configuration of a machine whose host does not answer. */
export function wireMachine(machine: SimMachine, reachable: boolean) {
  const [repository = "", tag = "latest"] = machine.config.image.split(":");
  return {
    id: machine.id,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    image_ref: { registry: "registry.fly.io", repository, tag },
    instance_id: machine.instanceId,
    private_ip: "fdaa:0:1::2",
    created_at: new Date(machine.createdAt).toISOString(),
    updated_at: new Date(machine.updatedAt).toISOString(),
    config: reachable ? machine.config : null,
    ...(reachable ? {} : { incomplete_config: machine.config }),
    events: machine.events.slice(0, SHOWN_EVENTS),
    checks: [],
    host_status: reachable ? "ok" : "unreachable",
    cordoned: machine.cordoned,
  };
}

/** Notes what lists show from now on. */
export function remember(machine: SimMachine, at: number): void {
  machine.updatedAt = at;
  const wire = machine.state === "destroyed" ? null : structuredClone(wireMachine(machine, true));
  machine.history = [{ at, wire }, ...machine.history].slice(0, KEPT_HISTORY);
}

/** What a list showed of the machine at that time; null: nothing. */
export function shownAt(machine: SimMachine, at: number): WireMachine | null {
  return machine.history.find((entry) => entry.at <= at)?.wire ?? null;
}
