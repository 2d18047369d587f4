/** `INIT_SCRIPT`: the operator's own commands, run once on this machine before the first claim. Nothing else runs code here. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Logger } from "pino";
import { WorkerFault } from "../faults.js";

/** What the worker needs and a script does not. */
const withheld = ["AGENT_TOKEN", "CLIENT_TLS_KEY", "INIT_SCRIPT"];
/** The end of the output that is kept for the log, in UTF-16 units. */
const OUTPUT_TAIL_UNITS = 8_000;
/** How long output may still come after the script has ended, in ms. */
const LATE_OUTPUT_MS = 200;
/** From SIGTERM to SIGKILL of the process group, in ms. */
const KILL_GRACE_MS = 2_000;

export interface InitScriptDeps {
  log: Logger;
  env: Record<string, string | undefined>;
  timeoutMs: number;
  /** The worker is asked to stop: the script is ended. */
  signal: AbortSignal;
}

/**
 * Runs the script by `sh -e -c`, without the worker's credential in its environment. Rejects with a {@link WorkerFault} when it
 * does not end with 0 in time; resolves with false when `signal` cut it short.
 */
export async function runInitScript(script: string, deps: InitScriptDeps): Promise<boolean> {
  const env = Object.fromEntries(Object.entries(deps.env).filter(([name]) => !withheld.includes(name)));
  deps.log.info({ timeoutMs: deps.timeoutMs }, "worker.initScriptStarted");
  const startedAt = performance.now();
  const { how, output } = await run(script, env, deps);
  const details = { output, ms: Math.round(performance.now() - startedAt) };
  if (how === "done") {
    deps.log.info(details, "worker.initScriptDone");
    return true;
  }
  if (how === "stopped") {
    deps.log.info(details, "worker.initScriptStopped");
    return false;
  }
  throw new WorkerFault("init_script_failed", output === "" ? how : `${how}\n${output}`);
}

function run(
  script: string,
  env: Record<string, string | undefined>,
  { timeoutMs, signal }: InitScriptDeps,
): Promise<{ how: string; output: string }> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ how: "stopped", output: "" });
    // A group of its own, so that what the script started ends with it.
    // Without pipes where no file descriptor is left: the error comes a moment later.
    const child: ChildProcess = spawn("/bin/sh", ["-e", "-c", script], {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let cut: string | null = null;
    let killTimer: NodeJS.Timeout | undefined;
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-OUTPUT_TAIL_UNITS);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const signalGroup = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // the group is gone
      }
    };
    const end = (why: string): void => {
      cut ??= why;
      signalGroup("SIGTERM");
      killTimer = setTimeout(() => signalGroup("SIGKILL"), KILL_GRACE_MS);
    };
    const onStop = (): void => end("stopped");
    signal.addEventListener("abort", onStop, { once: true });
    const limit = setTimeout(() => end(`it did not end within ${timeoutMs} ms`), timeoutMs);
    const finish = (how: string): void => {
      clearTimeout(limit);
      clearTimeout(killTimer);
      signal.removeEventListener("abort", onStop);
      resolve({ how: cut ?? how, output: output.trim() });
    };
    child.once("error", (error: NodeJS.ErrnoException) =>
      finish(`sh could not be started (${error.code ?? "?"})`),
    );
    child.once("exit", (code, by) => {
      const how = code === 0 ? "done" : code === null ? `killed by ${by ?? "a signal"}` : `exit code ${code}`;
      // What a script left running on purpose goes on; what a failed one left does not.
      if (how !== "done") signalGroup("SIGKILL");
      // It may hold the pipes open, and then "close" never comes.
      const late = setTimeout(() => finish(how), LATE_OUTPUT_MS);
      child.once("close", () => {
        clearTimeout(late);
        finish(how);
      });
    });
  });
}
