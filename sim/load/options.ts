import { Command } from "commander";
import { z } from "zod";
import { addTargetOptions, readTarget, type TargetFlags } from "../deployment/options.js";
import type { Target } from "../deployment/types.js";

const loopKinds = ["claim-hydrate-complete", "claim-settle"] as const;
export type LoopKind = (typeof loopKinds)[number];

export interface LoadOptions {
  workers: number;
  conversations: number;
  messages: number;
  /** How long each transaction of the local platform takes, in ms; undefined: as long as it takes. */
  transactionMs: number | undefined;
  /** What each worker does; null: it is a process of its own. */
  loops: LoopKind | null;
  /** Added to each message's text, in bytes. */
  payloadBytes: number;
  /** Messages enqueued per second at most; undefined: as fast as they are taken. */
  rate: number | undefined;
  /** Everything is enqueued before the first claim. */
  drain: boolean;
  /** Instead: one claim of each worker, all at one instant. */
  instant: boolean;
  /** The run is given up after this long, in ms. */
  timeoutMs: number;
  jsonOnly: boolean;
  target: Target | null;
}

/** Upper bounds keep a typing error from running for hours. */
const whole = (lowest: number, highest: number) => {
  const expected = `a whole number from ${lowest} to ${highest} is expected`;
  return z
    .string()
    .regex(/^\d+$/, expected)
    .transform(Number)
    .refine((value) => value >= lowest && value <= highest, expected);
};
/** Most worker processes: each is a Node of its own, of some 100 MB. */
const MAX_PROCESSES = 32;
/** Of `--instant`, as the design of the queue was measured: ten claims over 25 ready conversations. */
const INSTANT = { workers: 10, conversations: 25 };

const flagsSchema = z
  .object({
    workers: whole(1, 256).optional(),
    conversations: whole(1, 10_000).optional(),
    messages: whole(1, 1_000_000).default(2_000),
    transactionMs: whole(0, 10_000).optional(),
    loops: z.enum(loopKinds, `one of ${loopKinds.join(", ")} is expected`).optional(),
    processes: z.boolean().default(false),
    payloadBytes: whole(0, 200_000).default(0),
    rate: whole(1, 100_000).optional(),
    drain: z.boolean().default(false),
    instant: z.boolean().default(false),
    timeout: whole(1, 86_400).default(300),
    jsonOnly: z.boolean().default(false),
  })
  .strip();
type Flags = z.output<typeof flagsSchema>;

/** What cannot go together, one sentence each. */
function contradictions(flags: Flags, isGiven: boolean): string[] {
  const { instant, processes, conversations = INSTANT.conversations, workers = INSTANT.workers } = flags;
  return [
    processes && flags.loops !== undefined ? "--processes and --loops exclude each other" : "",
    processes && workers > MAX_PROCESSES ? `--workers: with --processes at most ${MAX_PROCESSES}` : "",
    instant && processes ? "--instant and --processes exclude each other: claims are fired from here" : "",
    instant && conversations < workers ? "--instant needs at least as many --conversations as --workers" : "",
    flags.drain && flags.rate !== undefined ? "--drain and --rate exclude each other" : "",
    isGiven && flags.transactionMs !== undefined
      ? "--transaction-ms is for the local platform: a given deployment takes the time it takes"
      : "",
  ].filter((fault) => fault !== "");
}

/**
 * Reads options and environment.
 * @returns what to do, or every fault, one sentence each.
 */
export function parseOptions(
  raw: TargetFlags & Record<string, unknown>,
  env: Readonly<Record<string, string | undefined>>,
): { options: LoadOptions } | { faults: string[] } {
  const { target, faults } = readTarget(raw, env);
  const parsed = flagsSchema.safeParse(raw);
  const named = (path: PropertyKey | undefined) =>
    `--${String(path).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${named(path[0])}: ${message}`);
    return { faults: [...new Set(wrong), ...faults] };
  }
  const flags = parsed.data;
  const all = [...contradictions(flags, target !== null), ...faults];
  if (all.length > 0) return { faults: all };
  const usual = flags.instant ? INSTANT : { workers: 16, conversations: 100 };
  return {
    options: {
      workers: flags.workers ?? usual.workers,
      conversations: flags.conversations ?? usual.conversations,
      messages: flags.messages,
      transactionMs: flags.transactionMs,
      loops: flags.processes ? null : (flags.loops ?? "claim-hydrate-complete"),
      payloadBytes: flags.payloadBytes,
      rate: flags.rate,
      drain: flags.drain,
      instant: flags.instant,
      timeoutMs: flags.timeout * 1_000,
      jsonOnly: flags.jsonOnly,
      target,
    },
  };
}

/** Reads the command line; prints the help or every fault and ends the process when there is nothing to run. */
export function readOptions(argv: readonly string[]): LoadOptions {
  const program = new Command("load")
    .description(
      "Messages for many conversations, workers that answer them, and what that costs: messages per second, attempts per\n" +
        "call, errors that reach a caller, the wait from enqueue to claim. By default on the local platform, whose transactions\n" +
        "overlap and conflict as Convex's do. Progress goes to stderr; the last line on stdout is JSON. Exit code 1 when a\n" +
        "message was not answered exactly once and in order. What cannot be known of a deployment is null.",
    )
    .option("--workers <n>", "workers at a time (default: 16; with --instant 10)")
    .option(
      "--conversations <n>",
      "conversations the messages are spread over (default: 100; with --instant 25)",
    )
    .option("--messages <n>", "messages in all (default: 2000)")
    .option("--transaction-ms <n>", "how long each transaction of the local platform takes")
    .option("--loops <calls>", `what each worker calls: ${loopKinds.join(", ")} (default: the first)`)
    .option(
      "--processes",
      "real worker processes with the echo engine, over the worker gateway, in place of loops",
    )
    .option("--payload-bytes <n>", "added to each message's text (default: 0)")
    .option("--rate <n>", "messages enqueued per second at most (default: as fast as they are taken)")
    .option("--drain", "enqueue everything before the first claim")
    .option("--instant", "one claim of each worker, all at one instant, in place of a load")
    .option("--timeout <seconds>", "give up after this long (default: 300)")
    .option("--json-only", "print nothing but the line of JSON");
  const given = addTargetOptions(program).parse(argv).opts<TargetFlags & Record<string, unknown>>();
  const read = parseOptions(given, process.env);
  if ("options" in read) return read.options;
  return program.error(read.faults.map((fault) => `error: ${fault}`).join("\n"));
}
