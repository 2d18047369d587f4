/** Runs the installed Convex CLI, cut off from any configured deployment. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { type ProcessResult, runProcess } from "./runProcess.js";

/** A bundling run takes 2-5 s; a minute means it hangs. */
const CLI_TIMEOUT_MS = 60_000;

const packageJson = createRequire(import.meta.url).resolve("convex/package.json");

/** Version of the installed `convex` package. */
export function convexVersion(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageJson, "utf8"))).version;
}

/** `CONVEX_*` variables of the caller would point the CLI at a real deployment, so they are not passed on. */
export function convexCli(
  args: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<ProcessResult> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONVEX_")));
  const bin = path.join(path.dirname(packageJson), "bin", "main.js");
  return runProcess(process.execPath, [bin, ...args], {
    cwd,
    env,
    timeoutMs: CLI_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
}
