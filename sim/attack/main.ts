import { Command, InvalidArgumentError } from "commander";
import { addTargetOptions, targetOf } from "../deployment/options.js";
import { runAttack } from "./run.js";
import type { Verdict } from "./types.js";

/** Exit code of a process ended by SIGINT, by the shell's convention. */
const INTERRUPTED = 130;

const whole =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < lowest || value > highest)
      throw new InvalidArgumentError(`a whole number from ${lowest} to ${highest} is expected`);
    return value;
  };

async function main(): Promise<number> {
  const program = new Command("attack")
    .description(
      "Attacks a deployment, by default one that it starts on this machine: its HTTP routes and worker functions over real sockets: forged,\n" +
        "expired, revoked and foreign credentials, stale leases, malformed bodies. The last line on stdout is the result\n" +
        "as JSON; the exit code is 1 when a call succeeded, crashed something or met an answer that is not documented.",
    )
    .option("--calls <n>", "hostile calls", whole(20, 1_000_000), 10_000)
    .option("--seed <n>", "the same seed makes the same calls", whole(0, 2 ** 32 - 1), 1);
  const { calls, seed } = addTargetOptions(program).parse().opts<{ calls: number; seed: number }>();
  const target = targetOf(program, process.env);
  const interrupted = new AbortController();
  let signals = 0;
  const onSignal = () => {
    if ((signals += 1) > 1) process.exit(INTERRUPTED);
    process.stderr.write("\nstopping ...\n");
    interrupted.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const print = (line: string) => process.stderr.write(`${line}\n`);
    const verdict = await runAttack({ calls, seed, target }, print, interrupted.signal);
    process.stdout.write(`${JSON.stringify(verdict)}\n`);
    return isClean(verdict) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return signals > 0 ? INTERRUPTED : 1;
  }
}

const isClean = (verdict: Verdict): boolean =>
  verdict.succeeded + verdict.crashed + verdict.undocumented === 0 &&
  verdict.controls > 0 &&
  verdict.controls === verdict.controlsSucceeded;

const code = await main();
// Functions scheduled for later in the platform keep Node alive; they have nowhere to run any more.
process.exit(code);
