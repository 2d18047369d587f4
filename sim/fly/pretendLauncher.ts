import type { LaunchJob, Launcher, MachineExitStatus, MachineProcess } from "./launcher.js";

/** A machine of {@link PretendLauncher}. */
export interface PretendProcess {
  job: LaunchJob;
  running: boolean;
  /** Ends it as if by itself. */
  exit(status?: Partial<MachineExitStatus>): void;
}

/** Machines without processes, for tests with fake timers. A test acts as the worker through `onStart`. */
export class PretendLauncher implements Launcher {
  readonly usesDisk = false;
  /** In order of start; a restart is a further entry. */
  readonly started: PretendProcess[] = [];

  constructor(
    private readonly options: {
      /** Images that can be pulled; absent: every image. */
      images?: string[];
      onStart?: (process: PretendProcess) => void;
      /** Return true to ignore SIGTERM: a worker that hangs. */
      ignoresStop?: (job: LaunchJob) => boolean;
    } = {},
  ) {}

  knows(image: string): boolean {
    return this.options.images?.includes(image) ?? true;
  }

  launch(job: LaunchJob): MachineProcess {
    let end: (status: MachineExitStatus) => void = () => undefined;
    const exited = new Promise<MachineExitStatus>((resolve) => (end = resolve));
    const process: PretendProcess = {
      job,
      running: true,
      exit: (status = {}) => {
        process.running = false;
        end({ exitCode: 0, signal: null, ...status });
      },
    };
    this.started.push(process);
    this.options.onStart?.(process);
    return {
      exited,
      output: () => "",
      signal: (name) => {
        if (name === "SIGKILL") process.exit({ exitCode: 137, signal: name });
        else if (!this.options.ignoresStop?.(job)) process.exit();
      },
    };
  }
}
