/**
 * A program as an engine: the prompt on its stdin, its stdout is the answer, and so are the files it leaves in `OUT_DIR`. The
 * files of the message are listed in the prompt with their paths. It is started without a shell, in its
 * own process group, with an allow-listed environment, so that it never sees the worker's token.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { textWithFiles } from "../attachments/files.js";
import { withOutDir } from "../attachments/outDir.js";
import { EngineError, type Engine, type EngineReply, type EngineRequest } from "./engine.js";

export interface CommandOptions {
  /** Program and arguments. */
  argv: readonly [string, ...string[]];
  /** The environment to choose from; only {@link passedEnv} goes along. */
  env: Record<string, string | undefined>;
  /** The program's memory; it finds the path as `DATA_DIR`. Absent: it keeps nothing. */
  dataDir?: string;
  /** From SIGTERM to SIGKILL of the process group, in ms. Default 2 s. */
  killGraceMs?: number;
}

/** What a program needs to run at all; nothing that could be a credential. */
export const passedEnv = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "TMPDIR",
  "USER",
  "SHELL",
  "SYSTEMROOT",
] as const;

const maxOutputBytes = 1024 * 1024;
const stderrTailUnits = 500;

/**
 * Reads a command line: a JSON array of strings, or simple words separated by spaces (no quoting: use the array).
 * Returns null when it is neither.
 */
export function parseCommand(text: string): [string, ...string[]] | null {
  const trimmed = text.trim();
  let words: unknown = trimmed.split(/\s+/);
  if (trimmed.startsWith("[")) {
    try {
      words = JSON.parse(trimmed);
    } catch {
      return null;
    }
  } else if (/["'`$|&;<>\\]/.test(trimmed)) {
    return null;
  }
  if (!Array.isArray(words) || !words.every((word): word is string => typeof word === "string")) return null;
  const [program, ...args] = words;
  return program === undefined || program === "" ? null : [program, ...args];
}

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
  const { stderrTail, text, files } = await withOutDir((outDir) => runOnce(options, request, outDir));
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
    const child = spawn(program, args, {
      shell: false,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...childEnv(options, request), OUT_DIR: outDir },
    });
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderrTail = "";
    let tooMuch = false;
    let killTimer: NodeJS.Timeout | undefined;

    const kill = (): void => {
      signalGroup(child, "SIGTERM");
      killTimer = setTimeout(() => signalGroup(child, "SIGKILL"), options.killGraceMs ?? 2_000);
    };
    request.signal.addEventListener("abort", kill, { once: true });

    child.stdout.on("data", (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes <= maxOutputBytes) return void stdout.push(chunk);
      if (!tooMuch) kill();
      tooMuch = true;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderrTail = (stderrTail + chunk.toString("utf8")).slice(-stderrTailUnits);
    });
    // A program that does not read its input closes the pipe: not an error by itself.
    child.stdin.on("error", () => undefined);
    child.stdin.end(promptOf(request));

    const finish = (error: EngineError | null): void => {
      clearTimeout(killTimer);
      request.signal.removeEventListener("abort", kill);
      if (error !== null) return reject(error);
      const text = Buffer.concat(stdout).toString("utf8").trim();
      resolve({ text, stderrTail });
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      // Not found or not executable is an operator's mistake that may be mended while the message waits.
      finish(new EngineError("unavailable", `command: could not be started (${error.code ?? "unknown"})`));
    });
    // A grandchild that lives on in the group would hold the pipes open, and "close" would never come.
    child.once("exit", () => signalGroup(child, "SIGKILL"));
    child.once("close", (code, signal) => {
      if (request.signal.aborted) return finish(new EngineError("aborted", "command: aborted"));
      if (tooMuch)
        return finish(new EngineError("refused", `command: more than ${maxOutputBytes} bytes of output`));
      if (code === 0) return finish(null);
      const how = code === null ? `killed by ${signal ?? "a signal"}` : `exit code ${code}`;
      finish(new EngineError("crashed", `command: ${how}${tail(stderrTail)}`));
    });
  });
}

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
    AGENT_FACTORY_AGENT_KEY: request.agentKey,
    AGENT_FACTORY_CONVERSATION_ID: request.conversationId,
    AGENT_FACTORY_MESSAGE_ID: request.messageId,
  };
}

/** The history as a transcript, then the new text; only the text when there is no history. */
function promptOf({ history, systemPrompt, ...request }: EngineRequest): string {
  const text = textWithFiles(request);
  const turns = history.map(({ role, content }) => `${role}: ${content}`);
  if (systemPrompt !== undefined) turns.unshift(`system: ${systemPrompt}`);
  return turns.length === 0 ? text : `${turns.join("\n\n")}\n\nuser: ${text}`;
}

const tail = (stderr: string): string => (stderr.trim() === "" ? "" : `: ${stderr.trim()}`);

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone
  }
}
