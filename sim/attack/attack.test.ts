import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startPlatform } from "../platform/index.js";
import type { Verdict } from "./types.js";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the command as a user would; `onError` sees what it prints on stderr so far. */
async function run(args: string[], onError?: (err: string, interrupt: () => void) => void) {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => {
    err += part.toString();
    onError?.(err, () => child.kill("SIGINT"));
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}

it("300 hostile calls: none succeeds, none crashes anything, each meets what is documented, all controls succeed", async () => {
  const { code, out, err } = await run(["--calls", "300", "--seed", "7"]);
  expect(err.split("\n").filter((line) => line.startsWith("UNEXPECTED"))).toEqual([]);
  const verdict = JSON.parse(out.trim().split("\n").at(-1) ?? "") as Verdict;
  expect(verdict).toMatchObject({ seed: 7, calls: 300, succeeded: 0, crashed: 0, undocumented: 0 });
  expect(verdict.controls).toBeGreaterThan(100);
  expect(verdict.controlsSucceeded).toBe(verdict.controls);
  // Each kind at least once, also in a short run.
  expect(Object.keys(verdict.kinds).length).toBeGreaterThanOrEqual(35);
  expect(Object.values(verdict.kinds).reduce((sum, calls) => sum + calls, 0)).toBe(300);
  expect(code).toBe(0);
}, 60_000);

it("attacks a given deployment, again and again, over the same HTTP", async () => {
  const platform = await startPlatform({ crons: false });
  try {
    const given = [
      "--deployment",
      platform.cloudUrl,
      "--site",
      platform.siteUrl,
      "--admin-key",
      platform.adminKey,
    ];
    for (const seed of ["1", "2"]) {
      const { code, out, err } = await run(["--calls", "100", "--seed", seed, ...given]);
      expect(JSON.parse(out)).toMatchObject({ calls: 100, succeeded: 0, crashed: 0, undocumented: 0 });
      expect(err).toContain("nothing is pushed");
      expect(err).toContain("its crons run by themselves meanwhile");
      expect(code, err).toBe(0);
    }
  } finally {
    await platform.close();
  }
}, 90_000);

it("tells every fault of a given deployment at once", async () => {
  const { code, out, err } = await run(["--deployment", "nonsense"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  for (const option of ["--deployment", "--site", "--admin-key"]) expect(err).toContain(`error: ${option}`);
});

it("Ctrl-C ends it cleanly and without a result", async () => {
  let asked = false;
  const { code, out, err } = await run(["--calls", "100000"], (printed, interrupt) => {
    if (asked || !printed.includes("kinds of hostile calls")) return;
    asked = true;
    interrupt();
  });
  expect({ code, out }).toEqual({ code: 130, out: "" });
  expect(err).toContain("interrupted");
}, 60_000);
