import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { aJob } from "../../test/worker/fakes.js";
import { json, startTestServer, type TestServer } from "../../test/worker/httpServer.js";

const bin = fileURLToPath(new URL("./bin.ts", import.meta.url));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

function start(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ["--import", "tsx", bin, ...args], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  cleanups.push(() => child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exited = once(child, "close").then(([code]) => code as number | null);
  return { child, output, exited };
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("the command", () => {
  it("exits with 2 and every problem, before anything is started", async () => {
    const { exited, output } = start([], { ENGINE: "openai", HEALTH_PORT: "x" });
    expect(await exited).toBe(2);
    for (const name of ["BASE_INTERNAL_URL", "AGENT_TOKEN", "HEALTH_PORT", "OPENAI_API_KEY", "MODEL"])
      expect(output.stderr).toContain(name);
    expect(output.stdout).toBe("");
  });

  it("answers a message end to end, is healthy meanwhile, and drains on SIGTERM", async () => {
    let handedOut = false;
    const gateway: TestServer = await startTestServer(({ path, body }, response) => {
      const claiming = path.endsWith("/claim") && !handedOut;
      handedOut ||= claiming;
      const outcome = typeof body === "object" && body !== null && "outcome" in body;
      const settled = { ok: true, status: outcome ? "done" : "held", nextScheduledFor: null, next: null };
      const value = path.endsWith("/settle")
        ? settled
        : claiming
          ? aJob("m1", { telegramBotToken: "123456:bot-secret" })
          : null;
      json(response, 200, { ok: true, value });
    });
    const telegram = await startTestServer((_, response) => json(response, 200, { ok: true, result: {} }));
    cleanups.push(gateway.close, telegram.close);
    const { child, exited, output } = start([], {
      BASE_INTERNAL_URL: `${gateway.baseUrl}/agent-factory`,
      AGENT_TOKEN: "agent-token-value",
      WORKER_ID: "w1",
      ENGINE: "echo",
      HEALTH_PORT: "0",
      POLL_INTERVAL_MS: "50",
      TELEGRAM_API_BASE_URL: telegram.baseUrl,
    });
    await until(() => output.stdout.includes("worker.jobEnded"));
    const sent = telegram.received.filter(({ path }) => path.endsWith("/sendMessage"));
    expect(sent.map(({ body }) => body)).toEqual([{ chat_id: "77", text: "echo: question m1" }]);
    const port = /"healthPort":(\d+)/.exec(output.stdout)?.[1] ?? "";
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    expect(output.stdout + output.stderr).not.toMatch(/agent-token-value|bot-secret/);
    expect(output.stderr).toBe("");
  });
});
