/** `npm run e2e:openclaw`: the suite against the real gateway. Progress on stderr, one line of JSON on stdout. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { install, openclawVersion } from "./install.js";
import { isClean, runSuite, suiteMessages } from "./suite.js";
import { WorkerProcesses } from "./workerProcess.js";

/** Exit code of a process ended by SIGINT, by the shell's convention. */
const INTERRUPTED = 130;
/** A gateway needs up to 30 s to boot on a busy machine, and 20 s for its first run. */
const PATIENCE_MS = 180_000;

const defaultCache = path.join(tmpdir(), `openclaw-${openclawVersion}`);
const program = new Command("e2e:openclaw")
  .description(
    "Ten conversations through the real OpenClaw gateway: installs it, starts it under real workers against the local\n" +
      "platform, kills one in the middle of a run, restores a memory on a fresh worker. Everything on loopback but the\n" +
      "installation. Exit code 1 unless every message was answered once and nothing was forgotten.",
  )
  .option("--cache <dir>", "where the gateway and its Node.js are installed, and kept", defaultCache)
  .option("--workers <n>", "workers at a time, each with a gateway of 1.2 GB", Number, 2)
  .option("--minutes <n>", "give up after this long, the installation included", Number, 10)
  .option("--keep", "keep the data directories", false)
  .parse();
const options = program.opts<{ cache: string; workers: number; minutes: number; keep: boolean }>();
if (!Number.isInteger(options.workers) || options.workers < 1 || options.workers > 10)
  program.error("error: --workers takes a whole number from 1 to 10");
if (!(options.minutes > 0)) program.error("error: --minutes takes a positive number");

const log = (line: string): void => void process.stderr.write(`e2e:openclaw: ${line}\n`);
const stopping = new AbortController();
let signals = 0;
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => {
    signals += 1;
    if (signals > 1) process.exit(INTERRUPTED);
    log("stopping");
    stopping.abort(new Error("interrupted"));
  });
const late = setTimeout(
  () => stopping.abort(new Error(`not done within ${options.minutes} minutes`)),
  options.minutes * 60_000,
);

async function main(): Promise<number> {
  const { signal } = stopping;
  const { gatewayCommand } = await install(path.resolve(options.cache), log, signal);
  const root = await mkdtemp(path.join(tmpdir(), "openclaw-e2e-"));
  const workers = new WorkerProcesses(signal);
  const lastResort = (): void => workers.killAll();
  process.once("exit", lastResort);
  try {
    const result = await runSuite({
      gatewayCommand,
      launch: (env) => workers.launch(env),
      root,
      slots: options.workers,
      slowMs: 6_000,
      watchMs: 5_000,
      workerEnv: {
        LOG_LEVEL: "info",
        ENGINE_TIMEOUT_MS: String(PATIENCE_MS),
        OPENCLAW_GATEWAY_CONNECT_TIMEOUT_MS: String(PATIENCE_MS),
      },
      log,
      signal,
    });
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return isClean(result, suiteMessages) ? 0 : 1;
  } finally {
    if (options.keep) log(`the data directories are in ${root}`);
    // A killed gateway may write for a moment yet.
    else await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

let code: number;
try {
  code = await main();
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  code = signals > 0 ? INTERRUPTED : 1;
}
clearTimeout(late);
// Functions scheduled for later in the platform keep Node alive; they have nowhere to run any more.
process.exit(code);
