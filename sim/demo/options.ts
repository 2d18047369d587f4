import { Command, InvalidArgumentError, Option } from "commander";

export const demoEngines = ["openai", "openclaw", "command", "echo"] as const;
export type DemoEngine = (typeof demoEngines)[number];
export const sabotages = ["skip-fence", "drop-settle"] as const;
export type Sabotage = (typeof sabotages)[number];

export interface DemoOptions {
  messages: number;
  conversations: number;
  workers: number;
  engine: DemoEngine;
  keep: boolean;
  sabotage?: Sabotage | undefined;
}

/** Upper bounds keep a typing error from running for hours: convex-test looks at every document in every query. */
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
      "Real messages from Telegram's door to the answer and back, on this machine: the local platform, a Telegram and a\n" +
        "model server, real worker processes. One worker is killed while it works on a message. The timeline and the table\n" +
        "go to stderr, one line of JSON to stdout. Exit code 1 if a message was lost, answered twice or out of order.",
    )
    .option("--messages <n>", "messages to send", number(2, 5_000), 60)
    .option("--conversations <n>", "chats they are spread over", number(1, 1_000), 8)
    .option("--workers <n>", "worker processes", number(1, 16), 3)
    .addOption(new Option("--engine <name>", "what answers").choices(demoEngines).default("openai"))
    .option("--keep", "stay up after the end, until Ctrl-C", false)
    .addOption(
      new Option(
        "--sabotage <how>",
        "break the wiring on purpose, the run has to fail: skip-fence hides a refusal from a worker that lost its " +
          "message, drop-settle loses what a worker reports about one",
      ).choices(sabotages),
    );
  return program.parse(argv).opts<DemoOptions>();
}
