/**
 * The life of a machine: created -> starting -> started -> stopping -> stopped, and destroying -> destroyed from
 * anywhere. `started` means that its process runs; an exit that nobody asked for is followed by the restart policy.
 */
import type { SimClock, Timers } from "./clock.js";
import type { CloudFaults } from "./cloudFaults.js";
import { durationMs } from "./config.js";
import type { Ids } from "./ids.js";
import type { Launcher, MachineExitStatus, MachineProcess } from "./launcher.js";
import { machineEnv } from "./machineEnv.js";
import { remember, type MachineState, type SimMachine } from "./machine.js";
import { Refusal } from "./refusal.js";
import type { VolumeStore } from "./volumeStore.js";

/** Fly's `stop_config` where a machine has none. */
const DEFAULT_STOP = { signal: "SIGINT", timeout: "5s" };
const MAX_STOP_MS = 300_000;
/** Fly's `on-failure` policy where it names no number. */
const DEFAULT_MAX_RETRIES = 10;
const KEPT_EVENTS = 50;

export interface LifeTimes {
  bootMs: number;
  destroyMs: number;
  restartDelayMs: number;
}

export class MachineLife {
  /** Processes that have not ended, whatever became of their machine. */
  private readonly processes = new Set<MachineProcess>();
  private closed = false;

  constructor(
    private readonly parts: {
      clock: SimClock;
      timers: Timers;
      faults: CloudFaults;
      launcher: Launcher;
      volumes: VolumeStore;
      ids: Ids;
    },
    private readonly times: LifeTimes,
  ) {}

  launch(machine: SimMachine): void {
    this.event(machine, "launch", "created", "user");
    remember(machine, this.parts.clock.now());
    if (this.parts.faults.take("neverBoot", machine)) return;
    this.due(machine, this.times.bootMs, () => {
      if (this.parts.faults.take("launchFailed", machine)) return this.enter(machine, "launch_failed");
      this.enter(machine, "starting");
      this.start(machine);
    });
  }

  private start(machine: SimMachine): void {
    if (this.closed) return;
    const { launcher, volumes, faults } = this.parts;
    machine.stopRequested = false;
    const dies = faults.take("dieAtBoot", machine);
    this.event(machine, "start", "started", "flyd");
    this.enter(machine, "started");
    if (dies) return this.ended(machine, { signal: null, ...dies });
    const mounts: Record<string, string> = {};
    for (const { volume, path } of machine.config.mounts ?? []) {
      const directory = volumes.directory(volume);
      if (directory !== null) mounts[path] = directory;
    }
    const { id: machineId, name } = machine;
    const job = { machineId, name, image: machine.config.image, env: machineEnv(machine, mounts), mounts };
    const process = launcher.launch(job);
    machine.process = process;
    this.processes.add(process);
    void process.exited.then((status) => {
      this.processes.delete(process);
      if (machine.process !== process) return;
      machine.lastOutput = process.output();
      machine.process = null;
      this.ended(machine, status);
    });
  }

  private ended(machine: SimMachine, status: MachineExitStatus): void {
    machine.cancelDue();
    const { restart, auto_destroy: autoDestroy } = machine.config;
    const policy = restart?.policy ?? "on-failure";
    const wanted =
      policy === "always" ||
      (policy === "on-failure" &&
        status.exitCode !== 0 &&
        machine.restarts < (restart?.max_retries ?? DEFAULT_MAX_RETRIES));
    const leaving = machine.state === "destroying";
    const restarting = wanted && !machine.stopRequested && !leaving;
    machine.exitCodes.push(status.exitCode);
    this.event(machine, "exit", "stopped", "flyd", {
      exit_event: {
        ...(status.exitCode === 0 ? {} : { exit_code: status.exitCode }),
        ...(status.signal === null ? {} : { signal: status.signal }),
        oom_killed: status.outOfMemory ?? false,
        requested_stop: machine.stopRequested,
        restarting,
        exited_at: new Date(this.parts.clock.now()).toISOString(),
        error: "",
      },
      restart_count: machine.restarts,
    });
    if (leaving) return this.vanish(machine);
    if (restarting) {
      machine.restarts += 1;
      this.enter(machine, "starting");
      return this.due(machine, this.times.restartDelayMs, () => this.start(machine));
    }
    this.enter(machine, "stopped");
    if (autoDestroy) this.destroy(machine, true);
  }

  /** Accepted, not finished: the state is `stopping` until the process has ended. */
  stop(machine: SimMachine, ask: { signal?: "SIGTERM" | "SIGINT" | "SIGKILL"; timeout?: string | number }) {
    if (machine.state === "created" || machine.state === "starting") {
      machine.cancelDue();
      return this.enter(machine, "stopped");
    }
    if (machine.state !== "started" || !machine.process) return;
    const { signal, timeout } = { ...DEFAULT_STOP, ...machine.config.stop_config };
    const graceMs = Math.min(MAX_STOP_MS, durationMs(ask.timeout ?? timeout));
    const { process } = machine;
    machine.stopRequested = true;
    this.event(machine, "stop", "stopping", "user");
    this.enter(machine, "stopping");
    this.due(machine, graceMs, () => process.signal("SIGKILL"));
    process.signal(ask.signal ?? (signal === "SIGTERM" || signal === "SIGKILL" ? signal : "SIGINT"));
  }

  destroy(machine: SimMachine, force: boolean): void {
    if (machine.state === "destroyed" || machine.state === "destroying") return;
    const running =
      machine.state === "started" || machine.state === "starting" || machine.state === "stopping";
    if (running && !force) {
      throw new Refusal(412, "failed_precondition: unable to destroy machine, not currently stopped");
    }
    machine.cancelDue();
    this.event(machine, "destroy", "destroying", "user");
    this.enter(machine, "destroying");
    if (machine.process) machine.process.signal("SIGKILL");
    else this.vanish(machine);
  }

  private vanish(machine: SimMachine): void {
    this.due(machine, this.times.destroyMs, () => {
      if (this.parts.faults.take("hostUnreachable", machine)) return this.vanish(machine);
      machine.destroyedAt = this.parts.clock.now();
      this.event(machine, "destroy", "destroyed", "flyd");
      this.enter(machine, "destroyed");
      this.parts.volumes.releaseLater(machine.id);
    });
  }

  /** SIGKILL to everything; resolves when nothing runs. Nothing starts afterwards. */
  async close(): Promise<void> {
    this.closed = true;
    const running = [...this.processes];
    for (const process of running) process.signal("SIGKILL");
    await Promise.all(running.map(({ exited }) => exited));
  }

  private due(machine: SimMachine, ms: number, act: () => void): void {
    machine.cancelDue = this.parts.timers.after(ms, act);
  }

  private enter(machine: SimMachine, state: MachineState): void {
    machine.state = state;
    remember(machine, this.parts.clock.now());
  }

  private event(
    machine: SimMachine,
    type: string,
    status: string,
    source: "user" | "flyd",
    request?: unknown,
  ): void {
    const id = this.parts.ids.instance();
    const event = { id, type, status, source, timestamp: this.parts.clock.now(), request };
    machine.events = [event, ...machine.events].slice(0, KEPT_EVENTS);
  }
}
