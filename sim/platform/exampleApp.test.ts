import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));

it("the command line serves the example app with its component, its crons and its routes, and ends on SIGINT", async () => {
  const running = spawn(process.execPath, ["--import", "tsx", MAIN, "--port", "0", "--site-port", "0"], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = running;
  let stdout = "";
  let stderr = "";
  running.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  running.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  await expect.poll(() => `${stdout}${stderr}`, { timeout: 15_000 }).toMatch(/CONVEX_ADMIN_KEY=\S+\n/);
  const valueOf = (name: string) => new RegExp(`^${name}=(\\S+)$`, "m").exec(stdout)?.[1] ?? "";

  const stats = await fetch(`${valueOf("CONVEX_URL")}/api/function`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Convex ${valueOf("CONVEX_ADMIN_KEY")}` },
    body: JSON.stringify({ path: "operator:queueStats", args: {}, format: "json" }),
  });
  expect(await stats.json()).toMatchObject({ status: "success", value: { queuedReady: 0, processing: 0 } });
  const crons = await fetch(`${valueOf("CONVEX_URL")}/__sim/crons`);
  expect(await crons.text()).toContain('"componentPath":"agentFactory"');
  const webhook = await fetch(`${valueOf("CONVEX_SITE_URL")}/agent-factory/telegram/webhook`, {
    method: "POST",
    body: "{}",
  });
  expect(webhook.status).toBeGreaterThanOrEqual(400);
  expect(webhook.status).toBeLessThan(500);

  running.kill("SIGINT");
  await once(running, "exit");
  expect(running.exitCode).toBe(0);
}, 30_000);
