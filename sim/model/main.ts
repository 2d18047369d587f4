import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { runUntilSignal } from "../http/runUntilSignal.js";
import { startModelServer } from "./server.js";

/** Rules as a JSON file: `lastUser` is the source of a regular expression, `recorded.file` a file of bytes to answer with. */
const rulesFileSchema = z.array(
  z.strictObject({
    lastUser: z
      .string()
      .transform((source) => new RegExp(source))
      .optional(),
    model: z.string().optional(),
    afterTool: z.boolean().optional(),
    times: z.number().int().positive().optional(),
    answer: z.string().optional(),
    toolCalls: z
      .array(z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
      .optional(),
    error: z
      .strictObject({ status: z.number().int(), message: z.string(), type: z.string().optional() })
      .optional(),
    recorded: z
      .strictObject({
        file: z.string(),
        status: z.number().int().optional(),
        contentType: z.string().optional(),
      })
      .transform(({ file, ...more }) => ({ body: readFileSync(file, "utf8"), ...more }))
      .optional(),
    cutAfterChunks: z.number().int().nonnegative().optional(),
    firstTokenMs: z.number().nonnegative().optional(),
    perTokenMs: z.number().nonnegative().optional(),
  }),
);

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is expected");
  return Number(text);
}

const collect = (value: string, previous: string[] | undefined) => [...(previous ?? []), value];

const program = new Command("sim/model")
  .description("OpenAI-compatible model server with scripted answers, on 127.0.0.1. Ctrl-C stops it.")
  .option("--port <n>", "port to listen on, 0 for a free one", wholeNumber, 8082)
  .option("--api-key <key>", "accepted key, may be repeated; without it every request is accepted", collect)
  .option("--model <name>", "known model, may be repeated; without it every name is accepted", collect)
  .option("--strict-roles", "refuse anything but user and assistant in turns, the user first and last")
  .option("--rules <file>", "JSON file with the answer rules")
  .option("--first-token-ms <ms>", "wait before the first token", wholeNumber, 0)
  .option("--per-token-ms <ms>", "wait before each further token", wholeNumber, 0)
  .option("--seed <n>", "seed of fault probabilities", wholeNumber, 1)
  .parse();

const flags = program.opts<{
  port: number;
  apiKey?: string[];
  model?: string[];
  strictRoles?: boolean;
  rules?: string;
  firstTokenMs: number;
  perTokenMs: number;
  seed: number;
}>();

try {
  const rules = flags.rules ? rulesFileSchema.parse(JSON.parse(await readFile(flags.rules, "utf8"))) : [];
  const { apiKey: apiKeys, model: models, ...others } = flags;
  const server = await startModelServer({ ...others, apiKeys, models, rules });
  console.log(
    `model server on ${server.baseUrl} (requests: ${server.url}/__sim/requests, faults: POST ${server.url}/__sim/faults)`,
  );
  await runUntilSignal(server);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
