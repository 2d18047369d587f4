import { afterEach, expect, it } from "vitest";
import { listenLoopback, type Listening } from "../http/listen.js";
import { attemptsOf, between, readStatistics, type EngineStatistics } from "./statistics.js";

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
const before: EngineStatistics = {
  functions: [
    entry("agentFactory:workerClaim", "mutation", 10, 10, 1),
    entry("x:setUp", "mutation", 5, 5, 1),
  ],
  conflicts: [{ retried: "a", writer: "b", index: "t.by_id", count: 1 }],
};
const after: EngineStatistics = {
  functions: [
    entry("agentFactory:workerClaim", "mutation", 30, 34, 3),
    entry("x:setUp", "mutation", 5, 5, 1),
    entry("agentFactory:workerHydrationBundle", "query", 20, 0, 0),
  ],
  conflicts: [
    { retried: "a", writer: "b", index: "t.by_id", count: 1 },
    { retried: "a", writer: "c", index: "t.by_id", count: 4 },
  ],
};

it("counts between two looks: only what ran, mutations alone for the attempts", () => {
  const counted = between(before, after);
  expect(counted.functions.map(({ function: name, calls }) => [name, calls])).toEqual([
    ["agentFactory:workerClaim", 20],
    ["agentFactory:workerHydrationBundle", 20],
  ]);
  expect(counted.conflicts).toEqual([{ retried: "a", writer: "c", index: "t.by_id", count: 4 }]);
  expect(attemptsOf(counted)).toEqual({ calls: 20, attempts: 24, perCall: 1.2, worst: 3 });
  expect(attemptsOf({ functions: [], conflicts: [] })).toBeNull();
});

it("reads them with the admin key, and is told when a deployment has none", async () => {
  server = await listenLoopback((request) =>
    new URL(request.url).pathname === "/__sim/stats" && request.headers.get("authorization") === "Convex k"
      ? Response.json(after)
      : new Response("nothing here", { status: 404 }),
  );
  const target = { cloudUrl: server.url, siteUrl: server.url, adminKey: "k" };
  expect(await readStatistics(target)).toEqual(after);
  expect(await readStatistics({ ...target, adminKey: "other" })).toBeNull();
});
