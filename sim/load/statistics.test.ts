import { afterEach, expect, it } from "vitest";
import { listenLoopback, type Listening } from "../http/listen.js";
import { attemptsOf, readStatistics, resetStatistics, type EngineStatistics } from "./statistics.js";

let server: Listening | undefined;
afterEach(() => server?.close());

const entry = (name: string, type: string, calls: number, attempts: number, worstAttempts: number) => ({
  function: name,
  type,
  calls,
  attempts,
  worstAttempts,
  errors: 0,
});
const counted: EngineStatistics = {
  functions: [
    entry("agentFactory/lib:claim", "mutation", 5, 5, 1),
    entry("agentFactory:workerHydrationBundle", "query", 20, 0, 0),
    entry("agentFactory:workerClaim", "mutation", 15, 19, 3),
  ],
  conflicts: [
    { retried: "a", writer: "b", index: "t.by_id", count: 1 },
    { retried: "a", writer: "c", index: "t.by_id", count: 4 },
  ],
};
const nothing: EngineStatistics = { functions: [], conflicts: [] };

it("attempts per call are of mutations alone", () => {
  expect(attemptsOf(counted)).toEqual({ calls: 20, attempts: 24, perCall: 1.2, worst: 3 });
  expect(attemptsOf(nothing)).toBeNull();
});

it("reads and resets with the admin key, the most frequent first, and says when a deployment counts nothing", async () => {
  let now = counted;
  server = await listenLoopback((request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/__sim/stats" || request.headers.get("authorization") !== "Convex k")
      return new Response("nothing here", { status: 404 });
    if (request.method === "DELETE") now = nothing;
    return Response.json(now);
  });
  const target = { cloudUrl: server.url, siteUrl: server.url, adminKey: "k" };
  const read = await readStatistics(target);
  expect(read?.functions.map(({ calls }) => calls)).toEqual([20, 15, 5]);
  expect(read?.conflicts.map(({ count }) => count)).toEqual([4, 1]);
  expect(await resetStatistics(target)).toBe(true);
  expect(await readStatistics(target)).toEqual(nothing);
  const elsewhere = { ...target, adminKey: "other" };
  expect(await readStatistics(elsewhere)).toBeNull();
  expect(await resetStatistics(elsewhere)).toBe(false);
});
