import { Command } from "commander";
import { addTargetOptions, targetOf } from "../sim/deployment/options.js";
import { rowNamed, runTrials } from "./run.js";
import { protocolVersion } from "./rows.js";
import { startStage, type Stage } from "./stage.js";

/** Exit code of a process ended by SIGINT, by the shell's convention. */
const interruptedCode = 130;
/** The whole run, in ms: a worker that never answers makes every trial wait as long as it may. */
const limitMs = 300_000;

async function main(): Promise<number> {
  const program = new Command("conformance")
    .description(
      `Checks a worker against the worker protocol ${protocolVersion} (docs/worker-protocol.md): starts a control plane (or\n` +
        "uses the deployment that is given), a chat platform and a model on this machine, starts the worker with the environment that leads to them, and judges every\n" +
        "row. The last line on stdout is the result as JSON; the exit code is 1 when a row failed. Everything that the\n" +
        "worker is told comes in its environment; its own variables are passed on.",
    )
    .argument("<command...>", "what starts the worker: a program and its arguments, no shell")
    .option("--only <rows>", "only these rows, separated by commas")
    .option("--at-once <n>", "trials at the same time", "4")
    .passThroughOptions();
  addTargetOptions(program).parse();
  const target = targetOf(program, process.env);
  const options = program.opts<{ only?: string; atOnce: string }>();
  const [first, ...rest] = program.args;
  if (first === undefined) throw new Error("a command is needed");
  const tell = (line: string) => process.stderr.write(`${line}\n`);

  const interrupted = new AbortController();
  let signals = 0;
  const onSignal = () => {
    if ((signals += 1) > 1) process.exit(interruptedCode);
    tell("stopping ...");
    interrupted.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  let stage: Stage | undefined;
  try {
    const only = options.only?.split(",").map((name) => rowNamed(name.trim()));
    const atOnce = Math.max(1, Number(options.atOnce) || 1);
    stage = await startStage({ target, tell, signal: interrupted.signal });
    const limit = AbortSignal.timeout(limitMs);
    const signal = AbortSignal.any([interrupted.signal, limit]);
    const verdict = await runTrials({ command: [first, ...rest], stage, only, atOnce, signal, tell });
    for (const { id, reasons } of verdict.failures()) tell(`FAILED ${id}\n  ${reasons.join("\n  ")}`);
    const unused = verdict.unused();
    if (unused.length > 0) tell(`not judged, as the worker makes no use of it: ${unused.join(", ")}`);
    const summary = verdict.summary();
    if (summary.failed.length > 0) for (const line of stage.log().slice(-10)) tell(`deployment: ${line}`);
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return summary.failed.length === 0 ? 0 : 1;
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return signals > 0 ? interruptedCode : 1;
  } finally {
    await stage?.close();
  }
}

const code = await main();
// Functions scheduled for later in the platform keep Node alive; they have nowhere to run any more.
process.exit(code);
