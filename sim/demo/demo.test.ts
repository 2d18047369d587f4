import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** A run takes about 20 s, most of it waiting for a second answer that must not come. */
const RUN_TIMEOUT_MS = 90_000;

interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Runs the demo; `onOutput` may stop it. */
async function demo(
  args: string[],
  onOutput?: (stderr: string, child: ChildProcess) => void,
): Promise<Finished> {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], { cwd: REPOSITORY });
  children.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
    onOutput?.(stderr, child);
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

/** Pids of the workers that a run started. */
const workerPids = (stderr: string): number[] =>
  [...stderr.matchAll(/started \(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const small = ["--messages", "9", "--conversations", "3", "--workers", "2"];

// Most of a run is waiting, so the runs wait together.
describe.concurrent("the demo", () => {
  it(
    "answers everything once and in order although a worker is killed, and leaves nothing running",
    { timeout: RUN_TIMEOUT_MS },
    async () => {
      const { code, stdout, stderr } = await demo(small);
      const lines = stdout.trimEnd().split("\n");
      expect(code, stderr).toBe(0);
      expect(lines).toHaveLength(1);
      const verdict = JSON.parse(lines[0]!) as Record<string, number>;
      expect(Object.keys(verdict)).toEqual([
        "messages",
        "answered",
        "lost",
        "duplicated",
        "outOfOrder",
        "recoveredAfterKillMs",
        "p50Ms",
        "p99Ms",
        "seconds",
      ]);
      expect(verdict).toMatchObject({ messages: 9, answered: 9, lost: 0, duplicated: 0, outOfOrder: 0 });
      expect(verdict.recoveredAfterKillMs).toBeGreaterThan(0);
      expect(stderr).toMatch(/lease \d+ ms for this run/);
      expect(stderr).toMatch(/KILL -9 w\d \(pid \d+\) in the middle of "conversation \d, message \d"/);
      expect(workerPids(stderr)).toHaveLength(3);
      expect(workerPids(stderr).filter(isAlive)).toEqual([]);
    },
  );

  it.each(["skip-fence", "drop-settle"])(
    "fails under --sabotage %s, by a second answer",
    { timeout: RUN_TIMEOUT_MS },
    async (how) => {
      const { code, stdout, stderr } = await demo([...small, "--sabotage", how]);
      expect(code, stderr).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ messages: 9, lost: 0, duplicated: 1 });
      expect(workerPids(stderr).filter(isAlive)).toEqual([]);
    },
  );

  it("stops its workers when it is interrupted", { timeout: RUN_TIMEOUT_MS }, async () => {
    let interrupted = false;
    const { code, stdout, stderr } = await demo(small, (output, child) => {
      if (interrupted || !output.includes("asks for work")) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    expect(code, stderr).toBe(130);
    expect(stdout).toBe("");
    expect(workerPids(stderr).length).toBeGreaterThan(0);
    expect(workerPids(stderr).filter(isAlive)).toEqual([]);
  });

  it("refuses options that make no sense", { timeout: RUN_TIMEOUT_MS }, async () => {
    for (const args of [
      ["--messages", "0"],
      ["--workers", "x"],
      ["--engine", "magic"],
      ["--sabotage", "luck"],
    ]) {
      const { code, stdout, stderr } = await demo(args);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(args[0]);
    }
  });
});
