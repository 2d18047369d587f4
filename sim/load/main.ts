/** `npm run load`: what a load of messages costs on the local platform or on any deployment. */
import { readOptions } from "./options.js";

/** Exit code of a process ended by SIGINT, by the shell's convention. */
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = readOptions(process.argv);
  // Loaded only now: the help, or what is wrong with the options, need not wait for the platform.
  const { runLoad } = await import("./run.js");
  const interrupted = new AbortController();
  let signals = 0;
  const onSignal = () => {
    // The second one does not wait; exit handlers still kill the worker processes.
    if ((signals += 1) > 1) process.exit(INTERRUPTED);
    process.stderr.write("\nstopping ...\n");
    interrupted.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const tell = (line: string) => (options.jsonOnly ? undefined : process.stderr.write(`${line}\n`));
  try {
    const { ok, table, json } = await runLoad(options, tell, interrupted.signal);
    process.stdout.write(`${options.jsonOnly ? "" : table}${JSON.stringify(json)}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return signals > 0 ? INTERRUPTED : 1;
  }
}

const code = await main();
// Functions scheduled for later in the platform keep Node alive; they have nowhere to run any more.
process.exit(code);
