import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPlatform, type Platform } from "../platform/index.js";
import type { LoadOptions } from "./options.js";
import { runLoad } from "./run.js";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const { signal } = new AbortController();

/** All runs share one deployment, as a given one: none may need an empty one. */
let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ crons: false });
});
afterAll(() => platform.close());

const small: LoadOptions = {
  workers: 3,
  conversations: 4,
  messages: 12,
  transactionMs: undefined,
  loops: "claim-hydrate-complete",
  payloadBytes: 0,
  rate: undefined,
  drain: false,
  instant: false,
  timeoutMs: 60_000,
  jsonOnly: false,
  target: null,
};
async function load(options: Partial<LoadOptions>) {
  const told: string[] = [];
  const { cloudUrl, siteUrl, adminKey } = platform;
  const all = { ...small, target: { cloudUrl, siteUrl, adminKey }, ...options };
  const result = await runLoad(all, (line) => told.push(line), signal);
  return { ...result, told };
}

describe("a load", () => {
  it.each<[string, Partial<LoadOptions>]>([
    ["loops of claim, hydrate and complete", {}],
    ["loops of claim and settle over what was enqueued before", { loops: "claim-settle", drain: true }],
    ["messages of 3 kB at a given rate", { payloadBytes: 3_000, rate: 50, messages: 6 }],
    ["worker processes behind the gateway", { loops: null, workers: 2, payloadBytes: 5_000 }],
  ])(
    "by %s is answered once and in order, on a deployment that has seen others",
    async (_, options) => {
      const { ok, json, told, table } = await load(options);
      expect(ok, told.join("\n")).toBe(true);
      expect(Object.keys(json)).toEqual([
        "workers",
        "messages",
        "messagesPerSecond",
        "attemptsPerCall",
        "worstAttempts",
        "errorsToCallers",
        "p50Ms",
        "p99Ms",
      ]);
      expect(json).toMatchObject({ messages: options.messages ?? 12, errorsToCallers: 0 });
      if (!("p50Ms" in json)) throw new Error("these are the figures of --instant");
      expect(json.messagesPerSecond).toBeGreaterThan(0);
      expect(json.p50Ms).toBeGreaterThan(0);
      expect(json.p99Ms).toBeGreaterThanOrEqual(json.p50Ms ?? Infinity);
      expect(table).toContain("out of order");
    },
    60_000,
  );

  it("of claims at one instant gives each worker another message", async () => {
    const { ok, json } = await load({ instant: true, workers: 5, conversations: 8 });
    expect(json).toMatchObject({ claims: 5, claimed: 5, errorsToCallers: 0 });
    expect(ok).toBe(true);
  });

  it("that is not answered in time fails, with the figures so far", async () => {
    const { ok, table, told, json } = await load({ messages: 100, rate: 4, timeoutMs: 2_000 });
    expect(ok).toBe(false);
    expect(told).toContain("given up after 2 s (--timeout)");
    expect(table).toMatch(/\| lost +\| +[1-9]/);
    expect(json).toMatchObject({ messages: 100 });
  });

  it("ends when its signal says so", async () => {
    const interrupted = new AbortController();
    const running = runLoad(
      { ...small, messages: 5_000 },
      () => interrupted.abort(new Error("enough")),
      interrupted.signal,
    );
    await expect(running).rejects.toThrow("enough");
  });
});

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

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("npm run load", () => {
  it("ends with one line of JSON, and with --json-only prints nothing else", async () => {
    const { code, out, err } = await run([
      "--workers",
      "2",
      "--conversations",
      "2",
      "--messages",
      "4",
      "--json-only",
    ]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ workers: 2, messages: 4, errorsToCallers: 0 });
  }, 60_000);

  it("tells every fault of its options at once", async () => {
    const { code, out, err } = await run(["--workers", "0", "--rate", "x", "--admin-key", "k"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    for (const option of ["--workers", "--rate", "--deployment", "--site"])
      expect(err).toContain(`error: ${option}`);
  });

  it("stops its worker processes when it is interrupted", async () => {
    const { code, out, err } = await run(
      ["--processes", "--workers", "2", "--messages", "2000"],
      (printed, interrupt) => {
        if (/[1-9]\d*\/2000 answered/.test(printed) && !printed.includes("stopping")) interrupt();
      },
    );
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(err).toContain("interrupted");
    const pids = /pids ([\d, ]+)/.exec(err)?.[1]?.split(", ").map(Number) ?? [];
    expect(pids).toHaveLength(2);
    expect(pids.filter(isAlive)).toEqual([]);
  }, 60_000);
});
