import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { runUntilSignal } from "../http/runUntilSignal.js";
import { cloudFaultSchema, type CloudFaultInput } from "./cloudFaults.js";
import { NO_FLY_LIMITS } from "./rateLimits.js";
import { startFlyServer } from "./server.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const WORKER = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is expected");
  return Number(text);
}

function fault(text: string, previous: CloudFaultInput[]): CloudFaultInput[] {
  try {
    return [...previous, cloudFaultSchema.parse(JSON.parse(text))];
  } catch {
    throw new InvalidArgumentError('expected JSON such as {"kind":"dieAtBoot","count":1}');
  }
}

const collect = (value: string, previous: string[] | undefined) => [...(previous ?? []), value];

const program = new Command("sim/fly")
  .description(
    "Imitation of the Fly Machines API on 127.0.0.1. Its machines are worker processes of this computer, whatever their image. Ctrl-C stops it and them.",
  )
  .option("--port <n>", "port to listen on, 0 for a free one", wholeNumber, 8083)
  .option("--app <name>", "app that exists, may be repeated; default agent-workers", collect)
  .option("--token <token>", "accepted token, may be repeated; default sim-fly-token", collect)
  .option("--boot-ms <ms>", "how long a new machine stays `created`", wholeNumber, 1_000)
  .option("--data-dir <directory>", "where volumes are kept; default a temporary directory")
  .option("--no-rate-limits", "answer without Fly's rate limits")
  .option("--fault <json>", "a planned failure of the cloud, may be repeated", fault, [])
  .option("--seed <n>", "seed of ids", wholeNumber, 1)
  .parse();

const flags = program.opts<{
  port: number;
  app?: string[];
  token?: string[];
  bootMs: number;
  dataDir?: string;
  rateLimits: boolean;
  fault: CloudFaultInput[];
  seed: number;
}>();

try {
  const server = await startFlyServer({
    port: flags.port,
    apps: flags.app,
    tokens: flags.token,
    bootMs: flags.bootMs,
    dataDir: flags.dataDir,
    rateLimits: flags.rateLimits ? undefined : NO_FLY_LIMITS,
    cloudFaults: flags.fault,
    seed: flags.seed,
    images: { "*": { file: process.execPath, args: ["--import", "tsx", WORKER], cwd: REPOSITORY } },
  });
  console.log(`fly imitation on ${server.baseUrl} (counts: ${server.url}/__sim/counts)`);
  await runUntilSignal(server);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
