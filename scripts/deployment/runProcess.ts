/** Runs one command to its end and returns what it printed. */
import { spawn } from "node:child_process";

export type ProcessResult = { readonly code: number; readonly output: string };

export type ProcessOptions = {
  readonly cwd: string;
  /** The whole environment of the child; by default this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** Aborting kills the child; the returned promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
};

/** `output` is stdout and stderr as they came. A timeout or a signal counts as exit code 1. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const abort = () => child.kill("SIGTERM");
    options.signal?.addEventListener("abort", abort, { once: true });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            output += `\nstopped after ${options.timeoutMs} ms\n`;
            child.kill("SIGKILL");
          }, options.timeoutMs);
    const done = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code) => {
      done();
      if (options.signal?.aborted === true) reject(asError(options.signal.reason));
      else resolve({ code: code ?? 1, output });
    });
  });
}

const asError = (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason)));
