/** The worker under test: a process group of its own, started as somebody would start it by hand. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

/** Kept of what it printed, in characters: enough for a reason. */
const outputLimit = 200_000;

/** What starts other programs and waits for them, without passing a signal on: it is not the worker. */
const launcher = /^(?:npm |npx |pnpm |yarn |sh -c |\S*node \S*\/(?:npm|npx|pnpm|yarn)|\S*node \S*\.bin\/)/;

export class WorkerProcess {
  private readonly child: ChildProcess;
  /** All of stdout and stderr, in order of arrival. */
  output = "";
  readonly startedAt = Date.now();
  /** Epoch ms, once it has ended. */
  endedAt: number | null = null;
  exitCode: number | null = null;
  readonly ended: Promise<void>;

  constructor([program, ...args]: readonly [string, ...string[]], env: Record<string, string | undefined>) {
    this.child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (chunk: Buffer) => {
      if (this.output.length < outputLimit) this.output += chunk.toString("utf8");
    };
    this.child.stdout?.on("data", keep);
    this.child.stderr?.on("data", keep);
    this.ended = new Promise((resolve) => {
      const end = (code: number | null) => {
        this.endedAt ??= Date.now();
        this.exitCode = code;
        resolve();
      };
      this.child.once("exit", end);
      this.child.once("error", (error) => {
        this.output += `\ncould not be started: ${error.message}\n`;
        end(null);
      });
    });
  }

  get running(): boolean {
    return this.endedAt === null;
  }

  /** SIGTERM to the worker itself: launchers such as npx in front of it are passed over, as far as /proc shows them. */
  terminate(): void {
    const { pid } = this.child;
    if (pid !== undefined && this.running) signal(behindLaunchers(pid), "SIGTERM");
  }

  /** SIGKILL to the whole group, at once; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.killNow();
    await this.ended;
  }

  /** The same without waiting, also for what an ended worker left behind. */
  killNow(): void {
    if (this.child.pid !== undefined) signal(-this.child.pid, "SIGKILL");
  }
}

function behindLaunchers(pid: number): number {
  for (let current = pid; ;) {
    const children = read(`/proc/${current}/task/${current}/children`).trim().split(" ").filter(Boolean);
    const command = read(`/proc/${current}/cmdline`).replaceAll("\0", " ");
    if (children.length !== 1 || !launcher.test(command)) return current;
    current = Number(children[0]);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // gone already
  }
}
