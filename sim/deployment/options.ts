import type { Command } from "commander";
import { z } from "zod";
import type { Target } from "./types.js";

/** What the command line said of the deployment. */
export interface TargetFlags {
  deployment?: string | undefined;
  site?: string | undefined;
  adminKey?: string | undefined;
}

/** The Convex CLI's own names for a self-hosted deployment; the last is the one that it writes for the site origin. */
const variables = {
  deployment: "CONVEX_SELF_HOSTED_URL",
  site: "CONVEX_SITE_URL",
  adminKey: "CONVEX_SELF_HOSTED_ADMIN_KEY",
} as const;

const origin = z
  .url({ protocol: /^https?$/, error: "is no http(s) URL" })
  .transform((text) => new URL(text))
  .refine((url) => url.pathname === "/" && url.search === "", "must be an origin, without a path")
  .transform((url) => url.origin);

/** Adds the options that say which deployment to use. */
export function addTargetOptions(command: Command): Command {
  return command
    .option(
      "--deployment <url>",
      `use this Convex deployment instead of a local one, and push the example there (or ${variables.deployment})`,
    )
    .option("--site <url>", `its origin of HTTP actions (or ${variables.site}; known for .convex.cloud)`)
    .option("--admin-key <key>", `its admin or deploy key (or ${variables.adminKey})`);
}

/**
 * The deployment that options and environment name; null: none, so a local one is to be started. An option goes before its
 * variable; a site URL alone in the environment names no deployment.
 * @returns `faults`: everything that is wrong with them, one sentence each.
 */
export function readTarget(
  flags: TargetFlags,
  env: Readonly<Record<string, string | undefined>>,
): { target: Target | null; faults: string[] } {
  const from = (name: keyof typeof variables) => {
    const text = flags[name] ?? env[variables[name]];
    return text === undefined || text === "" ? undefined : text;
  };
  const isGiven = [flags.deployment, flags.site, flags.adminKey, from("deployment"), from("adminKey")].some(
    Boolean,
  );
  if (!isGiven) return { target: null, faults: [] };
  const faults: string[] = [];
  const url = (name: "deployment" | "site", text: string | undefined, why = ""): string => {
    if (text === undefined) {
      faults.push(`--${name} is missing (or ${variables[name]})${why}`);
      return "";
    }
    const parsed = origin.safeParse(text);
    if (!parsed.success) faults.push(`--${name} ${parsed.error.issues[0]?.message ?? ""}: ${text}`);
    return parsed.data ?? "";
  };
  const cloudUrl = url("deployment", from("deployment"));
  const hosted = /^(https:\/\/[^/]+)\.convex\.cloud$/.exec(cloudUrl)?.[1];
  const site = from("site") ?? (hosted === undefined ? undefined : `${hosted}.convex.site`);
  const siteUrl = url("site", site, ": the origin of HTTP actions, port 3211 of a self-hosted backend");
  const adminKey = from("adminKey");
  if (adminKey === undefined) faults.push(`--admin-key is missing (or ${variables.adminKey})`);
  if (siteUrl !== "" && siteUrl === cloudUrl)
    faults.push("--deployment and --site are the same: functions and HTTP actions have an origin each");
  return { target: faults.length > 0 ? null : { cloudUrl, siteUrl, adminKey: adminKey ?? "" }, faults };
}

/** Ends the process with every fault when there is one. */
export function targetOf(program: Command, env: Readonly<Record<string, string | undefined>>): Target | null {
  const { target, faults } = readTarget(program.opts<TargetFlags>(), env);
  if (faults.length > 0) program.error(faults.map((fault) => `error: ${fault}`).join("\n"));
  return target;
}
