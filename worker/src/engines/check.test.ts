/** The cheap look at a model that was down: the worker's breaker and the engine together, over real sockets. */
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { closedPort, json, startTestServer, type TestServer } from "../../../test/worker/httpServer.js";
import type { Clock } from "../clock.js";
import { Channels } from "../channels/registry.js";
import { createMetrics } from "../metrics.js";
import { checksOf, Services } from "../services.js";
import type { EngineError } from "../engine/engine.js";
import { createOpenAiEngine } from "./openai/engine.js";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const never = new AbortController().signal;
/** A hundred times as fast as the world, so that pauses of seconds pass. */
const clock: Clock = {
  now: () => Date.now() * 100,
  random: () => 1,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 100)),
};
const engineAt = (baseUrl: string) => createOpenAiEngine({ baseUrl, model: "m", apiKey: "sk-key", clock });
const question = { messageId: "m", attempt: 1, conversationId: "c", agentKey: "a", text: "hi", history: [] };

describe("a look at a model's server", () => {
  it.each([
    [200, true],
    [401, true],
    [404, true],
    [429, false],
    [503, false],
  ])("that answers HTTP %i: up is %s", async (status, up) => {
    server = await startTestServer((_request, response) => json(response, status, {}));
    const looked = await engineAt(server.baseUrl)
      .check?.(never)
      .then(
        () => true,
        () => false,
      );
    expect(looked).toBe(up);
    const [seen] = server.received;
    expect([seen?.method, seen?.path, seen?.headers.authorization]).toEqual([
      "GET",
      "/models",
      "Bearer sk-key",
    ]);
  });

  it("that is away fails", async () => {
    await expect(engineAt(await closedPort()).check?.(never)).rejects.toThrow();
  });
});

it("a model that is down for a while opens the breaker, looks hold claims back, and its return lets a run close it", async () => {
  let down = true;
  const asked = { looks: 0, runs: 0 };
  const done = { choices: [{ message: { content: "here again" }, finish_reason: "stop" }] };
  server = await startTestServer(({ method }, response) => {
    asked[method === "GET" ? "looks" : "runs"] += 1;
    // It comes back between two looks, and nothing but a look can see it.
    if (method === "GET" && asked.looks === 3) down = false;
    json(response, down ? 503 : 200, down ? { error: { message: "restarting" } } : done);
  });
  const engine = engineAt(server.baseUrl);
  const services = new Services({
    clock,
    log: pino({ level: "silent" }),
    metrics: createMetrics(),
    checks: checksOf(engine, null, new Channels([])),
  });
  const run = () => engine.run({ ...question, metadata: {}, signal: never });
  for (let i = 0; i < 2; i += 1)
    await run().catch((error: EngineError) => services.failed("engine", error.message));
  const runsOfOutage = asked.runs;
  expect([services.mayClaim, services.problems().length]).toEqual([false, 1]);
  await services.untilNextTry(never);
  expect([asked, services.mayClaim]).toEqual([{ looks: 3, runs: runsOfOutage }, true]);
  expect((await run()).text).toBe("here again");
  services.worked("engine");
  expect([services.mayClaim, services.problems()]).toEqual([true, []]);
});
