/** The worker as a process: its own state across a SIGKILL, its connections, its probes, and what a control plane cannot do. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "../../src/contract/queue.js";
import { aJob } from "./fakes.js";
import { json, startTestServer, type Received } from "./httpServer.js";

const bin = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));
const cleanups: (() => unknown)[] = [];
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "own-process-"));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function start(args: string[], env: Record<string, string>, input?: string) {
  const child = spawn(process.execPath, ["--import", "tsx", bin, ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  cleanups.push(() => child.kill("SIGKILL"));
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  child.stdin.end(input);
  const exited = once(child, "close").then(([code]) => code as number | null);
  return { child, output, exited };
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

interface Call {
  operation: string;
  body: Record<string, unknown>;
}
/** A gateway that hands out `jobs`; `more` is mixed into every answer and value; `silent` names what it never answers. */
async function gateway(jobs: Job[], more: Record<string, unknown> = {}) {
  const calls: Call[] = [];
  const state = { silent: "", control: {} as Record<string, unknown> };
  const valueOf = ({ operation, body }: Call): unknown => {
    if (operation === "claim") {
      const job = jobs.shift();
      return job === undefined ? null : { ...job, ...more, hydration: { ...job.hydration, ...more } };
    }
    if (operation === "settle") {
      const status = body["outcome"] === undefined ? "held" : "done";
      return { ok: true, status, nextScheduledFor: null, next: null, ...more };
    }
    return operation === "probe_report" ? true : { shouldStop: false, ok: true, leaseExpiresAt: 0, ...more };
  };
  const server = await startTestServer((request: Received, response) => {
    const call = { operation: request.path.split("/").at(-1) ?? "", body: request.body as Call["body"] };
    calls.push(call);
    if (call.operation === state.silent) return;
    const value = valueOf(call);
    const hint = value === null ? { retryAfterMs: 50, control: { shouldStop: false, ...state.control } } : {};
    json(response, 200, { ok: true, value, ...more, ...hint });
  });
  cleanups.push(() => server.close());
  const settles = (): Call[] => calls.filter(({ operation }) => operation === "settle");
  return { calls, settles, state, url: `${server.baseUrl}/agent-factory` };
}
const envOf = (url: string, more: Record<string, string>) => ({
  BASE_INTERNAL_URL: url,
  AGENT_TOKEN: "agent-token-value",
  HEALTH_PORT: "0",
  POLL_INTERVAL_MS: "50",
  STATE_DIR: path.join(dir, "own"),
  ...more,
});
const app = { provider: "app", providerUserId: "u", messageText: "hello" };
const soon = { leaseExpiresAt: Date.now() + 600_000, heartbeatIntervalMs: 60_000 };

describe("a worker with a directory of its own", () => {
  it("killed with an answer that nobody had acknowledged says it at its next start, under its old name", async () => {
    const plane = await gateway([aJob("m1", { payload: app }, soon)]);
    plane.state.silent = "settle";
    const first = start([], envOf(plane.url, { ENGINE: "echo", WORKER_ID: "first" }));
    await until(() => plane.settles().length > 0);
    first.child.kill("SIGKILL");
    await first.exited;
    const [unheard] = plane.settles();

    plane.state.silent = "";
    plane.calls.length = 0;
    const second = start([], envOf(plane.url, { ENGINE: "echo", WORKER_ID: "second" }));
    await until(() => plane.calls.filter(({ operation }) => operation === "claim").length > 1);
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    const work = plane.calls.filter(({ operation }) => operation === "settle" || operation === "claim");
    expect(work[0]).toMatchObject({
      operation: "settle",
      body: { workerId: "first", messageId: "m1", leaseId: "lease-m1", reply: { text: "echo: hello" } },
    });
    expect(work[0]?.body["turns"]).toEqual(unheard?.body["turns"]);
    expect(plane.settles()).toHaveLength(1);
    expect(readFileSync(path.join(dir, "own", "answers.journal"), "utf8")).toMatch(/"kind":"settled"/);
    expect(readdirSync(path.join(dir, "own"))).not.toContain("lock");
  }, 60_000);
});

describe("the control plane", () => {
  /** What somebody who owned it might try, in every field that a worker of another design could obey. */
  const hostile = (marker: string) => {
    const shell = `touch ${marker}`;
    return {
      command: shell,
      exec: ["sh", "-c", shell],
      run: shell,
      script: shell,
      initScript: shell,
      INIT_SCRIPT: shell,
      ENGINE_COMMAND: `sh -c "${shell}"`,
      image: "evil:latest",
      upgrade: { image: "evil:latest", command: shell },
      env: { NODE_OPTIONS: `--require ${marker}`, ENGINE_COMMAND: shell },
      eval: `require("fs").writeFileSync(${JSON.stringify(marker)}, "")`,
      restart: true,
    };
  };

  it("names connections and probes, and can make a worker run nothing", async () => {
    const marker = path.join(dir, "ran");
    const shell = `touch ${marker}`;
    const text = `$(${shell}); \`${shell}\`; | ${shell} && ${shell}\n${shell}`;
    const payload = {
      ...app,
      messageText: text,
      metadata: { command: shell, "telegram; touch": shell, NODE_OPTIONS: `--require ${marker}` },
    };
    const job = aJob(
      "m1",
      { payload, connections: [{ name: "crm", kind: "salesforce" }] },
      { ...soon, agentKey: `$(${shell})` },
    );
    const plane = await gateway([job], hostile(marker));
    plane.state.control = {
      ...hostile(marker),
      probes: [
        { probeId: "p0", kind: "exec", target: shell, timeoutMs: 1_000 },
        { probeId: "p1", kind: "host", target: `127.0.0.1:80; ${shell}`, timeoutMs: 1_000 },
        { probeId: "p2", kind: "url", target: `file://${marker}`, timeoutMs: 1_000 },
        { probeId: "p3", kind: "gateway", target: null, timeoutMs: 1_000, command: shell },
        { probeId: "p4", kind: "host", target: plane.url.split("/")[2] ?? "", timeoutMs: 1_000 },
      ],
    };
    const store = { STATE_DIR: path.join(dir, "own") };
    const adding = start(["connections", "add", "crm"], store, "CRM_TOKEN=the-crm-secret\n");
    expect(await adding.exited).toBe(0);
    expect(adding.output.text).toBe("crm: CRM_TOKEN\n");

    const program = [
      process.execPath,
      "-e",
      "process.stdout.write(JSON.stringify([process.argv.slice(1), process.env]))",
    ];
    const worker = start(
      [],
      envOf(plane.url, { ENGINE: "command", ENGINE_COMMAND: JSON.stringify(program) }),
    );
    const probed = () => plane.calls.filter(({ operation }) => operation === "probe_report");
    await until(() => plane.settles().length > 0 && probed().length >= 4);
    worker.child.kill("SIGTERM");
    expect(await worker.exited).toBe(0);

    expect(existsSync(marker)).toBe(false);
    const { reply } = plane.settles()[0]?.body as { reply: { text: string } };
    const [argv, env] = JSON.parse(reply.text) as [string[], Record<string, string>];
    expect(argv).toEqual([]);
    expect(env["CRM_TOKEN"]).toBe("the-crm-secret");
    expect(
      Object.keys(env).filter((name) => /NODE_OPTIONS|ENGINE_COMMAND|AGENT_TOKEN|command/.test(name)),
    ).toEqual([]);
    const answers = probed().map(
      ({ body }) => body as { probeId: string; result: { ok: boolean; code: string } },
    );
    const codes = Object.fromEntries(answers.map(({ probeId, result }) => [probeId, result.code]));
    // p0 has a kind that this worker does not know; of p3's further field it knows nothing.
    expect(codes).toEqual({ p1: "invalid", p2: "invalid", p3: "not_configured", p4: "reached" });
    expect(worker.output.text).not.toContain("the-crm-secret");
    expect(worker.output.text).toContain("probe.notUnderstood");
  }, 60_000);

  it("finds three places in a worker that start a program, and no other code that could", () => {
    const root = fileURLToPath(new URL("../../worker/src/", import.meta.url));
    const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
    );
    const running = sources.filter((name) =>
      /child_process|node:vm|worker_threads|\beval\s*\(|new Function|\bimport\((?!["'])/.test(
        readFileSync(path.join(root, name), "utf8"),
      ),
    );
    // The engine's program, the gateway beside it and the start script: each is named by this process's environment alone.
    expect(running.sort()).toEqual([
      "engines/command/engine.ts",
      "engines/openclaw/gatewayProcess.ts",
      "init/initScript.ts",
    ]);
  });
});
