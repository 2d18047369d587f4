import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { convexCli } from "../../scripts/deployment/convexCli.js";
import type { Target } from "./types.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Pushes a Convex project with the installed Convex CLI, by default this repository with its example app. Type check and
 * code generation are left out: they change nothing that is pushed.
 * @throws Error with the CLI's own words.
 */
export async function pushApp(
  { cloudUrl, adminKey }: Pick<Target, "cloudUrl" | "adminKey">,
  signal: AbortSignal,
  project = REPOSITORY,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "agent-factory-push-"));
  try {
    // In a file of our own, as arguments can be read by every process of the machine. It also goes before a .env.local.
    const file = path.join(folder, "deployment.env");
    await writeFile(
      file,
      `CONVEX_SELF_HOSTED_URL='${cloudUrl}'\nCONVEX_SELF_HOSTED_ADMIN_KEY='${adminKey}'\n`,
      { mode: 0o600 },
    );
    const how = ["--typecheck", "disable", "--codegen", "disable", "-y"];
    const { code, output } = await convexCli(["deploy", "--env-file", file, ...how], project, signal);
    if (code !== 0) throw new Error(`npx convex deploy to ${cloudUrl} failed:\n${output.trim()}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
