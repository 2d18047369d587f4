import { spawn, type ChildProcess } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { backoffMs } from "../../../../src/policy/retry/backoff.js";
import { jittered } from "../../clock.js";
import type { GatewayProcessConfig, OpenClawContext } from "./config.js";
import { foreignText } from "./failures.js";

/** The gateway's exit code for a configuration or a state directory it cannot start with: starting again is of no use. */
const CONFIGURATION_EXIT = 78;
/** A gateway that ran for this long was well started; the next end counts as the first again. */
const WELL_STARTED_MS = 60_000;
const OUTPUT_TAIL_UNITS = 2_000;
/** After the last archive a worker resumes its engine only to stop it: a start that late would be for nothing. */
const RESUME_DELAY_MS = 500;
/** Before the first run several rests may follow each other. */
const FIRST_DELAY_MS = 50;

/**
 * Kills the gateway's process group when the worker is gone, however it ended: the pipe from it closes then. Runs as the
 * leader of that group, so that whoever ends the group ends both.
 */
const GUARD = `
const { spawn } = require("node:child_process");
const [program, ...args] = process.argv.slice(1);
const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
let ending = false;
process.on("SIGTERM", () => { ending = true; child.kill("SIGTERM"); });
process.stdin.on("error", () => undefined).on("close", () => { if (!ending) process.kill(-process.pid, "SIGKILL"); }).resume();
child.on("error", (error) => { console.error(error.message); process.exit(127); });
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGKILL" ? 137 : 143)));
`;

/**
 * The gateway as a child of the worker: started, started again when it ends by itself, and stopped while its files are
 * archived or replaced, because a tar of open SQLite databases is not consistent.
 */
export class GatewayProcess {
  /** Why there will be no gateway any more; null while there is hope. */
  fatal: string | null = null;
  /** Nobody has wanted it to run yet. */
  untried = true;

  private child: ChildProcess | undefined;
  private exited: Promise<void> = Promise.resolve();
  private wanted = false;
  private neverRan = true;
  private timer: NodeJS.Timeout | undefined;
  private earlyEnds = 0;

  constructor(
    private readonly context: OpenClawContext,
    private readonly config: GatewayProcessConfig,
    private readonly onFatal: (reason: string) => void,
  ) {}

  /** For a run: never shortens the wait after an early end. */
  startIfStopped(): void {
    if (!this.wanted) this.start();
  }

  start(delayMs = 0): void {
    this.wanted = true;
    this.untried = false;
    if (this.child !== undefined || this.fatal !== null) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.launch(), delayMs);
  }

  resume(): void {
    this.start(this.neverRan ? FIRST_DELAY_MS : RESUME_DELAY_MS);
  }

  /** Resolves when no process of the gateway is left. */
  async stop(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.timer);
    const { child } = this;
    if (child === undefined) return;
    child.kill("SIGTERM");
    const force = setTimeout(() => killGroup(child), this.context.timing.stopGraceMs);
    await this.exited;
    clearTimeout(force);
  }

  private launch(): void {
    if (!this.wanted || this.child !== undefined) return;
    const { clock, log } = this.context;
    const startedAt = clock.now();
    this.neverRan = false;
    // Without pipes where no file descriptor is left: the error comes a moment later.
    const child: ChildProcess = spawn(process.execPath, ["-e", GUARD, "--", ...this.config.argv], {
      detached: true,
      env: this.config.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child = child;
    let tail = "";
    const keep = (chunk: Buffer): void => void (tail = (tail + chunk.toString()).slice(-OUTPUT_TAIL_UNITS));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.stdin?.on("error", () => undefined);
    log.info({ group: child.pid ?? 0 }, "openclaw gateway started");
    this.exited = new Promise((resolve) => {
      const ended = (how: string, code: number | null): void => {
        if (this.child !== child) return;
        this.child = undefined;
        // Helpers of the gateway must not outlive it: they hold its files.
        killGroup(child);
        this.noteEnd(how, code, clock.now() - startedAt, tail);
        resolve();
      };
      child.once("error", (error) => ended(error.message, null));
      child.once("exit", (code, signal) => ended(signal ?? `exit code ${code ?? 0}`, code));
    });
  }

  private noteEnd(how: string, code: number | null, livedMs: number, tail: string): void {
    const { clock, timing, log, config } = this.context;
    if (!this.wanted) return;
    const output = foreignText(lastLines(tail), config.token);
    if (code === CONFIGURATION_EXIT) {
      this.fatal = `the gateway does not start with its configuration: ${output}`;
      log.warn({ how, output }, "openclaw gateway cannot start");
      return this.onFatal(this.fatal);
    }
    this.earlyEnds = livedMs >= WELL_STARTED_MS ? 0 : this.earlyEnds + 1;
    const backoff = { baseMs: timing.restartMinMs, maxMs: timing.restartMaxMs };
    const waitMs = jittered(backoffMs(this.earlyEnds, backoff), clock.random());
    log.warn({ how, output, waitMs }, "openclaw gateway ended by itself");
    this.start(waitMs);
  }
}

/** The end of the output without colours, on one line. */
function lastLines(output: string): string {
  const lines = stripVTControlCharacters(output).trim().split("\n");
  return lines.slice(-2).join(" | ").slice(-200);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone.
  }
}
