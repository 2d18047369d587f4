/** Workers as processes of their own, started as an operator would start them. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunningWorker } from "./suite.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BIN = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));
const TAIL_UNITS = 6_000;

export class WorkerProcesses {
  private readonly running = new Set<ChildProcess>();

  /** @param signal aborted: they are killed at once; each takes its gateway along. */
  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.killAll(), { once: true });
  }

  launch(env: Record<string, string>): RunningWorker {
    const child = spawn(process.execPath, ["--import", "tsx", BIN], {
      cwd: REPOSITORY,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.running.add(child);
    let tail = "";
    let group: number | undefined;
    const keep = (chunk: Buffer): void => {
      tail = (tail + chunk.toString()).slice(-TAIL_UNITS);
      const started = [...tail.matchAll(/"group":(\d+),"event":"openclaw gateway started"/g)].at(-1)?.[1];
      if (started !== undefined) group = Number(started);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const exited = new Promise<number | null>((resolve) => {
      child.once("error", (error) => {
        tail += error.message;
        resolve(null);
      });
      child.once("close", (code) => resolve(code));
    });
    void exited.then(() => this.running.delete(child));
    return {
      exited,
      stop: () => void child.kill("SIGTERM"),
      tail: () => tail,
      killGateway: () => {
        if (group === undefined) throw new Error("the worker has not started a gateway");
        process.kill(-group, "SIGKILL");
      },
    };
  }

  killAll(): void {
    for (const child of this.running) child.kill("SIGKILL");
  }
}
