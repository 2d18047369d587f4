import { Command, InvalidArgumentError } from "commander";
import { runUntilSignal } from "../http/runUntilSignal.js";
import { GENEROUS_RATE_LIMITS, REAL_RATE_LIMITS } from "./rateLimits.js";
import { startTelegramServer } from "./server.js";
import type { BotSpec } from "./types.js";

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is expected");
  return Number(text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("a number above 0 is expected");
  return value;
}

/** `<token>:<username>`; the token has a colon of its own, so the last one separates. */
function bot(text: string, previous: BotSpec[] | undefined): BotSpec[] {
  const cut = text.lastIndexOf(":");
  if (cut <= text.indexOf(":")) throw new InvalidArgumentError("<token>:<username> is expected");
  return [...(previous ?? []), { token: text.slice(0, cut), username: text.slice(cut + 1) }];
}

const RATES = { real: REAL_RATE_LIMITS, generous: GENEROUS_RATE_LIMITS, off: false } as const;
type RateName = keyof typeof RATES;

function rateName(text: string): RateName {
  if (text === "real" || text === "generous" || text === "off") return text;
  throw new InvalidArgumentError("real, generous or off is expected");
}

const program = new Command("sim/telegram")
  .description("Telegram Bot API simulator on 127.0.0.1. Ctrl-C stops it.")
  .option("--port <n>", "port to listen on, 0 for a free one", wholeNumber, 8081)
  .requiredOption("--bot <token:username>", "a bot, may be repeated", bot)
  .option("--allow-http-webhooks", "accept http and loopback webhooks, which the real service refuses", false)
  .option(
    "--time-scale <x>",
    "length of a Telegram second in retry waits, 0.01 is a hundred times faster",
    positive,
    1,
  )
  .option("--rate-limits <real|generous|off>", "which rate limits hold", rateName, "generous")
  .option("--seed <n>", "seed of random choices", wholeNumber, 1)
  .addHelpText(
    "after",
    `
Control from outside (JSON, loopback only):
  GET  /__sim/outbox           messages the bots sent
  GET  /__sim/chat-actions     typing indicators
  GET  /__sim/deliveries       webhook posts and their results
  POST /__sim/user-sends       {"chatId":1,"text":"hello"}
  POST /__sim/faults           {"rules":[{"kind":"dropAfter","path":"/bot*/sendMessage","count":1}]}
  POST /__sim/delivery-faults  {"duplicate":{"count":1},"loseResponse":{"probability":0.1}}
  POST /__sim/chat-state       {"chatId":1,"state":"blocked"}`,
  )
  .parse();

const flags = program.opts<{
  port: number;
  bot: BotSpec[];
  allowHttpWebhooks: boolean;
  timeScale: number;
  rateLimits: RateName;
  seed: number;
}>();

try {
  const { port, bot: bots, allowHttpWebhooks, timeScale, seed } = flags;
  const rateLimits = RATES[flags.rateLimits];
  const server = await startTelegramServer({ port, bots, allowHttpWebhooks, timeScale, rateLimits, seed });
  console.log(
    `Telegram simulator on ${server.url} for ${bots.map(({ username }) => `@${username}`).join(", ")}`,
  );
  await runUntilSignal(server);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
