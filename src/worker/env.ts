/** The worker's environment: one schema, from which the checks, the defaults and the help come. */
import { z } from "zod";
import { parseCommand } from "./engines/command.js";

const text = z.string();
const wholeMs = (least: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number of milliseconds")
    .transform(Number)
    .refine((ms) => ms >= least && ms <= 86_400_000, `must be between ${least} and 86400000`);

function httpUrl(example: string, protocols = ["http:", "https:"]) {
  return z.string().superRefine((value, ctx) => {
    const problem = urlProblem(value, protocols);
    if (problem !== null) ctx.addIssue({ code: "custom", message: `${problem}, e.g. ${example}` });
  });
}
function urlProblem(value: string, protocols: string[]): string | null {
  if (!URL.canParse(value)) return "is not a URL";
  const url = new URL(value);
  if (!protocols.includes(url.protocol))
    return `must start with ${protocols.map((p) => `${p}//`).join(" or ")}`;
  if (url.username !== "" || url.password !== "") return "must not hold credentials";
  if (url.search !== "" || url.hash !== "") return "must not hold a query or a fragment";
  return value.endsWith("/") ? "must not end with a slash" : null;
}

/** Every variable, in the order of the help. */
export const envSchema = z.object({
  BASE_INTERNAL_URL: httpUrl("http://127.0.0.1:3211/agent-factory").meta({
    description: "Site origin of the deployment with the component's path prefix, no trailing slash.",
  }),
  AGENT_TOKEN: text.regex(/^[\x21-\x7e]+$/, "must be one token without spaces").meta({
    description: "The worker's token, from createAgentWorkerToken. Sent in the Authorization header only.",
  }),
  WORKER_ID: text
    .regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits or . _ : -")
    .optional()
    .meta({ description: "This worker's name. Default: generated, afw-<ms>-<16 random>." }),
  WORKSPACE_ID: text.max(128).optional().meta({
    description:
      "Takes only this tenant's conversations, by the tenant's route. Default: what the token allows.",
  }),
  ENGINE: z.enum(["openai", "command", "echo", "openclaw"]).meta({ description: "What answers messages." }),
  OPENAI_BASE_URL: httpUrl("https://api.openai.com/v1")
    .default("https://api.openai.com/v1")
    .meta({ description: "ENGINE=openai: server with POST /chat/completions, up to and with the version." }),
  OPENAI_API_KEY: text
    .optional()
    .meta({ description: "ENGINE=openai: its key; required for api.openai.com." }),
  OPENCLAW_AGENT_MODEL: text.optional().meta({ description: "ENGINE=openai: the model. Wins over MODEL." }),
  MODEL: text
    .optional()
    .meta({ description: "ENGINE=openai: the model, when OPENCLAW_AGENT_MODEL is absent." }),
  ENGINE_COMMAND: text
    .refine(
      (value) => parseCommand(value) !== null,
      "must be a JSON array of strings or simple words without quoting",
    )
    .optional()
    .meta({
      description: "ENGINE=command: program and arguments, prompt on stdin, answer on stdout. No shell.",
    }),
  OPENCLAW_GATEWAY_URL: httpUrl("ws://127.0.0.1:18789", ["ws:", "wss:", "http:", "https:"])
    .default("ws://127.0.0.1:18789")
    .meta({ description: "ENGINE=openclaw: the agent gateway's WebSocket." }),
  OPENCLAW_GATEWAY_TOKEN: text.optional().meta({ description: "ENGINE=openclaw: the gateway's token." }),
  OPENCLAW_GATEWAY_CONNECT_TIMEOUT_MS: wholeMs(100).default(60_000).meta({
    description: "ENGINE=openclaw: longest wait for a usable gateway, at the start and after a loss.",
  }),
  OPENCLAW_THINKING: text
    .optional()
    .meta({ description: "ENGINE=openclaw: thinking level. Default: the model's own." }),
  ENGINE_TIMEOUT_MS: wholeMs(100)
    .default(120_000)
    .meta({ description: "Longest engine run; then the message is retried." }),
  POLL_INTERVAL_MS: wholeMs(10)
    .default(2_000)
    .meta({ description: "Wait after a claim that found nothing, ±20 %." }),
  HTTP_TIMEOUT_MS: wholeMs(100)
    .default(20_000)
    .meta({ description: "Longest wait for one answer of the component or Telegram." }),
  SHUTDOWN_GRACE_MS: wholeMs(0)
    .default(30_000)
    .meta({ description: "After SIGTERM: time to finish the message in hand before it is handed back." }),
  HEALTH_PORT: text
    .regex(/^\d+$/, "must be a port number")
    .transform(Number)
    .refine((port) => port <= 65_535, "must be a port number")
    .default(8_080)
    .meta({ description: "Port of GET /healthz and GET /metrics. 0: any free one, printed at start." }),
  HEALTH_HOST: text.default("127.0.0.1").meta({
    description:
      "Address to listen on. The default is this machine only, as metrics need no login; 0.0.0.0 for an orchestrator.",
  }),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .meta({ description: "Least log level." }),
  TELEGRAM_API_BASE_URL: httpUrl("https://api.telegram.org")
    .default("https://api.telegram.org")
    .meta({ description: "The Bot API server." }),
  TELEGRAM_PARSE_MODE: z.enum(["HTML", "MarkdownV2", "Markdown"]).optional().meta({
    description: "Formatting of answers; plain text when Telegram cannot parse one. Default: plain text.",
  }),
});

type Values = z.infer<typeof envSchema>;
export type WorkerEnv = Values & { WORKER_ID: string };
export interface EnvProblem {
  name: string;
  problem: string;
  hint: string;
}
export type EnvResult = { ok: true; env: WorkerEnv } | { ok: false; problems: EnvProblem[] };

/** Checks everything and lists every problem; a blank value counts as absent. No value appears in a problem. */
export function readEnv(
  source: Record<string, string | undefined>,
  generateWorkerId: () => string,
): EnvResult {
  const given: Record<string, string> = {};
  for (const name of Object.keys(envSchema.shape)) {
    const value = source[name]?.trim();
    if (value !== undefined && value !== "") given[name] = value;
  }
  const parsed = envSchema.safeParse(given);
  const problems: EnvProblem[] = [];
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (problems.some((known) => known.name === name)) continue;
    problems.push({
      name,
      problem: given[name] === undefined ? "is missing" : wording(issue),
      hint: hintOf(name),
    });
  }
  problems.push(...missingForEngine(given));
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, env: { ...parsed.data, WORKER_ID: parsed.data.WORKER_ID ?? generateWorkerId() } };
}

/** What the chosen engine needs beside its defaults. */
function missingForEngine(given: Record<string, string>): EnvProblem[] {
  const need = (name: string): EnvProblem[] =>
    given[name] === undefined
      ? [{ name, problem: `is missing (needed by ENGINE=${given["ENGINE"] ?? ""})`, hint: hintOf(name) }]
      : [];
  switch (given["ENGINE"]) {
    case "openai": {
      const model = given["OPENCLAW_AGENT_MODEL"] === undefined ? need("MODEL") : [];
      const openAiItself = (given["OPENAI_BASE_URL"] ?? "https://api.openai.com").startsWith(
        "https://api.openai.com",
      );
      return openAiItself ? [...need("OPENAI_API_KEY"), ...model] : model;
    }
    case "command":
      return need("ENGINE_COMMAND");
    case "openclaw":
      return need("OPENCLAW_GATEWAY_TOKEN");
    default:
      return [];
  }
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  return issue.message;
}

const hintOf = (name: string): string => envHelp().find((row) => row.name === name)?.meaning ?? "";

export interface EnvHelpRow {
  name: string;
  /** `required`, or the default as text; empty when optional without one. */
  default: string;
  meaning: string;
}

/** The table of variables, read off the schema. */
export function envHelp(): EnvHelpRow[] {
  return Object.entries(envSchema.shape).map(([name, schema]) => {
    const absent = schema.safeParse(undefined);
    const fallback = absent.success ? (absent.data === undefined ? "" : String(absent.data)) : "required";
    return { name, default: fallback, meaning: schema.meta()?.description ?? "" };
  });
}

/** The table as text for a terminal. */
export function formatEnvHelp(): string {
  const rows = envHelp();
  const width = (pick: (row: EnvHelpRow) => string): number =>
    Math.max(...rows.map((row) => pick(row).length));
  const [nameWidth, defaultWidth] = [width((row) => row.name), width((row) => row.default)];
  return rows
    .map((row) => `  ${row.name.padEnd(nameWidth)}  ${row.default.padEnd(defaultWidth)}  ${row.meaning}`)
    .join("\n");
}

/** Every problem on its own line: name, problem, hint. */
export function formatEnvProblems(problems: EnvProblem[]): string {
  const lines = problems.map(({ name, problem, hint }) => `  ${name} ${problem}\n      ${hint}`);
  return `Invalid environment, the worker was not started (${problems.length}):\n${lines.join("\n")}`;
}
