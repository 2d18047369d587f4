import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { runUntilSignal } from "../http/runUntilSignal.js";
import { startPlatform } from "./index.js";

const portSchema = z.coerce.number().int().min(0).max(65_535);

const port = (text: string): number => {
  const parsed = portSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError("a port is a number from 0 to 65535");
  return parsed.data;
};
const milliseconds = (text: string): number => {
  const parsed = z.coerce.number().min(0).safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError("expected a number of milliseconds from 0 on");
  return parsed.data;
};
const variable = (text: string, before: Record<string, string>): Record<string, string> => {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text);
  if (!match) throw new InvalidArgumentError("expected NAME=value");
  return { ...before, [match[1]!]: match[2]! };
};

interface Flags {
  port: number;
  sitePort: number;
  env: Record<string, string>;
  app?: string;
  crons: boolean;
  transactionMs: number;
  nestedCallMs: number;
  quiet?: boolean;
}

async function main(): Promise<void> {
  const program = new Command("platform")
    .description(
      "Runs a Convex app on this machine, on 127.0.0.1 only, without an account. Nothing is kept after it ends.\n" +
        "The last lines on stdout are CONVEX_URL, CONVEX_SITE_URL and CONVEX_ADMIN_KEY, ready for a .env file.",
    )
    .option("--port <port>", "cloud origin: functions and storage (0: any free one)", port, 3210)
    .option("--site-port <port>", "site origin: HTTP actions (0: any free one)", port, 3211)
    .option("--env <NAME=value>", "environment variable of the deployment (repeatable)", variable, {})
    .option("--app <folder>", "folder with convex.config.ts (default: the example app)")
    .option("--no-crons", "crons run only by POST /__sim/crons/run")
    .option("--transaction-ms <ms>", "what each query and mutation takes before its commit", milliseconds, 0)
    .option("--nested-call-ms <ms>", "what each function that it calls adds to that", milliseconds, 0)
    .option("--quiet", "do not print what functions log")
    .parse();
  const flags = program.opts<Flags>();
  process.stderr.write("loading the app ...\n");
  const platform = await startPlatform({
    port: flags.port,
    sitePort: flags.sitePort,
    env: flags.env,
    appDirectory: flags.app,
    crons: flags.crons,
    transactionMs: flags.transactionMs,
    nestedCallMs: flags.nestedCallMs,
    log: flags.quiet ? undefined : (line) => process.stderr.write(`${line}\n`),
  });
  process.stderr.write(`running, ${platform.crons().length} crons; Ctrl-C ends it\n`);
  process.stdout.write(
    `CONVEX_URL=${platform.cloudUrl}\nCONVEX_SITE_URL=${platform.siteUrl}\nCONVEX_ADMIN_KEY=${platform.adminKey}\n`,
  );
  await runUntilSignal(platform);
  // Functions scheduled for later keep Node alive; they have nowhere to run any more.
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
