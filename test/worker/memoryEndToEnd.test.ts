/** The worker's memory against the component itself: gateway, file storage and database of the local platform. */
import { EventEmitter } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomBytes } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { startPlatform, type Platform } from "../../sim/platform/index.js";
import { readEnv } from "../../worker/src/env.js";
import { runWorker } from "../../worker/src/main.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const lib = (platform: Platform, name: string, args: Parameters<Platform["run"]>[1]) =>
  platform.run(`lib:${name}`, args, { componentPath: "agentFactory" });

it("a fact that lives only on the disk of one worker is known to the next, on another disk", async () => {
  const base = await mkdtemp(path.join(tmpdir(), "memory-e2e-"));
  cleanups.push(() => rm(base, { recursive: true, force: true }));
  const platform = await startPlatform({
    env: { AGENT_FACTORY_MASTER_KEY: randomBytes(32).toString("base64") },
  });
  cleanups.push(() => platform.close());
  const agent = path.join(base, "agent.sh");
  await writeFile(
    agent,
    'cat > /dev/null; cat "$DATA_DIR/facts" || echo nothing; echo seen >> "$DATA_DIR/facts"',
  );
  await lib(platform, "configureAgent", { agentKey: "default", version: "1", secretsRef: [], enabled: true });

  const start = async (workerId: string, bound: boolean) => {
    const scope: Record<string, string> = bound ? { workerId } : {};
    const { token } = (await lib(platform, "createAgentWorkerToken", scope)) as { token: string };
    const env = readEnv(
      {
        BASE_INTERNAL_URL: `${platform.siteUrl}/agent-factory`,
        AGENT_TOKEN: token,
        WORKER_ID: workerId,
        ENGINE: "command",
        ENGINE_COMMAND: `sh ${agent}`,
        COMMAND_STATEFUL: "true",
        DATA_DIR: path.join(base, workerId),
        HEALTH_PORT: "0",
        POLL_INTERVAL_MS: "30",
        LOG_LEVEL: "silent",
      },
      () => workerId,
    );
    if (!env.ok) throw new Error(JSON.stringify(env.problems));
    const host = Object.assign(new EventEmitter(), { env: process.env, exit: () => undefined });
    const exited = runWorker(env.env, host as unknown as NodeJS.Process);
    return () => {
      host.emit("SIGTERM", "SIGTERM");
      return exited;
    };
  };
  const statuses = async (): Promise<string[]> => {
    const rows = await lib(platform, "listQueueItemsForConversation", { conversationId: "c1" });
    return (rows as { status: string }[]).map(({ status }) => status);
  };
  const ask = (text: string) =>
    lib(platform, "enqueue", {
      conversationId: "c1",
      agentKey: "default",
      payload: { provider: "api", providerUserId: "u", messageText: text },
    });
  const done = (count: number) =>
    expect
      .poll(async () => (await statuses()).filter((status) => status === "done").length, { timeout: 10_000 })
      .toBe(count);

  // The second time with a token that is bound to no worker: it proves itself by its lease.
  for (const [index, bound] of [true, false].entries()) {
    await ask(`question ${index}`);
    const stop = await start(`w${index}`, bound);
    await done(index + 1);
    expect(await stop()).toBe(0);
  }
  const snapshots = (await lib(platform, "listSnapshotsForConversation", { conversationId: "c1" })) as {
    status: string;
  }[];
  expect(snapshots.map(({ status }) => status)).toEqual(["ready", "ready"]);
  await ask("what do you know?");
  const stop = await start("w2", true);
  await done(3);
  expect(await stop()).toBe(0);
  expect(await readFile(path.join(base, "w2", "facts"), "utf8")).toBe("seen\nseen\nseen\n");
}, 30_000);
