import { httpRouter } from "convex/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ComponentApi } from "../component/_generated/component.js";
import { aliasPath, gatewayPath } from "../contract/paths.js";
import { registerRoutes } from "./registerRoutes.js";

const component = { lib: new Proxy({}, { get: (_, name) => name }) } as unknown as ComponentApi;
const CONFLICT =
  'Documents read from or written to the "leases" table changed while this mutation was being run and on every subsequent retry.';
const WRITES = "Too many writes per second. Your deployment is limited to 4 MiB bytes written per 1 second.";

const logged = { warn: [] as string[], error: [] as string[] };
beforeEach(() => {
  vi.useFakeTimers();
  for (const level of ["warn", "error"] as const) {
    logged[level] = [];
    vi.spyOn(console, level).mockImplementation(
      (...words: unknown[]) => void logged[level].push(words.join(" ")),
    );
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A claim at one of the doors, of a component whose first `failures` calls fail so. */
async function claimAt(door: "gateway" | "image", failures: number, message: string) {
  const http = httpRouter();
  registerRoutes(http, component);
  const path = door === "gateway" ? gatewayPath("claim") : `${aliasPath("a".repeat(43))}/api/mutation`;
  const body = door === "gateway" ? { workerId: "w1" } : { path: "x:workerClaim", args: { workerId: "w1" } };
  const { _handler } = http.lookup(path, "POST")?.[0] as unknown as {
    _handler: (ctx: unknown, request: Request) => Promise<Response>;
  };
  const calls: unknown[] = [];
  const runMutation = (fn: string, args: unknown): Promise<unknown> => {
    calls.push([fn, args]);
    if (calls.length <= failures) return Promise.reject(new Error(message));
    return Promise.resolve(fn === "poll" ? { job: { messageId: "m" }, idle: null } : { messageId: "m" });
  };
  const headers = { authorization: "Bearer a.b.c" };
  const request = new Request(`https://x.example${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const startedAt = Date.now();
  const answering = _handler({ runMutation }, request);
  await vi.runAllTimersAsync();
  const response = await answering;
  return { response, reply: (await response.json()) as unknown, calls, tookMs: Date.now() - startedAt };
}

describe.each(["gateway", "image"] as const)(
  "what the deployment does not commit, at the door of the %s",
  (door) => {
    it("is repeated at once, unchanged, and each repeat is a line of the log", async () => {
      const { response, reply, calls, tookMs } = await claimAt(door, 3, CONFLICT);
      expect(response.status).toBe(200);
      expect(reply).toMatchObject({ value: { messageId: "m" } });
      expect(calls).toHaveLength(4);
      expect(new Set(calls.map((call) => JSON.stringify(call))).size).toBe(1);
      expect(tookMs).toBeLessThanOrEqual(350);
      const fn = door === "gateway" ? "poll" : "claim";
      expect(logged.warn.map((line) => line.replace(/\d+/, "N"))).toEqual(
        Array(3).fill(`worker gateway: ${fn}: write_conflict, repeated after N ms`),
      );
    });

    it.each([
      ["write conflicts", CONFLICT, 4, 503, "write_conflict", "1", 0],
      ["too many writes", WRITES, 3, 429, "too_many_writes", "2", 1_000],
    ] as const)(
      "is told the worker when %s last",
      async (_, message, calls, status, code, after, atLeastMs) => {
        const done = await claimAt(door, 99, message);
        expect(done.response.status).toBe(status);
        expect(done.response.headers.get("Retry-After")).toBe(after);
        expect(done.calls).toHaveLength(calls);
        expect(done.tookMs).toBeGreaterThanOrEqual(atLeastMs);
        expect(JSON.stringify(done.reply)).toContain(`"code":"${code}"`);
        expect(JSON.stringify(done.reply)).not.toContain("leases");
        expect(logged.error).toEqual([expect.stringContaining(`${code}, given up`)]);
      },
    );
  },
);
