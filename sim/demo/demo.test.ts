import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { startPlatform } from "../platform/index.js";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
/** A run takes 30 to 50 s, most of it waiting: for leases to expire, for machines to come and to go. */
const RUN_TIMEOUT_MS = 150_000;

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

/** Pids of the machines that a run started. */
const machinePids = (stderr: string): number[] =>
  [...stderr.matchAll(/started \(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const small = ["--messages", "10", "--conversations", "2", "--workers", "2"];

// Most of a run is waiting, so the runs wait together.
describe.concurrent("the demo", () => {
  it(
    "goes from no machine to no machine: all answered once although one is killed, memory back, a push, nothing left running",
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
        "machinesPeak",
        "machinesAtEnd",
        "volumesAtEnd",
        "snapshots",
        "memoryRestored",
        "providerCalls",
        "pushed",
      ]);
      expect(verdict).toMatchObject({
        messages: 10,
        answered: 10,
        lost: 0,
        duplicated: 0,
        outOfOrder: 0,
        machinesPeak: 2,
        machinesAtEnd: 0,
        volumesAtEnd: 0,
        memoryRestored: true,
        pushed: true,
      });
      expect(verdict.recoveredAfterKillMs).toBeGreaterThan(0);
      expect(verdict.snapshots).toBeGreaterThanOrEqual(4);
      expect(verdict.providerCalls).toBeGreaterThan(0);
      expect(stderr).toMatch(/2 users paired by \/start <code>; 0 machines, 0 volumes/);
      expect(stderr).toMatch(/lease \d+ ms for this run/);
      expect(stderr).toMatch(
        /KILL -9 machine m\d \(pid \d+\) in the middle of "conversation \d, message \d"/,
      );
      // Two, one for the killed one, and two for the second round.
      expect(machinePids(stderr).length).toBeGreaterThanOrEqual(5);
      expect(machinePids(stderr).filter(isAlive)).toEqual([]);
    },
  );

  it(
    "does the same on a given deployment that has seen another run, and leaves its policies as they were",
    { timeout: 2 * RUN_TIMEOUT_MS },
    async () => {
      const platform = await startPlatform();
      try {
        const policies = () => platform.run("lib:policies", {}, { componentPath: "agentFactory" });
        const before = await policies();
        const given = [
          ...["--deployment", platform.cloudUrl, "--site", platform.siteUrl],
          ...["--admin-key", platform.adminKey],
        ];
        for (const engine of ["echo", "agent"]) {
          const { code, stdout, stderr } = await demo([...small, "--engine", engine, ...given]);
          expect(code, stderr).toBe(0);
          expect(JSON.parse(stdout)).toMatchObject({
            messages: 10,
            answered: 10,
            lost: 0,
            duplicated: 0,
            pushed: true,
          });
          expect(stderr).toContain("nothing is pushed");
          expect(machinePids(stderr).filter(isAlive)).toEqual([]);
          expect(await policies()).toEqual(before);
        }
      } finally {
        await platform.close();
      }
    },
  );

  it(
    "fails under --sabotage skip-restore: the agents have forgotten what they noted",
    { timeout: RUN_TIMEOUT_MS },
    async () => {
      const { code, stdout, stderr } = await demo([
        ...["--messages", "4", "--conversations", "1", "--workers", "1"],
        ...["--sabotage", "skip-restore"],
      ]);
      expect(code, stderr).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({
        messages: 4,
        lost: 0,
        duplicated: 0,
        memoryRestored: false,
        pushed: true,
      });
      expect(machinePids(stderr).filter(isAlive)).toEqual([]);
    },
  );

  it.each([
    ["skip-fence", ["--messages", "4", "--conversations", "2", "--workers", "2"]],
    ["drop-settle", ["--messages", "8", "--conversations", "2", "--workers", "2", "--engine", "echo"]],
  ])("fails under --sabotage %s, by a second answer", { timeout: RUN_TIMEOUT_MS }, async (how, args) => {
    const { code, stdout, stderr } = await demo([...args, "--sabotage", how]);
    expect(code, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      messages: Number(args[1]),
      lost: 0,
      duplicated: 1,
      memoryRestored: null,
    });
    expect(machinePids(stderr).filter(isAlive)).toEqual([]);
  });

  it("stops its machines when it is interrupted", { timeout: RUN_TIMEOUT_MS }, async () => {
    let interrupted = false;
    const { code, stdout, stderr } = await demo(small, (output, child) => {
      if (interrupted || !/machine m\d calls/.test(output)) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    expect(code, stderr).toBe(130);
    expect(stdout).toBe("");
    expect(machinePids(stderr).length).toBeGreaterThan(0);
    expect(machinePids(stderr).filter(isAlive)).toEqual([]);
  });

  it("refuses options that make no sense", { timeout: RUN_TIMEOUT_MS }, async () => {
    const refused = [
      ["--messages", "0"],
      ["--workers", "x"],
      ["--engine", "magic"],
      ["--sabotage", "luck"],
      ["--sabotage skip-fence", "--engine", "agent"],
      ["--sabotage skip-restore", "--engine", "echo"],
      ["--deployment", "nonsense"],
    ];
    await Promise.all(
      refused.map(async (args) => {
        const { code, stdout, stderr } = await demo(args.flatMap((arg) => arg.split(" ")));
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toContain(args[0]);
      }),
    );
  });
});
