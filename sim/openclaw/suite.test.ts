import { EventEmitter } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isClean, runSuite, suiteMessages, type RunningWorker } from "../../e2e/openclaw/suite.js";
import type { Slot } from "../../e2e/openclaw/world.js";
import { readEnv } from "../../worker/src/env.js";
import { runWorker } from "../../worker/src/main.js";
import { startGatewayHost, type GatewayHost } from "./index.js";

let root: string;
let host: GatewayHost;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "openclaw-suite-"));
  host = await startGatewayHost();
});
afterEach(async () => {
  await host.close();
  await rm(root, { recursive: true, force: true });
});

/** The worker in this process, where starting it takes no time; its gateway is a process of its own. */
function launch(env: Record<string, string>, slot: Slot): RunningWorker {
  const read = readEnv(env, () => "w");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const process_ = Object.assign(new EventEmitter(), { env, exit: () => undefined });
  return {
    exited: runWorker(read.env, process_ as unknown as NodeJS.Process),
    stop: () => void process_.emit("SIGTERM", "SIGTERM"),
    tail: () => "",
    killGateway: () => void process.kill(host.pidOf(slot.port)!, "SIGKILL"),
  };
}

test("ten conversations on five workers, a tool, media, a kill, a restore, with the imitation", async () => {
  const result = await runSuite({
    gatewayCommand: host.command,
    launch,
    root,
    slots: 5,
    slowMs: 400,
    watchMs: 300,
    workerEnv: { POLL_INTERVAL_MS: "40", LOG_LEVEL: "silent" },
    log: () => undefined,
    signal: AbortSignal.timeout(55_000),
  });
  expect(result).toMatchObject({
    conversations: 10,
    answered: suiteMessages,
    twice: 0,
    resumedAfterKill: true,
    memoryRestored: true,
    toolCall: true,
    mediaReply: true,
  });
  expect(isClean(result, suiteMessages)).toBe(true);
}, 60_000);
