import { Command, InvalidArgumentError, Option } from "commander";
import { addTargetOptions, targetOf } from "../deployment/options.js";
import type { Target } from "../deployment/types.js";

const demoEngines = ["agent", "openai", "openclaw", "command", "echo"] as const;
type DemoEngine = (typeof demoEngines)[number];
const sabotages = ["skip-fence", "drop-settle", "skip-restore"] as const;
export type Sabotage = (typeof sabotages)[number];

export interface DemoOptions {
  messages: number;
  conversations: number;
  workers: number;
  engine: DemoEngine;
  keep: boolean;
  sabotage?: Sabotage | undefined;
  /** A given deployment; null: the local platform. */
  target: Target | null;
}

/** The agent keeps its note in a file; the other engines keep nothing on their machine. */
export const isStateful = ({ engine }: Pick<DemoOptions, "engine">): boolean => engine === "agent";

/** Upper bounds keep a typing error from running for hours. */
const number =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < lowest || value > highest)
      throw new InvalidArgumentError(`a whole number from ${lowest} to ${highest} is expected`);
    return value;
  };

/** Reads the command line; prints the help or the fault and ends the process when there is nothing to run. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const program = new Command("demo")
    .description(
      "A fleet from nothing to nothing, on this machine: the local platform, a Telegram, a simulated Fly whose machines are\n" +
        "real worker processes. Users pair and write, machines come up, one is killed while it works on a message, idle ones\n" +
        "save their memory and go. A second round finds the memory again, and a push arrives. The timeline and the table go\n" +
        "to stderr, one line of JSON to stdout. Exit code 1 if a message was lost, answered twice or out of order, a machine\n" +
        "or volume was left over, memory was lost, or the push did not arrive.",
    )
    .option("--messages <n>", "messages to send, those of the second round included", number(2, 5_000), 60)
    .option("--conversations <n>", "users they are spread over", number(1, 1_000), 8)
    .option("--workers <n>", "most machines at a time", number(1, 16), 3)
    .addOption(
      new Option(
        "--engine <name>",
        "what answers: agent keeps a file per conversation, the others keep nothing on their machine (default: agent)",
      ).choices(demoEngines),
    )
    .option("--keep", "stay up after the end, until Ctrl-C", false)
    .addOption(
      new Option(
        "--sabotage <how>",
        "break the wiring on purpose, the run has to fail: skip-fence hides a refusal from a worker that lost its " +
          "message, drop-settle loses what a worker reports about one, skip-restore hides the saved memory",
      ).choices(sabotages),
    );
  addTargetOptions(program);
  const given = program.parse(argv).opts<Omit<DemoOptions, "engine" | "target"> & { engine?: DemoEngine }>();
  const { messages, conversations, workers, keep, sabotage } = given;
  const options: DemoOptions = {
    messages,
    conversations,
    workers,
    keep,
    sabotage,
    target: targetOf(program, process.env),
    engine: given.engine ?? (given.sabotage === "skip-fence" ? "command" : "agent"),
  };
  if (options.sabotage === "skip-fence" && isStateful(options))
    program.error(
      "error: --sabotage skip-fence needs another --engine: the fleet ends a machine that lost its message",
    );
  if (options.sabotage === "skip-restore" && !isStateful(options))
    program.error("error: --sabotage skip-restore needs --engine agent: the others have nothing to restore");
  return options;
}
