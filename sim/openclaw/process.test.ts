import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../worker/src/clock.js";
import { createEngine } from "../../worker/src/engines/chosen.js";
import type { Engine } from "../../worker/src/engine/engine.js";
import type { GatewayProcessConfig } from "../../worker/src/engines/openclaw/config.js";
import { createOpenClawEngine, type OpenClawTiming } from "../../worker/src/engines/openclaw/engine.js";
import { readEnv } from "../../worker/src/env.js";
import { startModelServer, type ModelServer } from "../model/index.js";
import { startGatewayHost, type GatewayHost } from "./index.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const timing: Partial<OpenClawTiming> = {
  ownReconnectMs: 20,
  restartMinMs: 10,
  resumeGraceMs: 2_000,
  pollMs: 20,
};

let root: string;
let host: GatewayHost;
let model: ModelServer;
let port: number;
let engine: Engine | undefined;
const log: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "gateway-process-"));
  host = await startGatewayHost();
  model = await startModelServer();
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  ({ port } = free.address() as AddressInfo);
  free.close();
  await writeFile(
    path.join(root, "openclaw.json"),
    JSON.stringify({
      gateway: { port, auth: { token: "secret" } },
      agents: { defaults: { workspace: root, model: { primary: "local/sim-1" } } },
      models: { providers: { local: { baseUrl: model.baseUrl, apiKey: "k" } } },
    }),
  );
});
afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  await host.close();
  await model.close();
  await rm(root, { recursive: true, force: true });
  log.length = 0;
});

const environment = () => ({
  PATH: process.env["PATH"] ?? "",
  OPENCLAW_CONFIG_PATH: path.join(root, "openclaw.json"),
  OPENCLAW_STATE_DIR: path.join(root, "state"),
});

async function started(
  argv: [string, ...string[]] = host.command,
  gateway: Partial<GatewayProcessConfig> = {},
): Promise<Engine> {
  const note = (fields: object, message: string) => void log.push(message + JSON.stringify(fields));
  engine = createOpenClawEngine(
    {
      url: `ws://127.0.0.1:${port}`,
      token: "secret",
      timeoutMs: 20_000,
      connectTimeoutMs: 20_000,
      gateway: { argv, env: environment(), ...gateway },
    },
    { timing, log: { info: note, warn: note } },
  );
  await engine.start();
  return engine;
}

const ask = (to: Engine, messageId: string, text: string) =>
  to.run({
    messageId,
    attempt: 1,
    conversationId: "c1",
    agentKey: "default",
    text,
    history: [],
    metadata: {},
    signal: AbortSignal.timeout(20_000),
  });
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("a gateway run by the worker", () => {
  test("is started, answers, and is gone after stop", async () => {
    const running = await started();
    expect(await ask(running, "m1", "hello")).toEqual({ text: "answer to: hello" });
    const pid = host.pidOf(port)!;
    await running.stop();
    expect(alive(pid)).toBe(false);
  });

  test("waits for the first run when the memory is not known before", async () => {
    const running = await started(host.command, { atFirstRun: true });
    expect(running.ready()).toBe(true);
    expect(log.join()).not.toContain("gateway started");
    expect(await ask(running, "m1", "hello")).toEqual({ text: "answer to: hello" });
    expect(running.ready()).toBe(true);
    await running.quiesce?.();
    await running.resume?.();
    expect(running.ready()).toBe(false);
    await expect.poll(() => running.ready(), { timeout: 5_000 }).toBe(true);
  });

  test("killed mid-run it is started again, and the turn has one model call that was answered", async () => {
    model.setRules([{ lastUser: "slow", answer: "slowly", firstTokenMs: 300 }]);
    const running = await started();
    const answer = ask(running, "m1", "slow");
    await model.waitForRequests(1);
    process.kill(host.pidOf(port)!, "SIGKILL");
    expect(await answer).toEqual({ text: "slowly" });
    expect(model.requests().map(({ outcome }) => outcome)).toEqual(["aborted", "answered"]);
    expect(log.join()).toContain("openclaw gateway ended by itself");
  });

  test("rests between quiesce and resume, and remembers", async () => {
    const running = await started();
    await ask(running, "m1", "hello");
    const pid = host.pidOf(port)!;
    await running.quiesce?.();
    expect(alive(pid)).toBe(false);
    await expect.poll(() => running.ready()).toBe(false);
    expect(await readFile(path.join(root, "state", "sessions.json"), "utf8")).toContain("answer to: hello");
    await running.resume?.();
    await ask(running, "m2", "again");
    expect(
      model
        .requests()
        .at(-1)
        ?.messages.map(({ text }) => text),
    ).toContain("answer to: hello");
    expect(host.pidOf(port)).not.toBe(pid);
  });

  test("with a configuration that it cannot start with, the worker does not wait for it", async () => {
    const broken = [
      "node",
      "-e",
      "console.error('Unrecognized key: x of secret'); process.exit(78)",
    ] as const;
    const error: unknown = await started([...broken]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "refused", message: expect.stringContaining("Unrecognized key: x") });
    expect(String(error)).not.toContain("secret");
    expect(log.filter((line) => line.includes("gateway started"))).toHaveLength(1);
  });

  test("does not learn what the worker is known by", async () => {
    const file = path.join(root, "seen.json");
    const show = `require("fs").writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.env)); process.exit(78)`;
    const given = {
      PATH: process.env["PATH"],
      BASE_INTERNAL_URL: "http://127.0.0.1:9/agent-factory",
      AGENT_TOKEN: "worker-token",
      ENGINE: "openclaw",
      OPENCLAW_GATEWAY_TOKEN: "secret",
      OPENCLAW_GATEWAY_COMMAND: JSON.stringify([process.execPath, "-e", show]),
      OPENCLAW_CONVERSATION_ID: "c1",
      MOONSHOT_API_KEY: "model-key",
    };
    const read = readEnv(given, () => "w");
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const silent = { info: () => undefined, warn: () => undefined };
    engine = createEngine(read.env, { clock: systemClock, log: silent, processEnv: given });
    await expect(engine.start()).rejects.toMatchObject({ kind: "refused" });
    const seen = await readFile(file, "utf8");
    expect(seen).toContain("model-key");
    expect(seen).not.toContain("worker-token");
  });

  test("dies with a worker that is killed", async () => {
    const engineModule = path.join(repository, "worker/src/engines/openclaw/engine.ts");
    const script = `
      import { createOpenClawEngine } from ${JSON.stringify(engineModule)};
      const gateway = { argv: ${JSON.stringify(host.command)}, env: ${JSON.stringify(environment())} };
      await createOpenClawEngine({ url: "ws://127.0.0.1:${port}", token: "secret", timeoutMs: 20000, connectTimeoutMs: 20000, gateway }).start();
      console.log("up");
      setInterval(() => undefined, 1000);`;
    const file = path.join(root, "worker.mts");
    await writeFile(file, script);
    const worker = spawn(process.execPath, ["--import", "tsx", file], { cwd: repository });
    await once(worker.stdout, "data");
    const pid = host.pidOf(port)!;
    expect(alive(pid)).toBe(true);
    worker.kill("SIGKILL");
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
  });
});
