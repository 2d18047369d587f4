/** Two real processes under one WORKER_ID and token, at a real gateway: one is served, the other says why it waits and takes over. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { WorkerProcess } from "../../conformance/workerProcess.js";
import { openDeployment, type Deployment } from "../../sim/deployment/index.js";

const BIN = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));
let deployment: Deployment;
const started: WorkerProcess[] = [];
beforeAll(async () => {
  const { signal } = new AbortController();
  deployment = await openDeployment({
    target: null,
    tell: () => undefined,
    signal,
    platform: { crons: false },
  });
  await deployment.lib("configureAgent", { agentKey: "a", version: "1", secretsRef: [], enabled: true });
}, 60_000);
afterAll(async () => {
  await Promise.all(started.map((worker) => worker.kill()));
  await deployment.close();
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (
    const end = Date.now() + 60_000;
    Date.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 100))
  )
    if (await holds()) return;
  throw new Error(`not within a minute: ${what}\n${started.map(({ output }) => output).join("\n---\n")}`);
}
const zItems = z.array(z.object({ status: z.string() }));
async function ask(conversationId: string): Promise<void> {
  const payload = { provider: "app", providerUserId: "u", messageText: "hello" };
  await deployment.lib("enqueue", { conversationId, agentKey: "a", payload });
  await until(`an answer in ${conversationId}`, async () => {
    const items = zItems.parse(await deployment.lib("listQueueItemsForConversation", { conversationId }));
    return items.every(({ status }) => status === "done");
  });
}

it("the first goes on, the second names the fault and its fix and is given nothing, and takes over when the first ends", async () => {
  const minted = await deployment.lib("createAgentWorkerToken", { workerId: "w1" });
  const { token } = z.object({ token: z.string() }).parse(minted);
  const start = (): WorkerProcess => {
    const worker = new WorkerProcess([process.execPath, "--import", "tsx", BIN], {
      PATH: process.env.PATH,
      BASE_INTERNAL_URL: `${deployment.siteUrl}/agent-factory`,
      AGENT_TOKEN: token,
      WORKER_ID: "w1",
      ENGINE: "echo",
      HEALTH_PORT: "0",
      POLL_INTERVAL_MS: "200",
    });
    started.push(worker);
    return worker;
  };
  const first = start();
  await until("the first serves", () => first.output.includes("worker.authenticated"));
  await ask("c1");
  const second = start();
  await until("the second is refused", () => second.output.includes("worker_id_in_use"));
  expect(second.output).toContain("Another process uses this WORKER_ID");
  expect(second.output).toContain("Give every replica a WORKER_ID of its own");
  await ask("c2");
  expect([first.running, second.running]).toEqual([true, true]);
  expect(first.output).not.toContain("worker_id_in_use");
  expect(first.output).toContain("worker.jobEnded");
  expect(second.output).not.toContain("worker.jobStarted");
  first.terminate();
  await first.ended;
  expect(first.exitCode).toBe(0);
  await ask("c3");
  second.terminate();
  await second.ended;
  expect(second.exitCode).toBe(0);
}, 240_000);
