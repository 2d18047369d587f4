import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BIN = fileURLToPath(new URL("../../src/worker/bin.ts", import.meta.url));
/** A worker that is idle ends at once; one in the middle of a message gets this long before it is killed. */
const STOP_GRACE_MS = 3_000;

interface Running {
  name: string;
  child: ChildProcess;
  expected: boolean;
}

/** The worker processes of the demo. Each is a process of its own, started as an operator would start it. */
export class WorkerProcesses {
  private readonly running: Running[] = [];

  /** @param onLoss told when a worker ends that nobody stopped, with the end of what it printed. */
  constructor(private readonly onLoss: (name: string, detail: string) => void) {}

  /**
   * @param env the whole environment of the worker, apart from what Node itself needs.
   * @returns its pid.
   */
  start(name: string, env: Record<string, string>): number | undefined {
    const child = spawn(process.execPath, ["--import", "tsx", BIN], {
      cwd: REPOSITORY,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let tail = "";
    const keep = (chunk: Buffer) => {
      tail = (tail + chunk.toString("utf8")).slice(-2_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const entry: Running = { name, child, expected: false };
    this.running.push(entry);
    child.once("exit", (code, signal) => {
      this.running.splice(this.running.indexOf(entry), 1);
      if (!entry.expected) this.onLoss(name, `${signal ?? `exit code ${code ?? "unknown"}`}\n${tail}`);
    });
    child.once("error", (error) => this.onLoss(name, error.message));
    return child.pid;
  }

  /** SIGKILL: no signal handler runs, nothing is handed back. Resolves with the pid once the process is gone. */
  async kill(name: string): Promise<number> {
    const entry = this.running.find((worker) => worker.name === name);
    if (!entry?.child.pid) throw new Error(`there is no worker ${name} to kill`);
    entry.expected = true;
    const gone = once(entry.child, "exit");
    entry.child.kill("SIGKILL");
    await gone;
    return entry.child.pid;
  }

  /** SIGTERM, then SIGKILL for those that do not end. Resolves when none is left. */
  async stopAll(): Promise<void> {
    await Promise.all(
      [...this.running].map(async (entry) => {
        entry.expected = true;
        if (entry.child.exitCode !== null || entry.child.signalCode !== null) return;
        const gone = once(entry.child, "exit");
        entry.child.kill("SIGTERM");
        const force = setTimeout(() => entry.child.kill("SIGKILL"), STOP_GRACE_MS);
        await gone;
        clearTimeout(force);
      }),
    );
  }

  /** For the last moment of the process: no waiting possible, so SIGKILL. */
  killAllNow(): void {
    for (const entry of this.running) entry.child.kill("SIGKILL");
  }
}
