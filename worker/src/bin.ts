#!/usr/bin/env node
/** The worker's command line. */
import { randomBytes } from "node:crypto";
import { Command } from "commander";
import { addConnectionsCommand } from "./connections/command.js";
import { formatEnvHelp, formatEnvProblems, readEnv } from "./env.js";
import { exitCodeHelp, exitCodes, type ExitCode } from "./exitCodes.js";
import { runWorker } from "./main.js";
import { workerVersion } from "./version.js";

const exitCodeLines = exitCodeHelp
  .map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`)
  .join("\n");

const program = new Command("agent-factory-worker")
  .description(
    "Answers the messages of an agent-factory deployment. Everything is set by environment variables.",
  )
  .version(workerVersion())
  .option("--check-env", "check the environment, print every problem and exit")
  .addHelpText("after", () => `\nExit codes:\n${exitCodeLines}`)
  .enablePositionalOptions()
  .addHelpText("after", () => `\nEnvironment (name, default, meaning):\n${formatEnvHelp()}\n`)
  // Without a command it is the worker itself.
  .action(() => undefined);
let commandCode: ExitCode | null = null;
addConnectionsCommand(
  program,
  {
    env: process.env,
    stdin: process.stdin,
    print: (line) => console.log(line),
    complain: (line) => console.error(line),
    now: () => Date.now(),
  },
  (code) => (commandCode = code),
);
await program.parseAsync();
if (commandCode !== null) process.exit(commandCode);

const result = readEnv(process.env, () => `afw-${Date.now()}-${randomBytes(8).toString("hex")}`);
if (!result.ok) {
  console.error(formatEnvProblems(result.problems));
  process.exit(exitCodes.fatal);
}
if (program.opts<{ checkEnv?: boolean }>().checkEnv === true) {
  console.log("The environment is valid.");
  process.exit(0);
}
// An engine that ignores its abort signal must not keep the process alive.
process.exit(await runWorker(result.env, process));
