import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { faults, type FaultCode } from "../../worker/src/faults.js";
import { checkDataDir, checkProgram } from "../../worker/src/startChecks.js";
import { closedPort, json, startTestServer, type TestServer } from "./httpServer.js";
import { startInProcess, type InProcess } from "./inProcess.js";

const servers: TestServer[] = [];
let worker: InProcess | null = null;
let directory = "";
beforeEach(async () => void (directory = await mkdtemp(path.join(tmpdir(), "bad-"))));
afterEach(async () => {
  await worker?.stop();
  worker = null;
  for (const server of servers.splice(0)) await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function answering(answer: Parameters<typeof startTestServer>[0]): Promise<TestServer> {
  const server = await startTestServer(answer);
  servers.push(server);
  return server;
}
const idle = () => answering((_, response) => json(response, 200, { ok: true, value: null }));
const start = (baseUrl: string, more: Record<string, string> = {}): InProcess => {
  const settings = {
    BASE_INTERNAL_URL: `${baseUrl}/agent-factory`,
    AGENT_TOKEN: "t0ken-value",
    ENGINE: "echo",
  };
  return (worker = startInProcess({ ...settings, ...more }));
};
/** The worker ends by itself, with the fault's own message and exit code. */
async function expectFault(
  running: InProcess,
  code: FaultCode,
  exitCode: number,
  detail: string,
): Promise<void> {
  expect(await running.exited).toBe(exitCode);
  const line = running.line("worker.failed");
  expect(line).toMatchObject({ ...faults[code], level: "fatal", code, exitCode });
  expect(line?.["detail"]).toContain(detail);
  expect(JSON.stringify(running.lines)).not.toContain("t0ken-value");
}
const refusing = (code: string) =>
  answering((_, response) => json(response, 403, { ok: false, error: { code, message: "refused" } }));

describe("bad input ends the start with its own message and code", () => {
  it("a wrong URL: another server answers", async () => {
    const other = await answering((_, response) => void response.writeHead(404).end("<html>nothing</html>"));
    await expectFault(start(other.baseUrl), "url_wrong", 2, "HTTP 404");
    expect(other.received).toHaveLength(1);
  });

  it.each([
    ["worker_token_invalid", "token_refused"],
    ["worker_token_revoked", "token_revoked"],
    ["worker_token_expired", "token_expired"],
    ["worker_mismatch", "token_scope"],
    ["workspace_mismatch", "token_scope"],
  ] as const)("a token refused as %s: %s", async (refusal, fault) => {
    const server = await refusing(refusal);
    await expectFault(start(server.baseUrl), fault, 2, "refused");
    expect(server.received.map(({ path: called }) => called.split("/").at(-1))).toEqual(["hello"]);
  });

  it("a port in use", async () => {
    const taken = await idle();
    const port = new URL(taken.baseUrl).port;
    await expectFault(start(taken.baseUrl, { HEALTH_PORT: port }), "port_in_use", 1, "EADDRINUSE");
    expect(taken.received).toEqual([]);
  });

  it("an address that is not this machine's", async () => {
    const running = start((await idle()).baseUrl, { HEALTH_HOST: "192.0.2.1" });
    await expectFault(running, "port_unavailable", 2, "192.0.2.1");
  });

  it("a missing engine", async () => {
    const server = await idle();
    const settings = { ENGINE: "command", ENGINE_COMMAND: "no-such-program-here --answer" };
    await expectFault(start(server.baseUrl, settings), "engine_missing", 2, "no-such-program-here");
    expect(server.received).toEqual([]);
  });

  it("an engine that does not come up", async () => {
    const settings = {
      ENGINE: "openclaw",
      OPENCLAW_GATEWAY_TOKEN: "gateway-secret",
      OPENCLAW_GATEWAY_URL: (await closedPort()).replace("http", "ws"),
      OPENCLAW_GATEWAY_CONNECT_TIMEOUT_MS: "200",
    };
    await expectFault(start((await idle()).baseUrl, settings), "engine_not_ready", 1, "openclaw");
  });

  it("a failing INIT_SCRIPT, before any call", async () => {
    const server = await idle();
    const running = start(server.baseUrl, { INIT_SCRIPT: "echo looked at the disk; exit 3" });
    await expectFault(running, "init_script_failed", 1, "exit code 3\nlooked at the disk");
    expect(server.received).toEqual([]);
  });

  it("a data directory that cannot be used", async () => {
    const settings = {
      ENGINE: "command",
      ENGINE_COMMAND: "cat",
      COMMAND_STATEFUL: "true",
      DATA_DIR: "/dev/null/data",
    };
    await expectFault(start((await idle()).baseUrl, settings), "data_dir_unusable", 1, "/dev/null/data");
  });

  it("a full disk", async () => {
    const full = { freeBytes: () => Promise.resolve(4096) };
    await expect(checkDataDir(directory, full)).rejects.toMatchObject({ code: "disk_full", exitCode: 1 });
    const noRoom = () => Promise.reject(Object.assign(new Error("no room"), { code: "ENOSPC" }));
    await expect(checkDataDir(directory, { freeBytes: noRoom })).rejects.toMatchObject({ code: "disk_full" });
    await expect(checkDataDir(path.join(directory, "new"))).resolves.toBeUndefined();
  });

  it("a program is looked for as a shell would", async () => {
    await expect(checkProgram("sh", "/nowhere:/bin")).resolves.toBeUndefined();
    await expect(checkProgram("/bin/sh", undefined)).resolves.toBeUndefined();
    await expect(checkProgram("sh", "/nowhere")).rejects.toMatchObject({ code: "engine_missing" });
    const notExecutable = path.join(directory, "notes.txt");
    await writeFile(notExecutable, "text", { mode: 0o644 });
    for (const program of [notExecutable, directory])
      await expect(checkProgram(program, "")).rejects.toMatchObject({ code: "engine_missing" });
  });
});

describe("what may mend itself is waited for", () => {
  it("nobody answers: it keeps trying, /healthz says why, and a stop ends it with 0", async () => {
    const running = start(await closedPort());
    const line = await running.heard("worker.controlPlaneUnreachable");
    expect(line).toMatchObject({ code: "url_unreachable", message: faults.url_unreachable.message });
    expect(line["detail"]).toContain("ECONNREFUSED");
    const { status, body } = await running.health();
    expect(status).toBe(503);
    expect(body.problems).toContain("component: not connected yet (last error: network)");
    expect(await running.stop()).toBe(0);
  });

  it("a TLS fault has a message of its own", async () => {
    const plain = await idle();
    const running = start(plain.baseUrl.replace("http:", "https:"));
    expect(await running.heard("worker.controlPlaneUnreachable")).toMatchObject({ code: "tls_failed" });
  });

  it("a clock that is wrong by an hour: the worker works and says so", async () => {
    const server = await answering((_, response) => {
      const date = new Date(Date.now() + 3_600_000).toUTCString();
      json(response, 200, { ok: true, value: null }, { date });
    });
    const running = start(server.baseUrl);
    expect(await running.heard("worker.clockSkewed")).toMatchObject({
      code: "clock_skewed",
      level: "error",
      message: "This machine's clock is wrong",
      detail: expect.stringMatching(/^3(599|600) s behind the component's$/),
    });
    await running.heard("worker.connected");
    await expect.poll(async () => (await running.health()).status).toBe(200);
    expect((await running.health()).body.warnings[0]).toContain("clock_skewed");
    expect((await running.metrics()).text).toMatch(/clock_skew_seconds 3(599|600)/);
    expect(running.lines.filter(({ event }) => event === "worker.clockSkewed")).toHaveLength(1);
  });

  it("a component that knows no hello gets none, and its worker works", async () => {
    const server = await answering(({ path: called }, response) =>
      called.endsWith("/hello")
        ? json(response, 404, { ok: false, error: { code: "operation_unknown", message: "?" } })
        : json(response, 200, { ok: true, value: null }),
    );
    const running = start(server.baseUrl);
    await running.heard("worker.connected");
    expect(running.line("worker.authenticated")).toBeUndefined();
  });
});

describe("a good start", () => {
  it("has the two lines of the troubleshooting page in order, and is healthy only after the second", async () => {
    let let_in = false;
    const server = await answering(({ path: called }, response) => {
      if (called.endsWith("/claim") && !let_in) return void response.writeHead(503).end();
      json(response, 200, { ok: true, value: null });
    });
    const running = start(server.baseUrl);
    expect(await running.heard("worker.authenticated")).toMatchObject({
      detail: "control plane authenticated",
    });
    await expect.poll(async () => (await running.health()).status).toBe(503);
    let_in = true;
    expect(await running.heard("worker.connected")).toMatchObject({ detail: "worker connected" });
    await expect.poll(async () => (await running.health()).status).toBe(200);
    expect(server.received[0]?.body).toMatchObject({ workerId: "w-test", engine: "echo", mode: "agent" });
  });

  it("MODE=worker: saves and exits with 0 when no message came for its idle time", async () => {
    const server = await idle();
    const settings = { MODE: "worker", WORKER_ID: "afw-1", WORKER_IDLE_TIMEOUT_MS: "1000" };
    const running = start(server.baseUrl, settings);
    expect(await running.exited).toBe(0);
    expect(running.lines.find(({ state }) => state === "stopping")?.["reason"]).toBe(
      "no message for 1000 ms",
    );
  });
});
