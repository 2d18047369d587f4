/** A Fly server with processes, as the tests of this folder use it. */
import { spawnSync } from "node:child_process";
import { ProcessLauncher } from "./processLauncher.js";
import { startFlyServer } from "./server.js";
import type { FlyServer, FlyServerOptions } from "./types.js";

const node = (script: string) => ({ file: process.execPath, args: ["-e", script] });
/** Stays until a signal ends it. */
const STAY = "setInterval(() => {}, 1000);";

const IMAGES = {
  /** Prints its environment and waits. */
  waits: node(`console.log(JSON.stringify(process.env)); ${STAY}`),
  /** Ends cleanly on SIGTERM, a little later. */
  polite: node(
    `process.on("SIGTERM", () => setTimeout(() => process.exit(0), 30)); console.log("ready"); ${STAY}`,
  ),
  /** Ignores every request to stop. */
  deaf: node(`for (const s of ["SIGTERM", "SIGINT"]) process.on(s, () => {}); console.log("ready"); ${STAY}`),
  /** Appends a line to a file of its data directory, prints the file, ends. */
  writes: node(`
    const fs = require("fs"), path = process.env.DATA_DIR + "/log";
    fs.appendFileSync(path, process.env.WORKER_ID + "\\n");
    console.log(fs.readFileSync(path, "utf8"));`),
  /** Starts a process of its own, prints its pid, and ends when told. */
  parent: node(`
    const { pid } = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(STAY)}]);
    console.log("child " + pid); ${STAY}`),
  fails: node("process.exit(3)"),
};

/** The server and a client for its raw API. */
export async function startTestedFly(options: FlyServerOptions = {}) {
  const server = await startFlyServer({
    apps: ["workers"],
    bootMs: 1,
    destroyMs: 1,
    claimReleaseMs: 1,
    restartDelayMs: 1,
    launcher: new ProcessLauncher(IMAGES),
    ...options,
  });
  /** Status and parsed body of one call below `/v1/apps/workers`. */
  async function call(method: string, path: string, body?: unknown, token = server.token) {
    const response = await fetch(`${server.baseUrl}/apps/workers${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed: unknown = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
    return { status: response.status, body: parsed };
  }
  /** The id of a new machine. */
  async function machine(name: string, config: { image: string; [field: string]: unknown }): Promise<string> {
    const { status, body } = await call("POST", "/machines", { name, region: "iad", config });
    if (status !== 200) throw new Error(`create answered ${status}: ${JSON.stringify(body)}`);
    return (body as { id: string }).id;
  }
  return { server, call, machine, view: (id: string) => viewOf(server, id) };
}

function viewOf(server: FlyServer, id: string) {
  const view = server.machines().find((machine) => machine.id === id);
  if (!view) throw new Error(`there is no machine ${id}`);
  return view;
}

/** True while the process runs. One that has ended but was not yet collected by its parent does not count. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  const state = stdout.trim();
  return state !== "" && !state.startsWith("Z");
}
