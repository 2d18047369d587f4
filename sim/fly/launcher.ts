/** What stands behind a machine that is `started`. */
export interface LaunchJob {
  machineId: string;
  /** The machine's name: the worker id. */
  name: string;
  image: string;
  /** The whole environment of the main process: the machine's, Fly's own variables, mount paths already made real. */
  env: Record<string, string>;
  /** The directory behind each mount path. */
  mounts: Record<string, string>;
}

export interface MachineExitStatus {
  exitCode: number;
  /** The signal that ended it, e.g. `SIGKILL`; null for an exit by itself. */
  signal: string | null;
  outOfMemory?: boolean;
}

export interface MachineProcess {
  /** Absent for a machine without a process. */
  readonly pid?: number;
  readonly exited: Promise<MachineExitStatus>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
  /** The end of what it printed. */
  output(): string;
}

export interface Launcher {
  /** True: volumes need their directories. */
  readonly usesDisk: boolean;
  /** False: the image cannot be pulled, and the create is refused. */
  knows(image: string): boolean;
  launch(job: LaunchJob): MachineProcess;
}
