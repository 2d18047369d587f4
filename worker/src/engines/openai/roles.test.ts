/** Histories of any order, answered by a server whose chat template takes user and assistant in turns alone. */
import { afterEach, expect, it } from "vitest";
import { startModelServer, type ModelServer } from "../../../../sim/model/index.js";
import type { EngineTurn } from "../../engine/engine.js";
import { createOpenAiEngine } from "./engine.js";

let server: ModelServer;
afterEach(() => server.close());

const turn = (role: EngineTurn["role"]): EngineTurn => ({ role, content: role, at: 0 });

it.each<[string, EngineTurn[]]>([
  ["nothing was said", []],
  ["the assistant was first", [turn("assistant")]],
  ["an answer failed, so that two of the user's stand together", [turn("user"), turn("user")]],
  [
    "a tool and a system's word stand between",
    [turn("user"), turn("tool"), turn("system"), turn("assistant")],
  ],
])("it answers at the first request where %s", async (_, history) => {
  server = await startModelServer({ strictRoles: true });
  const clock = { now: () => 0, random: () => 1, sleep: () => Promise.resolve() };
  const engine = createOpenAiEngine({ baseUrl: server.baseUrl, model: "m", clock });
  const message = {
    messageId: "m",
    attempt: 1,
    conversationId: "c",
    agentKey: "a",
    text: "hi",
    metadata: {},
  };
  const signal = AbortSignal.timeout(20_000);
  const { text } = await engine.run({ ...message, history, systemPrompt: "be kind", signal });
  expect(text).toMatch(/^answer to: /);
  expect(server.requests()).toHaveLength(1);
});
