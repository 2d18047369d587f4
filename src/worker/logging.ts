/** Structured logs on stdout, one JSON object per line, without secrets. */
import { pino, type DestinationStream, type Logger } from "pino";

/** Telegram's URLs carry the bot's token in the path. */
const botTokenPattern = /\bbot\d+:[\w-]+/g;
const bareBotTokenPattern = /\b\d{5,}:[\w-]{30,}\b/g;
const bearerPattern = /\b(Bearer)\s+[\w.~+/=-]+/gi;
const modelKeyPattern = /\bsk-[\w-]{8,}/g;
const jwtPattern = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;

/** Replaces what looks like a credential, and every exact value of `secrets`. */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  // The longest first: one may be part of another. Inside of JSON it is written with escapes.
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  for (const form of forms.sort((a, b) => b.length - a.length))
    if (form.length >= 6) clean = clean.replaceAll(form, "[redacted]");
  return clean
    .replace(botTokenPattern, "bot[redacted]")
    .replace(bareBotTokenPattern, "[redacted]")
    .replace(bearerPattern, "$1 [redacted]")
    .replace(modelKeyPattern, "[redacted]")
    .replace(jwtPattern, "[redacted]");
}

export interface LoggerOptions {
  level: string;
  workerId: string;
  /** Values that must never appear, whatever they look like: the worker's own token and keys. */
  secrets: readonly string[];
  destination?: DestinationStream;
  /** Told of each line's level, also of those that are not printed. */
  onLine?: (level: string) => void;
}

/** Creates the worker's logger. Every line is cleaned as a whole, so no field needs to be known beforehand. */
export function createLogger(options: LoggerOptions): Logger {
  const target = options.destination ?? process.stdout;
  const cleaning: DestinationStream = {
    write: (line) => void target.write(redactText(line, options.secrets)),
  };
  return pino(
    {
      level: options.level,
      base: { workerId: options.workerId },
      messageKey: "event",
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, method, level) {
          options.onLine?.(pino.levels.labels[level] ?? String(level));
          method.apply(this, args);
        },
      },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ["*.telegramBotToken", "*.botToken", "*.apiKey", "*.token", "*.authorization"],
        censor: "[redacted]",
      },
    },
    cleaning,
  );
}
