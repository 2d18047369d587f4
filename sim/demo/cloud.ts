import {
  ProcessLauncher,
  startFlyServer,
  type FlyMachineView,
  type FlyServer,
  type ImageCommand,
  type Launcher,
  type LaunchJob,
} from "../fly/index.js";
import { buildImage, type BuiltImage } from "./image.js";

/** What the machines run: this repository's worker, started as the published image starts it. */
export const demoImage = "registry.fly.io/agent-workers:demo";
/** How long a kill may take to be seen. */
const KILL_WAIT_MS = 5_000;
const OUTPUT_TAIL_CHARS = 600;

export interface CloudEvents {
  /** A machine's process runs. */
  started(worker: string, pid: number | undefined): void;
  /** It ended by itself, and not well. */
  failed(worker: string, detail: string): void;
}

/** Worker processes as machines. Their calls to the deployment are led over another address; nothing else is changed. */
class RelayedLauncher implements Launcher {
  readonly usesDisk = true;
  reroute: (worker: string) => string = () => "";
  private readonly processes: ProcessLauncher;

  constructor(
    private readonly events: CloudEvents,
    command: ImageCommand,
  ) {
    this.processes = new ProcessLauncher({ [demoImage]: command });
  }

  knows(image: string): boolean {
    return this.processes.knows(image);
  }

  launch(job: LaunchJob) {
    const env = { ...job.env, BASE_INTERNAL_URL: this.reroute(job.name) };
    const child = this.processes.launch({ ...job, env });
    this.events.started(job.name, child.pid);
    void child.exited.then(({ exitCode, signal }) => {
      if (exitCode !== 0 && signal === null)
        this.events.failed(job.name, `exit code ${exitCode}: ${child.output().slice(-OUTPUT_TAIL_CHARS)}`);
    });
    return child;
  }
}

/** The simulated Fly of the demo, with nothing in it at first. */
export class Cloud {
  private constructor(
    readonly fly: FlyServer,
    private readonly launcher: RelayedLauncher,
    private readonly image: BuiltImage,
  ) {}

  static async start(events: CloudEvents): Promise<Cloud> {
    const image = await buildImage();
    const launcher = new RelayedLauncher(events, image.command);
    return new Cloud(await startFlyServer({ launcher }), launcher, image);
  }

  /** Ends every machine and throws away what they stored. */
  async close(): Promise<void> {
    await this.fly.close();
    await this.image.remove();
  }

  /** @param baseUrlOf what a worker gets as its BASE_INTERNAL_URL. */
  leadOver(baseUrlOf: (worker: string) => string): void {
    this.launcher.reroute = baseUrlOf;
  }

  machineOf(worker: string): FlyMachineView | undefined {
    return this.fly.machines().find(({ name, destroyedAt }) => name === worker && destroyedAt === null);
  }

  /** SIGKILL: no signal handler runs, nothing is saved or handed back. Resolves with the pid once the process is gone. */
  async kill(worker: string): Promise<number> {
    const machine = this.machineOf(worker);
    if (!machine?.pid) throw new Error(`there is no machine of ${worker} to kill`);
    this.fly.kill(machine.id);
    await this.fly.waitFor(() => this.machineOf(worker)?.pid !== machine.pid, KILL_WAIT_MS);
    return machine.pid;
  }

  /** Nothing runs and nothing is stored. */
  get isEmpty(): boolean {
    const { machinesNow, volumesNow } = this.fly.counts();
    return machinesNow === 0 && volumesNow === 0;
  }
}
