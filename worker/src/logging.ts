/** Structured logs on stdout, one JSON object per line, without secrets. */
import { pino, type DestinationStream, type Logger } from "pino";
import { redactSecrets } from "../../src/policy/text/redactSecrets.js";

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
    write: (line) => void target.write(redactSecrets(line, options.secrets)),
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
        paths: [
          "*.telegramBotToken",
          "*.credential",
          "*.channel.credential",
          "*.apiKey",
          "*.token",
          "*.authorization",
        ],
        censor: "[redacted]",
      },
    },
    cleaning,
  );
}
