import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aJob } from "../../../test/worker/fakes.js";
import { readEnv } from "../env.js";
import { runWorker } from "../main.js";
import { MemoryServer } from "../../../test/worker/memoryServer.js";

const bin = fileURLToPath(new URL("../bin.ts", import.meta.url));
/** Answers with what it remembers, then remembers the question as well. */
const script = `cat > /dev/null; cat "$DATA_DIR/facts" 2>/dev/null || echo nothing; echo "$AGENT_FACTORY_MESSAGE_ID" >> "$DATA_DIR/facts"`;

let base: string;
let server: MemoryServer;
const running: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "process-"));
  await writeFile(path.join(base, "agent.sh"), script);
  server = await new MemoryServer().listen();
});
afterEach(async () => {
  for (const end of running.splice(0)) await end();
  await server.close();
  await rm(base, { recursive: true, force: true });
});

const ask = (id: string, conversationId: string): void => {
  const payload = { provider: "api", providerUserId: "u", messageText: `question ${id}` };
  server.jobs.push(aJob(id, { payload, conversationId }, { payload, conversationId }));
};
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
const settings = (disk: string, more: Record<string, string>) => ({
  PATH: process.env["PATH"],
  BASE_INTERNAL_URL: server.origin,
  AGENT_TOKEN: "agent-token-value",
  WORKER_ID: `w-${disk}`,
  ENGINE: "command",
  ENGINE_COMMAND: `sh ${path.join(base, "agent.sh")}`,
  COMMAND_STATEFUL: "true",
  DATA_DIR: path.join(base, disk),
  HEALTH_PORT: "0",
  POLL_INTERVAL_MS: "20",
  ...more,
});
/** A process of its own, which can be killed. */
function spawned(disk: string) {
  const child = spawn(process.execPath, ["--import", "tsx", bin], {
    env: settings(disk, {}),
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(async () => void child.kill("SIGKILL"));
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  return { child, output, exited: once(child, "close").then(([code]) => code as number | null) };
}
/** The same worker in this process, where starting it takes no time. */
function started(disk: string, more: Record<string, string> = {}) {
  const read = readEnv(settings(disk, { LOG_LEVEL: "silent", ...more }), () => "w");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const host = Object.assign(new EventEmitter(), { env: process.env, exit: () => undefined });
  const exited = runWorker(read.env, host as unknown as NodeJS.Process);
  const stop = (): Promise<number> => {
    host.emit("SIGTERM", "SIGTERM");
    return exited;
  };
  let ended = false;
  void exited.then(() => (ended = true));
  running.push(() => (ended ? Promise.resolve() : stop()));
  return { exited, stop };
}

describe("a worker process with memory", () => {
  it("finishes the message, saves, exits with 0, and another process on an empty disk remembers", async () => {
    ask("m1", "c1");
    const first = spawned("one");
    await until(() => server.answers.length === 1);
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(server.calls.slice(-4)).toEqual([
      "snapshot_prepare",
      "snapshot_finalize",
      "release_conversation",
      "hello",
    ]);
    expect(server.rows).toMatchObject([{ status: "ready", reason: "signal" }]);

    server.binding = { conversationId: "c1", generation: 2 };
    ask("m2", "c1");
    const second = started("two", { OPENCLAW_CONVERSATION_ID: "c1" });
    await until(() => server.answers.length === 2);
    expect(server.answers).toEqual(["nothing", "m1"]);
    expect(
      server.calls.indexOf("snapshot_restore", server.calls.indexOf("snapshot_finalize")),
    ).toBeGreaterThan(0);
    expect(await second.stop()).toBe(0);
    expect(first.output.text).not.toMatch(/agent-token-value|secret-upload-token|\/file\//);
  });

  it("saves before the next message once a snapshot is due, so that a kill loses little", async () => {
    server.policy.everyTurns = 2;
    for (const id of ["m1", "m2", "m3"]) ask(id, "c1");
    const first = spawned("one");
    await until(() => server.answers.length === 3);
    first.child.kill("SIGKILL");
    await first.exited;
    expect(server.rows).toMatchObject([{ reason: "periodic", status: "ready" }]);
    const order = server.calls.filter((call) => /claim|finalize/.test(call));
    expect(order.indexOf("snapshot_finalize")).toBeLessThan(order.lastIndexOf("claim"));

    server.binding = { conversationId: "c1", generation: 2 };
    ask("m4", "c1");
    started("two");
    await until(() => server.answers.length === 4);
    expect(server.answers.at(-1)).toBe("m1\nm2");
  });

  it("exits with 1 when its memory could not be saved, and keeps it on its disk", async () => {
    ask("m1", "c1");
    const first = started("one");
    await until(() => server.answers.length === 1);
    server.uploadFaults = [400];
    expect(await first.stop()).toBe(1);
    ask("m2", "c1");
    started("one");
    await until(() => server.answers.length === 2);
    expect(server.answers.at(-1)).toBe("m1");
  });

  it("with a damaged archive fails the message with the reason and goes on", async () => {
    server.addSnapshot("c1", 1, Buffer.from("not a tar"));
    ask("m1", "c1");
    started("one");
    await until(() => server.failures.length === 1);
    expect(server.failures[0]).toMatch(/^memory: the archive is damaged/);
    expect(server.answers).toEqual([]);
    server.rows.length = 0;
    ask("m2", "c1");
    await until(() => server.answers.length === 1);
    expect(server.answers).toEqual(["nothing"]);
    expect((await readdir(path.join(base, "one"))).sort()).toEqual([".agent-factory", "facts"]);
  });

  it("does not start where its data directory cannot be made", async () => {
    await writeFile(path.join(base, "file"), "");
    expect(await started("file").exited).toBe(1);
    expect(server.calls).toEqual([]);
  });
});
