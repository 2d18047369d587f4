/** Files, albums, groups and topics from end to end: Telegram, the webhook over HTTP, the component, a real worker, and back. */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { startPlatform, type Platform } from "../../sim/platform/index.js";
import { startTelegramServer, type TelegramServer } from "../../sim/telegram/index.js";
import { readEnv } from "../../worker/src/env.js";
import { runWorker } from "../../worker/src/main.js";

const TOKEN = `77:${"f".repeat(35)}`;
const secretRef = "telegram.botToken.files";
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
/** Says what it was given, with the content of each file, and answers "draw" with a picture and a text file. */
const AGENT = `
const fs = require("node:fs");
const prompt = fs.readFileSync(0, "utf8");
const last = prompt.slice(prompt.lastIndexOf("user: ") + 1).replace(/^ser: /, "");
const said = last.split("\\n")[0];
const files = [...last.matchAll(/^- (\\w+) (.+?)(?: \\(.*\\))?: (\\/.+)$/gm)];
const missing = [...last.matchAll(/^- .*not available: (.*)$/gm)].map((m) => "[" + m[1].slice(0, 8) + "]");
const contents = files.map(([, kind, , file]) => kind + "=" + fs.readFileSync(file, "utf8"));
if (said.includes("draw")) {
  fs.writeFileSync(process.env.OUT_DIR + "/a.png", Buffer.from("${PNG.toString("hex")}", "hex"));
  fs.writeFileSync(process.env.OUT_DIR + "/b.jpg", "no picture at all");
  fs.writeFileSync(process.env.OUT_DIR + "/c.txt", "notes");
}
console.log([said, ...contents, ...missing].join(" | "));
`;

let platform: Platform;
let telegram: TelegramServer;
let dir: string;
let stopWorker: () => Promise<unknown>;
const lib = (name: string, args: Parameters<Platform["run"]>[1] = {}) =>
  platform.run(`lib:${name}`, args, { componentPath: "agentFactory" });

beforeAll(async () => {
  telegram = await startTelegramServer({
    bots: [{ token: TOKEN, username: "files_bot" }],
    allowHttpWebhooks: true,
    rateLimits: false,
    timeScale: 0.01,
    deliveryFaults: { duplicate: { probability: 0.3 } },
  });
  platform = await startPlatform({
    env: {
      AGENT_FACTORY_MASTER_KEY: randomBytes(32).toString("base64"),
      TELEGRAM_API_BASE_URL: telegram.url,
    },
    crons: false,
  });
  await lib("configureAgent", { agentKey: "files", version: "1", secretsRef: [secretRef], enabled: true });
  await lib("importSecret", { secretRef, plaintextValue: TOKEN });
  await lib("configureTelegramWebhook", { convexSiteUrl: platform.siteUrl, secretRef });
  const { token } = (await lib("createAgentWorkerToken")) as { token: string };
  dir = await mkdtemp(path.join(tmpdir(), "files-agent-"));
  await writeFile(path.join(dir, "agent.cjs"), AGENT);
  const read = readEnv(
    {
      BASE_INTERNAL_URL: `${platform.siteUrl}/agent-factory`,
      AGENT_TOKEN: token,
      ENGINE: "command",
      ENGINE_COMMAND: JSON.stringify([process.execPath, path.join(dir, "agent.cjs")]),
      TELEGRAM_API_BASE_URL: telegram.url,
      HEALTH_PORT: "0",
      POLL_INTERVAL_MS: "50",
      LOG_LEVEL: "silent",
    },
    () => "w-files",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const host = Object.assign(new EventEmitter(), { env: { PATH: process.env.PATH }, exit: () => undefined });
  const exited = runWorker(read.env, host as unknown as NodeJS.Process);
  stopWorker = () => {
    host.emit("SIGTERM", "SIGTERM");
    return exited;
  };
}, 60_000);
afterAll(async () => {
  expect(await stopWorker()).toBe(0);
  await platform.close();
  await telegram.close();
  await rm(dir, { recursive: true, force: true });
});

// Seconds on an idle machine; these are real processes and sockets.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const WAIT = { timeout: 30_000 };

const bytes = (text: string) => new TextEncoder().encode(text);
let seen = 0;
beforeEach(() => {
  seen = telegram.outbox().length;
});
afterEach(async () => {
  await vi.waitFor(() => expect(telegram.pendingUpdates()).toBe(0), WAIT);
});
/** What the bot sent in this test, once there are `count` messages and nothing follows. */
async function sent(count: number) {
  const outbox = await telegram.waitForOutbox((all) => all.length >= seen + count, WAIT.timeout);
  return outbox.slice(seen);
}

it("a document reaches the engine, and one that is too large is named", async () => {
  telegram.userSendsFile({
    chatId: 1,
    kind: "document",
    bytes: bytes("hello"),
    fileName: "a.txt",
    caption: "read",
  });
  const declaredSize = 21 * 1024 * 1024;
  telegram.userSendsFile({ chatId: 1, kind: "video", bytes: bytes("x"), declaredSize, caption: "watch" });
  telegram.userSends({ chatId: 1, text: "after" });
  const messages = await sent(3);
  expect(messages.map(({ text }) => text)).toEqual(["read | document=hello", "watch | [The file]", "after"]);
});

it("an album is one message, answered once, in order", async () => {
  const part = { chatId: 2, kind: "photo" as const, mediaGroupId: "album" };
  telegram.userSendsFile({ ...part, bytes: bytes("one"), caption: "three pictures" });
  telegram.userSendsFile({ ...part, bytes: bytes("two") });
  telegram.userSendsFile({ ...part, bytes: bytes("three") });
  telegram.userSends({ chatId: 2, text: "after" });
  const messages = await sent(2);
  expect(messages.map(({ text }) => text)).toEqual([
    "three pictures | photo=one | photo=two | photo=three",
    "after",
  ]);
});

it("an answer carries files: as a photo, as a document where it is none, after the text", async () => {
  telegram.userSends({ chatId: 3, text: "draw" });
  const messages = await sent(4);
  expect(messages.map(({ text, file }) => file?.fileName ?? text)).toEqual([
    "draw",
    "a.png",
    "b.jpg",
    "c.txt",
  ]);
  expect(messages.map(({ file }) => file?.kind)).toEqual([undefined, "photo", "document", "document"]);
  expect(Buffer.from(messages[1]?.file?.bytes ?? []).equals(PNG)).toBe(true);
});

it("a topic of a group is answered there, to the message, when the bot is spoken to", async () => {
  telegram.addChat({ chatId: -1001, type: "supergroup", threads: [7] });
  const said = { chatId: -1001, fromId: 5, messageThreadId: 7 };
  telegram.userSends({ ...said, text: "among ourselves" });
  telegram.userSends({ ...said, text: "@files_bot what is up" });
  const [message] = await sent(1);
  expect(message).toMatchObject({
    chatId: -1001,
    messageThreadId: 7,
    replyToMessageId: 2,
    text: "@files_bot what is up",
  });
  expect(telegram.outbox()).toHaveLength(seen + 1);
});

it("a group that moves while its answer is written gets it in its new place", async () => {
  telegram.addChat({ chatId: -55, type: "group" });
  telegram.userSends({ chatId: -55, fromId: 5, text: "/first" });
  await sent(1);
  const newId = telegram.migrateChat(-55);
  await vi.waitFor(() => expect(telegram.pendingUpdates()).toBe(0), WAIT);
  telegram.userSends({ chatId: newId, fromId: 5, text: "/second" });
  const messages = await sent(2);
  expect(messages.map(({ chatId, text }) => [chatId, text])).toEqual([
    [-55, "/first"],
    [newId, "/second"],
  ]);
  const items = (await lib("listQueueItemsForConversation", { conversationId: "telegram:-55" })) as unknown[];
  expect(items).toHaveLength(2);
});

it("a blocked chat and a revoked token end messages for good, with the reason", async () => {
  telegram.userSends({ chatId: 4, text: "hi" });
  await sent(1);
  telegram.userBlocks({ chatId: 4 });
  await vi.waitFor(() => expect(telegram.pendingUpdates()).toBe(0), WAIT);
  const push = {
    provider: "telegram",
    providerUserId: "4",
    messageText: "news",
    metadata: { telegramChatId: "4" },
  };
  await lib("enqueue", { conversationId: "telegram:4", agentKey: "files", payload: push });
  const deadLetters = async () =>
    ((await lib("listDeadLetters")) as { attempts: number; lastError: string }[]).map(
      ({ attempts, lastError }) => [attempts, lastError],
    );
  await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(1), WAIT);
  expect(await deadLetters()).toEqual([[1, "telegram: the chat has blocked the bot"]]);

  telegram.revokeToken(77);
  await lib("enqueue", {
    conversationId: "telegram:1",
    agentKey: "files",
    payload: { ...push, providerUserId: "1", metadata: { telegramChatId: "1" } },
  });
  await vi.waitFor(async () => expect(await deadLetters()).toHaveLength(2), WAIT);
  expect(await deadLetters()).toContainEqual([
    1,
    expect.stringMatching(/^telegram 401: Unauthorized.*revoked/),
  ]);
});
