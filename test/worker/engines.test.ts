/** Every engine of the worker against what all of them must do. */
import { expect, it } from "vitest";
import { startFakeOpenClawGateway } from "../../sim/openclaw/index.js";
import { commandKind } from "../../worker/src/engines/command/kind.js";
import { echoKind } from "../../worker/src/engines/echo/kind.js";
import { openAiKind } from "../../worker/src/engines/openai/kind.js";
import { openClawKind } from "../../worker/src/engines/openclaw/kind.js";
import { engineKinds } from "../../worker/src/engines/registry.js";
import { describeEngine, type EngineSubject, type NamedKind } from "./engineConformance.js";
import { json, startTestServer } from "./httpServer.js";

const secret = "sk-a-key-that-is-secret";

const program = `
  let prompt = "";
  process.stdin.on("data", (data) => (prompt += data));
  process.stdin.on("end", () => {
    if (prompt.includes("hang")) return setInterval(() => {}, 1000);
    if (prompt.includes("break")) process.exit(3);
    process.stdout.write("you said " + prompt);
  });`;

async function openAi(): Promise<EngineSubject> {
  const server = await startTestServer(({ body }, response) => {
    const asked = JSON.stringify(body);
    if (asked.includes("hang")) return;
    if (asked.includes("break"))
      return json(response, 401, { error: { message: `what is ${secret} worth?` } });
    json(response, 200, { choices: [{ message: { content: asked }, finish_reason: "stop" }] });
  });
  const variables = { OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: secret, MODEL: "m" };
  return { variables, secret, close: () => server.close() };
}

async function openClaw(): Promise<EngineSubject> {
  const gateway = await startFakeOpenClawGateway({
    token: secret,
    faults: [
      { kind: "delay", textIncludes: "hang", delayMs: 60_000 },
      { kind: "unavailable", textIncludes: "break", message: "no model" },
    ],
  });
  const variables = { OPENCLAW_GATEWAY_URL: gateway.url, OPENCLAW_GATEWAY_TOKEN: secret };
  return { variables, secret, close: () => gateway.close() };
}

const command = JSON.stringify([process.execPath, "-e", program]);
const subjects: [NamedKind, () => Promise<EngineSubject>][] = [
  [echoKind, () => Promise.resolve({ variables: {}, fails: "never" })],
  [commandKind, () => Promise.resolve({ variables: { ENGINE_COMMAND: command } })],
  [openAiKind, openAi],
  [openClawKind, openClaw],
];
for (const [kind, setUp] of subjects) describeEngine(kind, setUp);

it("no engine is left out", () => {
  expect(subjects.map(([{ name }]) => name).sort()).toEqual(engineKinds.map(({ name }) => name).sort());
});
