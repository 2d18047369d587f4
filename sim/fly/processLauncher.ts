import { spawn } from "node:child_process";
import type { Launcher, LaunchJob, MachineExitStatus, MachineProcess } from "./launcher.js";

/** What an image runs. */
export interface ImageCommand {
  file: string;
  args: string[];
  cwd?: string;
}

/** Of the machine's output only the end is kept. */
const OUTPUT_CHARS = 20_000;
/** Fly reports a process that a signal ended as 128 + its number. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/**
 * Machines are processes, each the leader of its own process group: when the main process ends, whatever it started ends
 * with it, as in a VM. They get the machine's environment and, of ours, only what a process needs to start at all.
 */
export class ProcessLauncher implements Launcher {
  readonly usesDisk = true;
  private readonly groups = new Set<number>();
  private readonly onExit = () => {
    for (const pid of this.groups) killGroup(pid, "SIGKILL");
  };

  /** @param commands by image; `*` serves every image not named. */
  constructor(private readonly commands: Readonly<Record<string, ImageCommand>>) {}

  knows(image: string): boolean {
    return this.commandOf(image) !== undefined;
  }

  launch(job: LaunchJob): MachineProcess {
    const command = this.commandOf(job.image);
    if (!command) throw new Error(`no command for image ${job.image}`);
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...job.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-OUTPUT_CHARS);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const { pid } = child;
    if (pid !== undefined) this.watch(pid);
    const exited = new Promise<MachineExitStatus>((resolve) => {
      child.once("error", (error) => {
        keep(Buffer.from(error.message));
        if (pid === undefined) resolve({ exitCode: 127, signal: null });
      });
      child.once("exit", (code, signal) => {
        if (pid !== undefined) this.release(pid);
        resolve({ exitCode: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0), signal });
      });
    });
    return { pid, exited, output: () => output, signal: (name) => void child.kill(name) };
  }

  private commandOf(image: string): ImageCommand | undefined {
    return this.commands[image] ?? this.commands["*"];
  }

  private watch(pid: number): void {
    // The last chance when the simulator's process ends without closing.
    if (this.groups.size === 0) process.on("exit", this.onExit);
    this.groups.add(pid);
  }

  private release(pid: number): void {
    killGroup(pid, "SIGKILL");
    this.groups.delete(pid);
    if (this.groups.size === 0) process.off("exit", this.onExit);
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
