/** A worker in this process: the real `runWorker` with an environment, a host that can be signalled, and its log lines. */
import { EventEmitter } from "node:events";
import { vi } from "vitest";
import { readEnv } from "../../worker/src/env.js";
import { runWorker } from "../../worker/src/main.js";

interface LogLine {
  event: string;
  level: string;
  [field: string]: unknown;
}

export interface InProcess {
  exited: Promise<number>;
  lines: LogLine[];
  line(event: string): LogLine | undefined;
  /** Resolves with the line once it was written. */
  heard(event: string): Promise<LogLine>;
  health(): Promise<{ status: number; body: { ok: boolean; problems: string[]; warnings: string[] } }>;
  metrics(): Promise<{ text: string; contentType: string }>;
  stop(): Promise<number>;
}

/** Its standard output is read instead of shown, so one of these runs at a time. */
export function startInProcess(settings: Record<string, string>): InProcess {
  const read = readEnv({ HEALTH_PORT: "0", POLL_INTERVAL_MS: "20", ...settings }, () => "w-test");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const lines: LogLine[] = [];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    for (const text of String(chunk).split("\n"))
      if (text.startsWith("{")) lines.push(JSON.parse(text) as LogLine);
    return true;
  });
  const host = Object.assign(new EventEmitter(), {
    env: { PATH: process.env["PATH"], ...settings },
    exit: () => undefined,
  });
  const exited = runWorker(read.env, host as unknown as NodeJS.Process).finally(() => out.mockRestore());
  const line = (event: string): LogLine | undefined => lines.find((one) => one.event === event);
  const heard = async (event: string): Promise<LogLine> => {
    for (;;) {
      const found = line(event);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const get = async (path: string): Promise<Response> =>
    await fetch(`http://127.0.0.1:${String((await heard("worker.started"))["healthPort"])}${path}`);
  return {
    exited,
    lines,
    line,
    heard,
    async health() {
      const response = await get("/healthz");
      return { status: response.status, body: (await response.json()) as never };
    },
    async metrics() {
      const response = await get("/metrics");
      return { text: await response.text(), contentType: response.headers.get("content-type") ?? "" };
    },
    stop() {
      host.emit("SIGTERM", "SIGTERM");
      return exited;
    },
  };
}
