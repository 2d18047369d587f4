/**
 * A program as an engine: the prompt on its stdin, its stdout is the answer, and so are the files it leaves in `OUT_DIR`. The
 * files of the message are listed in the prompt with their paths. It is started without a shell, in its
 * own process group, with an allow-listed environment, so that it never sees the worker's token. The run ends when the
 * program ends: what it leaves in its group is killed, and what has left the group may hold the pipes and is not waited for.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { cutTextFromStart } from "../../../../src/policy/text/cut.js";
import { textWithFiles, withMissing } from "../../attachments/files.js";
import { withOutDir } from "../../attachments/outDir.js";
import { systemCode } from "../../memory/memoryError.js";
import { EngineError, type Engine, type EngineReply, type EngineRequest } from "../../engine/engine.js";
import { passedEnv, type Argv } from "../program.js";
import { plainText } from "./terminal.js";

export interface CommandOptions {
  /** Program and arguments. */
  argv: Readonly<Argv>;
  /** The environment to choose from; only {@link passedEnv} goes along. */
  env: Record<string, string | undefined>;
  /** The program's memory; it finds the path as `DATA_DIR`. Absent: it keeps nothing. */
  dataDir?: string;
  /** From SIGTERM to SIGKILL of the process group, in ms. Default 2 s. */
  killGraceMs?: number;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
const STDERR_TAIL_UNITS = 500;
const STDERR_TAIL_BYTES = 4 * STDERR_TAIL_UNITS;
/** Once the program has ended, what it wrote is in the pipe; nothing more for this long, and it has been read. */
const QUIET_MS = 50;
/** A helper that goes on writing is not listened to for longer. */
const LONGEST_DRAIN_MS = 1_000;
/** Linux takes no longer string in an environment (128 KiB with its name and end). */
const MAX_VARIABLE_BYTES = 127 * 1024;

/** Creates the engine. */
export function createCommandEngine(options: CommandOptions): Engine {
  return {
    name: "command",
    stateful: options.dataDir !== undefined,
    takesConnections: true,
    start: () => Promise.resolve(),
    ready: () => true,
    run: (request) => answerOf(options, request),
    stop: () => Promise.resolve(),
  };
}

async function answerOf(options: CommandOptions, request: EngineRequest): Promise<EngineReply> {
  const answered = await withOutDir((outDir) => runOnce(options, request, outDir));
  const { stderrTail, files, missing } = answered;
  const text = withMissing(answered.text, missing);
  if (text === "" && files.length === 0)
    throw new EngineError("empty", `command: no output${tail(stderrTail)}`);
  return files.length === 0 ? { text } : { text, files };
}

function runOnce(
  options: CommandOptions,
  request: EngineRequest,
  outDir: string,
): Promise<{ text: string; stderrTail: string }> {
  const [program, ...args] = options.argv;
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) return reject(new EngineError("aborted", "command: aborted"));
    const child = started(program, args, { ...childEnv(options, request), OUT_DIR: outDir });
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = Buffer.alloc(0);
    let tooMuch = false;
    let killTimer: NodeJS.Timeout | undefined;

    const kill = (): void => {
      signalGroup(child, "SIGTERM");
      killTimer = setTimeout(() => signalGroup(child, "SIGKILL"), options.killGraceMs ?? 2_000);
    };
    request.signal.addEventListener("abort", kill, { once: true });

    // A process without file descriptors left gets a child without pipes, and the error a moment later.
    child.stdout?.on("data", (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= MAX_OUTPUT_BYTES) return void stdout.push(chunk);
      if (!tooMuch) kill();
      tooMuch = true;
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_TAIL_BYTES);
    });
    // A program that does not read its input closes the pipe: not an error by itself.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(promptOf(request));

    const finish = (error: EngineError | null): void => {
      clearTimeout(killTimer);
      request.signal.removeEventListener("abort", kill);
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
      if (error !== null) return reject(error);
      resolve({ text: textOf(stdout), stderrTail: tailOf(stderr) });
    };
    child.once("error", (error: NodeJS.ErrnoException) => finish(notStarted(error)));
    child.once("exit", (code, signal) => {
      signalGroup(child, "SIGKILL");
      drained(child, () => {
        if (request.signal.aborted) return finish(new EngineError("aborted", "command: aborted"));
        if (tooMuch)
          return finish(new EngineError("refused", `command: more than ${MAX_OUTPUT_BYTES} bytes of output`));
        if (code === 0) return finish(null);
        const how = code === null ? `killed by ${signal ?? "a signal"}` : `exit code ${code}`;
        finish(new EngineError("crashed", `command: ${how}${tail(tailOf(stderr))}`));
      });
    });
  });
}

function started(program: string, args: string[], env: Record<string, string>): ChildProcess {
  try {
    return spawn(program, args, { shell: false, detached: true, stdio: ["pipe", "pipe", "pipe"], env });
  } catch (error) {
    throw notStarted(error);
  }
}

/** Not found or not executable is an operator's mistake that may be mended while the message waits. */
const notStarted = (error: unknown): EngineError =>
  new EngineError("unavailable", `command: could not be started (${systemCode(error)})`);

/** Calls back once the pipes are closed, or nothing has come for a moment although others hold them. */
function drained(child: ChildProcess, then: () => void): void {
  const stdout: Readable | null = child.stdout;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    clearTimeout(quiet);
    clearTimeout(limit);
    then();
  };
  // After the timer a turn of the loop reads what is there: a busy process is late with both.
  const wait = (): NodeJS.Timeout => {
    let heard = false;
    const note = (): void => void (heard = true);
    stdout?.once("data", note);
    return setTimeout(() => {
      setImmediate(() => {
        stdout?.off("data", note);
        if (!heard) end();
        else if (!over) quiet = wait();
      });
    }, QUIET_MS);
  };
  let quiet = wait();
  const limit = setTimeout(end, LONGEST_DRAIN_MS);
  child.once("close", end);
}

const textOf = (chunks: readonly Buffer[]): string =>
  plainText(Buffer.concat(chunks).toString("utf8")).trim();
/** What is left of a character whose beginning was cut off says nothing. */
const tailOf = (stderr: Buffer): string =>
  cutTextFromStart(plainText(stderr.toString("utf8").replace(/^\ufffd+/, "")).trim(), STDERR_TAIL_UNITS);

function childEnv({ env, dataDir }: CommandOptions, request: EngineRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of passedEnv) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return {
    ...request.connections,
    ...passed,
    ...(dataDir === undefined ? {} : { DATA_DIR: dataDir }),
    ...variable("AGENT_FACTORY_AGENT_KEY", request.agentKey),
    ...variable("AGENT_FACTORY_CONVERSATION_ID", request.conversationId),
    ...variable("AGENT_FACTORY_MESSAGE_ID", request.messageId),
    ...variable("AGENT_FACTORY_SYSTEM_PROMPT", request.systemPrompt),
  };
}

/** What a message or its agent says, where an environment can hold it: no message makes the program impossible to start. */
function variable(name: string, value = ""): Record<string, string> {
  const fits = value !== "" && Buffer.byteLength(value) <= MAX_VARIABLE_BYTES;
  return fits ? { [name]: value.replaceAll("\0", "") } : {};
}

/** The history as a transcript, then the new text; only the text when there is no history. */
function promptOf({ history, systemPrompt, ...request }: EngineRequest): string {
  const text = textWithFiles(request);
  const turns = history.map(({ role, content }) => `${role}: ${content}`);
  if (systemPrompt !== undefined) turns.unshift(`system: ${systemPrompt}`);
  return turns.length === 0 ? text : `${turns.join("\n\n")}\n\nuser: ${text}`;
}

const tail = (stderr: string): string => (stderr === "" ? "" : `: ${stderr}`);

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone
  }
}
