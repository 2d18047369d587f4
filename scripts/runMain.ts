/** The frame of every script: progress on stderr, one clear line on failure, a clean stop on Ctrl-C. */

/** Conventional exit code of a process ended by SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs `work` and sets the exit code. SIGINT and SIGTERM abort the signal, so that `finally` blocks still remove
 * temporary files and stop child processes.
 */
export async function runMain(
  name: string,
  work: (signal: AbortSignal, log: (line: string) => void) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("interrupted"));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    await work(controller.signal, (line) => console.error(`${name}: ${line}`));
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = controller.signal.aborted ? INTERRUPTED : 1;
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}
