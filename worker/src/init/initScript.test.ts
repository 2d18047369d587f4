import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WorkerFault } from "../faults.js";
import { runInitScript } from "./initScript.js";

let directory = "";
beforeEach(async () => void (directory = await mkdtemp(path.join(tmpdir(), "init-"))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const lines: string[] = [];
const run = (script: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) => {
  lines.length = 0;
  const log = pino({ messageKey: "event" }, { write: (line: string) => void lines.push(line) });
  const env = { PATH: process.env["PATH"], AGENT_TOKEN: "the-token", HERE: directory };
  const signal = more.signal ?? new AbortController().signal;
  return runInitScript(script, { log, env, timeoutMs: more.timeoutMs ?? 5_000, signal });
};
const fault = (failing: Promise<unknown>): Promise<WorkerFault> =>
  failing.then(
    () => Promise.reject(new Error("it succeeded")),
    (error: unknown) => (error instanceof WorkerFault ? error : Promise.reject(error as Error)),
  );

describe("INIT_SCRIPT", () => {
  it("runs once with the operator's environment, without the worker's credential, its output in the log", async () => {
    const script = 'echo one; printf "%s" "${AGENT_TOKEN:-none}" > "$HERE/token"; echo two >&2';
    expect(await run(script)).toBe(true);
    expect(await readFile(path.join(directory, "token"), "utf8")).toBe("none");
    const done = lines.map((line) => JSON.parse(line) as { event: string; output?: string });
    expect(done.map(({ event }) => event)).toEqual(["worker.initScriptStarted", "worker.initScriptDone"]);
    expect(done[1]?.output).toContain("one");
    expect(done[1]?.output).toContain("two");
  });

  it("its first failing command stops the start, with the output", async () => {
    const error = await fault(run("echo preparing; ls /nowhere-at-all; echo not reached"));
    expect(error).toMatchObject({ code: "init_script_failed", exitCode: 1 });
    expect(error.detail).toMatch(/^exit code \d+\npreparing/);
    expect(error.detail).not.toContain("not reached");
  });

  it("is ended with all that it started when its time is over", async () => {
    const error = await fault(run('sleep 30 & echo $! > "$HERE/pid"; wait', { timeoutMs: 300 }));
    expect(error.detail).toContain("it did not end within 300 ms");
    const pid = Number(await readFile(path.join(directory, "pid"), "utf8"));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("leaves alone what a successful script started", async () => {
    expect(await run('sleep 30 > /dev/null 2>&1 & echo $! > "$HERE/pid"')).toBe(true);
    const pid = Number(await readFile(path.join(directory, "pid"), "utf8"));
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  it("a stop of the worker ends it without a fault", async () => {
    expect(await run("sleep 30", { signal: AbortSignal.timeout(100) })).toBe(false);
    expect(await run("exit 1", { signal: AbortSignal.abort() })).toBe(false);
  });
});

/** A zombie, whose parent has not looked yet, is dead; only Linux tells. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(existsSync("/proc/self/stat") ? readFileSync(`/proc/${pid}/stat`, "utf8") : "");
  } catch {
    return false;
  }
}
