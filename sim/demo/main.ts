import { readOptions } from "./options.js";

/** Exit code of a process ended by SIGINT, by the shell's convention. */
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = readOptions(process.argv);
  // Loaded only now: the help, or what is wrong with the options, need not wait for the platform.
  const { runDemo } = await import("./run.js");
  const interrupted = new AbortController();
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    // The second one does not wait; the exit handler of the run still kills the workers.
    if (signals > 1) process.exit(INTERRUPTED);
    process.stderr.write("\nstopping ...\n");
    interrupted.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const ok = await runDemo(options, process.stderr, interrupted.signal, (verdict) =>
      process.stdout.write(`${JSON.stringify(verdict)}\n`),
    );
    return ok ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return signals > 0 ? INTERRUPTED : 1;
  }
}

const code = await main();
// Functions scheduled for later in the platform keep Node alive; they have nowhere to run any more.
process.exit(code);
