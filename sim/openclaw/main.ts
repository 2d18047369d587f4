import { Command, InvalidArgumentError } from "commander";
import { runUntilSignal } from "../http/runUntilSignal.js";
import { type RunFaultInput, runFaultSchema } from "./faults.js";
import { startFakeOpenClawGateway } from "./gateway.js";

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is expected");
  return Number(text);
}

function fault(text: string, previous: RunFaultInput[]): RunFaultInput[] {
  try {
    return [...previous, runFaultSchema.parse(JSON.parse(text))];
  } catch {
    throw new InvalidArgumentError('expected JSON such as {"kind":"delay","delayMs":80000,"count":2}');
  }
}

const program = new Command("sim/openclaw")
  .description("Imitation of the OpenClaw gateway with scripted answers, on 127.0.0.1. Ctrl-C stops it.")
  .requiredOption("--token <token>", "the gateway token clients must present")
  .option("--port <n>", "port to listen on, 0 for a free one", wholeNumber, 18789)
  .option("--answer <text>", "the model's answer, `{text}` stands for the message", "echo: {text}")
  .option("--model-ms <ms>", "how long the model takes", wholeNumber, 0)
  .option("--tick-ms <ms>", "interval of the tick event", wholeNumber, 30_000)
  .option("--starting-ms <ms>", "refuse clients with startup-sidecars for this long", wholeNumber, 0)
  .option("--fault <json>", "a planned failure of a run, may be repeated", fault, [])
  .parse();

const flags = program.opts<{
  token: string;
  port: number;
  answer: string;
  modelMs: number;
  tickMs: number;
  startingMs: number;
  fault: RunFaultInput[];
}>();

try {
  const gateway = await startFakeOpenClawGateway({
    token: flags.token,
    port: flags.port,
    answer: (call) => flags.answer.replaceAll("{text}", () => call.text),
    modelMs: flags.modelMs,
    tickIntervalMs: flags.tickMs,
    starting: flags.startingMs > 0,
    faults: flags.fault,
  });
  const started = setTimeout(() => gateway.setStarting(false), flags.startingMs);
  console.log(`openclaw gateway imitation on ${gateway.url}`);
  await runUntilSignal(gateway);
  clearTimeout(started);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
