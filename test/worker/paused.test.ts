/** A worker's process that is stopped (SIGSTOP, a laptop's sleep) between announcing a part and sending it, over real sockets. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { startPlatform, type Platform } from "../../sim/platform/index.js";
import { startTelegramServer, type TelegramServer } from "../../sim/telegram/index.js";

const bin = fileURLToPath(new URL("../../worker/src/bin.ts", import.meta.url));
const TOKEN = `77:${"p".repeat(35)}`;
const secretRef = "telegram.botToken.paused";
const CHAT = 4242;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

interface Stage {
  telegram: TelegramServer;
  lib: (name: string, args?: Parameters<Platform["run"]>[1]) => Promise<unknown>;
  siteUrl: string;
  token: string;
}
async function deployment(): Promise<Stage> {
  const telegram = await startTelegramServer({
    bots: [{ token: TOKEN, username: "paused_bot" }],
    rateLimits: false,
  });
  cleanups.push(() => telegram.close());
  telegram.addChat({ chatId: CHAT });
  const platform = await startPlatform({ crons: false });
  cleanups.push(() => platform.close());
  const lib: Stage["lib"] = (name, args = {}) =>
    platform.run(`lib:${name}`, args, { componentPath: "agentFactory" });
  const lease = { leaseMs: 2_000, heartbeatIntervalMs: 500, reapGridMs: 250, staleAfterMs: 75_000 };
  await lib("setPolicies", { policies: { lease } });
  await lib("configureAgent", { agentKey: "paused", version: "1", secretsRef: [secretRef], enabled: true });
  await lib("importSecret", { secretRef, plaintextValue: TOKEN });
  const { token } = (await lib("createAgentWorkerToken")) as { token: string };
  return { telegram, lib, siteUrl: platform.siteUrl, token };
}

const ask = ({ lib }: Stage, messageText: string): Promise<unknown> =>
  lib("enqueue", {
    conversationId: "c",
    agentKey: "paused",
    payload: { provider: "telegram", providerUserId: String(CHAT), messageText },
  });
const saidTo = ({ telegram }: Stage): string[] => telegram.outbox().map(({ text }) => text ?? "");

function startWorker({ telegram, token }: Stage, workerId: string, siteUrl: string): ChildProcess {
  const child = spawn(process.execPath, ["--import", "tsx", bin], {
    env: {
      PATH: process.env["PATH"],
      BASE_INTERNAL_URL: `${siteUrl}/agent-factory`,
      AGENT_TOKEN: token,
      WORKER_ID: workerId,
      ENGINE: "echo",
      TELEGRAM_API_BASE_URL: telegram.url,
      HEALTH_PORT: "0",
      POLL_INTERVAL_MS: "100",
    },
    stdio: "ignore",
  });
  cleanups.push(async () => {
    const exited = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await exited;
  });
  return child;
}

/** Passes every call on; the first announcement of a part reaches the deployment, and its answer is kept until `letGo`. */
async function relay(siteUrl: string, onAnnounced: () => void) {
  const settles: Record<string, unknown>[] = [];
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => void pass(Buffer.concat(chunks).toString("utf8")));
    const pass = async (body: string): Promise<void> => {
      const authorization = request.headers.authorization ?? "";
      const answer = await fetch(siteUrl + (request.url ?? ""), {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body,
      });
      const text = await answer.text();
      if ((request.url ?? "").endsWith("/settle")) {
        const said = JSON.parse(body) as Record<string, unknown>;
        settles.push(said);
        if (said["sendingPart"] !== undefined && settles.filter((one) => "sendingPart" in one).length === 1) {
          onAnnounced();
          await held;
        }
      }
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
    };
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, settles, letGo };
}

/** A worker that is stopped just after its announcement was recorded, and whose lease has run out since. */
async function stopped(stage: Stage) {
  const running: { child?: ChildProcess } = {};
  let asleep = false;
  const between = await relay(stage.siteUrl, () => {
    asleep = true;
    running.child?.kill("SIGSTOP");
  });
  const child = startWorker(stage, "sleeper", between.url);
  running.child = child;
  const messageId = await ask(stage, "one");
  await until(() => asleep);
  const over = async () =>
    ((await stage.lib("explainMessage", { messageId: String(messageId) })) as { state: string }).state ===
    "answered";
  await until(over);
  expect(saidTo(stage)).toEqual([]);
  return {
    messageId: String(messageId),
    settles: between.settles,
    wake() {
      between.letGo();
      child?.kill("SIGCONT");
    },
  };
}
const doubts = async ({ lib }: Stage) => (await lib("listAmbiguousReplies")) as unknown[];

it("sends nothing on waking, says that it had not, and the answer arrives once", async () => {
  const stage = await deployment();
  const sleeper = await stopped(stage);
  expect(await doubts(stage)).toHaveLength(1);
  sleeper.wake();
  await until(() => saidTo(stage).length > 0);
  await until(async () => {
    const { state } = (await stage.lib("explainMessage", { messageId: sleeper.messageId })) as {
      state: string;
    };
    return state === "answered";
  });
  expect(saidTo(stage)).toEqual(["echo: one"]);
  expect(await doubts(stage)).toEqual([]);
  const [announced, word] = sleeper.settles.filter((said) => "sendingPart" in said);
  expect([announced?.["sendingPart"], announced?.["outcome"]]).toEqual([0, undefined]);
  expect(word).toMatchObject({ sendingPart: 0, leaseId: announced?.["leaseId"], outcome: { kind: "fail" } });
}, 60_000);

it("sends nothing under its old lease when another worker has answered the next message meanwhile", async () => {
  const stage = await deployment();
  const sleeper = await stopped(stage);
  startWorker(stage, "other", stage.siteUrl);
  await ask(stage, "two");
  await until(() => saidTo(stage).length > 0);
  expect(saidTo(stage)).toEqual(["echo: two"]);
  sleeper.wake();
  await until(() => saidTo(stage).length > 1);
  const word = sleeper.settles.findIndex((said) => "sendingPart" in said && "outcome" in said);
  expect([saidTo(stage), word > 0, await doubts(stage)]).toEqual([["echo: two", "echo: one"], true, []]);
}, 60_000);
