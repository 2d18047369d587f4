import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aJob, loopWith } from "../../test/worker/fakes.js";
import { runFor } from "../../test/worker/runFor.js";
import { EngineError } from "./engine/engine.js";
import { readEnv } from "./env.js";
import { createLogger } from "./logging.js";
import { secretsOf } from "./secrets.js";

const source = {
  BASE_INTERNAL_URL: "http://127.0.0.1:3211/agent-factory",
  ENGINE: "echo",
  AGENT_TOKEN: "afw_the-workers-own",
  HTTPS_PROXY: "http://user:p%40ss-of-proxy@127.0.0.1:8080",
  all_proxy: "http://user:other-proxy-pass@127.0.0.1:1080",
  STATE_DATABASE_URL: "postgresql://u:database-pass@127.0.0.1/db",
  MOONSHOT_API_KEY: "moon-1234567",
  STRIPE_WEBHOOK: "named-by-the-fleet",
  PEM_PRIVATE_KEY: 'line "one"\nline two',
  REDIS_URL: "redis://:redis-pass@127.0.0.1:6379",
  AGENT_FACTORY_SECRET_NAMES: "STRIPE_WEBHOOK, GONE",
  HOSTNAME: "plain-hostname",
  OPENCLAW_AGENT_KEY: "sales-agent",
};
function secretsHere(): string[] {
  const read = readEnv(source, () => "w");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return secretsOf(read.env, source);
}
const leaks = [
  ...["afw_the-workers-own", "p%40ss-of-proxy", "p@ss-of-proxy", "other-proxy-pass", "database-pass"],
  ...["moon-1234567", "named-by-the-fleet", "redis-pass", 'line "one"\nline two'],
];

it.each(leaks)("the log holds no secret of the environment, wherever it turns up: %j", (secret) => {
  let printed = "";
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => ((printed += String(chunk)), done()),
  });
  const log = createLogger({ level: "info", workerId: "w", secrets: secretsHere(), destination });
  log.error(
    { error: `exit 1: stderr said ${secret}!`, deep: { list: [secret] } },
    `plain-hostname sales-agent ${secret}`,
  );
  expect(printed).not.toContain(secret);
  expect(printed).not.toContain(JSON.stringify(secret).slice(1, -1));
  expect(printed).toContain("plain-hostname sales-agent");
});

describe("the reason of a failed run", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
  afterEach(() => vi.useRealTimers());

  it("reaches the component without the secrets of the environment and of the agent's connections", async () => {
    const connections = [{ name: "crm", kind: "generic" }];
    const world = loopWith([aJob("m1", { connections })]);
    Object.assign(world.engine, { takesConnections: true });
    world.deps.secrets = secretsHere();
    world.deps.connections = { variablesOf: () => Promise.resolve({ CRM: "value-of-crm" }) };
    world.engine.answer = ({ connections: given }) =>
      Promise.reject(new EngineError("crashed", `command: exit 1: ${given?.["CRM"]} moon-1234567 refused`));
    await runFor(world, 3_000);
    expect(world.transport.settles("m1")).toEqual([
      "fail:retry:command: exit 1: [redacted] [redacted] refused",
    ]);
  });
});
