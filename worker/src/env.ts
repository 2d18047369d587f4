/** Reads and checks the environment: every fault at once, or a worker's settings. */
import type { z } from "zod";
import { hintOf } from "./envHelp.js";
import { ruleProblems } from "./envRules.js";
import { envSchema } from "./envSchema.js";

export { envHelp, formatEnvHelp } from "./envHelp.js";
export { envSchema } from "./envSchema.js";

type Values = z.infer<typeof envSchema>;
export type WorkerEnv = Values & { WORKER_ID: string };
export interface EnvProblem {
  name: string;
  problem: string;
  hint: string;
}
export type EnvResult = { ok: true; env: WorkerEnv } | { ok: false; problems: EnvProblem[] };

/** Written in lower case by many programs that read them. */
const alsoLowerCase: ReadonlySet<string> = new Set(["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]);

/** Checks everything and lists every problem; a blank value counts as absent. No value appears in a problem. */
export function readEnv(
  source: Record<string, string | undefined>,
  generateWorkerId: () => string,
): EnvResult {
  const given: Record<string, string> = {};
  for (const name of Object.keys(envSchema.shape)) {
    const lower = alsoLowerCase.has(name) ? source[name.toLowerCase()]?.trim() : undefined;
    const value = source[name]?.trim() || lower;
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
  problems.push(...ruleProblems(given, new Set(problems.map(({ name }) => name))));
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, env: { ...parsed.data, WORKER_ID: parsed.data.WORKER_ID ?? generateWorkerId() } };
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  return issue.message;
}

/** Every problem on its own line: name, problem, hint. */
export function formatEnvProblems(problems: EnvProblem[]): string {
  const lines = problems.map(({ name, problem, hint }) => `  ${name} ${problem}\n      ${hint}`);
  return `Invalid agent environment, the worker was not started (${problems.length}):\n${lines.join("\n")}`;
}
