#!/usr/bin/env node
/** The worker's command line. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { z } from "zod";
import { formatEnvHelp, formatEnvProblems, readEnv } from "./env.js";
import { runWorker } from "./main.js";

/** Exit code for an invalid environment. */
const exitInvalidEnvironment = 2;

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));

const program = new Command("agent-factory-worker")
  .description(
    "Answers the messages of an agent-factory deployment. Everything is set by environment variables.",
  )
  .version(version)
  .option("--check-env", "check the environment, print every problem and exit")
  .addHelpText("after", () => `\nEnvironment (name, default, meaning):\n${formatEnvHelp()}\n`)
  .parse();

const result = readEnv(process.env, () => `afw-${Date.now()}-${randomBytes(8).toString("hex")}`);
if (!result.ok) {
  console.error(formatEnvProblems(result.problems));
  process.exit(exitInvalidEnvironment);
}
if (program.opts<{ checkEnv?: boolean }>().checkEnv === true) {
  console.log("The environment is valid.");
  process.exit(0);
}
// An engine that ignores its abort signal must not keep the process alive.
process.exit(await runWorker(result.env, process));
