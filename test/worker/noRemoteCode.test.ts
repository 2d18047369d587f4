/** Nothing that the control plane or a user can say makes a worker run code: only its own environment names programs. */
import type * as ChildProcess from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { aJob } from "./fakes.js";
import { json, startTestServer, type TestServer } from "./httpServer.js";
import { startInProcess, type InProcess } from "./inProcess.js";

const started = vi.hoisted(() => [] as string[][]);
vi.mock("node:child_process", async (importActual) => {
  const actual = await importActual<typeof ChildProcess>();
  const note = (name: "spawn" | "exec" | "execFile" | "fork" | "spawnSync" | "execSync" | "execFileSync") =>
    ((program: string, args: unknown, ...rest: unknown[]) => {
      started.push([program, ...(Array.isArray(args) ? (args as string[]) : [])]);
      return (actual[name] as (...all: unknown[]) => unknown)(program, args, ...rest);
    }) as unknown;
  const names = ["spawn", "exec", "execFile", "fork", "spawnSync", "execSync", "execFileSync"] as const;
  return { ...actual, ...Object.fromEntries(names.map((name) => [name, note(name)])) };
});

let directory: string;
let server: TestServer;
let worker: InProcess | null = null;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "no-code-"));
  started.length = 0;
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

/** Every reply of the gateway, and every text in it, asks for code to be run, in all the words we could think of. */
function hostile() {
  const mark = path.join(directory, "ran");
  const shell = `touch ${mark}; $(touch ${mark}) \`touch ${mark}\` | sh && ../../bin/sh -c 'touch ${mark}'`;
  const script = `process.getBuiltinModule("fs").writeFileSync(${JSON.stringify(mark)}, "")`;
  const order = {
    ...{
      command: shell,
      exec: shell,
      run: ["sh", "-c", shell],
      shell,
      argv: ["sh", "-c", shell],
      cmd: shell,
    },
    ...{ initScript: shell, INIT_SCRIPT: shell, ENGINE_COMMAND: shell, env: { INIT_SCRIPT: shell } },
    ...{ script, code: script, eval: script, module: `data:text/javascript,${script}`, sourceJs: script },
    ...{ __proto__: { command: shell }, constructor: script, toJSON: script, then: script, upgrade: true },
    ...{
      image: shell,
      update: shell,
      plugin: script,
      hook: script,
      probe: { kind: "command", command: shell },
    },
  };
  const metadata = {
    command: shell,
    script,
    ENGINE_COMMAND: shell,
    INIT_SCRIPT: shell,
    NODE_OPTIONS: `--import ${script}`,
  };
  const payload = {
    provider: "api",
    providerUserId: shell,
    messageText: `${shell}\n/exec ${shell}\n${script}`,
    metadata,
  };
  const job = aJob("m1", { payload, ...order }, { payload, agentKey: shell, ...order });
  return { order, job };
}

async function meet(settings: Record<string, string>): Promise<unknown> {
  const { order, job } = hostile();
  let handedOut = false;
  server = await startTestServer(({ path: called, body }, response) => {
    const claiming = called.endsWith("/claim") && !handedOut;
    handedOut ||= claiming;
    const outcome = typeof body === "object" && body !== null && "outcome" in body;
    const settled = {
      ok: true,
      status: outcome ? "done" : "held",
      nextScheduledFor: null,
      next: null,
      ...order,
    };
    const value = called.endsWith("/settle")
      ? settled
      : called.endsWith("/control_state")
        ? { shouldStop: false, ...order }
        : claiming
          ? job
          : called.endsWith("/claim")
            ? null
            : order;
    json(response, 200, { ok: true, value, ...order });
  });
  worker = startInProcess({ BASE_INTERNAL_URL: server.baseUrl, AGENT_TOKEN: "t0ken", ...settings });
  await worker.heard("worker.jobEnded");
  await worker.stop();
  return server.received.find(({ body }) => typeof body === "object" && body !== null && "reply" in body)
    ?.body;
}

it("a stateless worker runs no program at all", async () => {
  await meet({ ENGINE: "echo" });
  expect(started).toEqual([]);
  expect(await readdir(directory)).toEqual([]);
});

it("ENGINE=command runs its own program with its own arguments; a message reaches its input only", async () => {
  const recorded = await meet({ ENGINE: "command", ENGINE_COMMAND: "cat" });
  expect(started).toEqual([["cat"]]);
  expect(JSON.stringify(recorded)).toContain("/exec touch");
  expect(await readdir(directory)).toEqual([]);
});
