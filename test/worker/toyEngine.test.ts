/**
 * An engine that exists in `toyEngine/` alone, given to the registry by one line: the environment, its help, the log, the
 * memory's place, the probes and the loop know it, and none of them names it.
 */
import { Writable } from "node:stream";
import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../worker/src/clock.js";
import { envHelp, formatEnvHelp, readEnv, type WorkerEnv } from "../../worker/src/env.js";
import { createEngine, memoryPlace, probePlaces } from "../../worker/src/engines/chosen.js";
import { createLogger } from "../../worker/src/logging.js";
import { secretsOf } from "../../worker/src/secrets.js";
import { describeEngine } from "./engineConformance.js";
import { aJob, loopWith } from "./fakes.js";
import { runFor } from "./runFor.js";
import { toyKind } from "./toyEngine/kind.js";

/** The one line in the registry. */
vi.mock("../../worker/src/engines/registry.js", async (original) => {
  const { engineKinds } = await original<{ engineKinds: readonly unknown[] }>();
  const { toyKind: toy } = await import("./toyEngine/kind.js");
  return { engineKinds: [...engineKinds, toy] };
});
afterEach(() => void vi.useRealTimers());

const passphrase = "open-sesame-7";
const variables = { TOY_GREETING: "hello", TOY_PASSPHRASE: passphrase };
const base = { BASE_INTERNAL_URL: "http://127.0.0.1:1/x", AGENT_TOKEN: "t", ENGINE: "toy" };
function envOf(more: Record<string, string>): WorkerEnv {
  const read = readEnv({ ...base, ...more }, () => "w1");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.env;
}

// No secret is named to the suite: what this one tells of its own is the worker's to hold back, below.
describeEngine(toyKind, () => Promise.resolve({ variables }));

it("its variables are checked with all others, and the message names them", () => {
  const read = readEnv({ ...base, HEALTH_PORT: "many" }, () => "w1");
  expect(read.ok ? [] : read.problems).toEqual([
    expect.objectContaining({ name: "HEALTH_PORT" }),
    {
      name: "TOY_GREETING",
      problem: "is missing (needed by ENGINE=toy)",
      hint: "ENGINE=toy: what each answer begins with.",
    },
    expect.objectContaining({ name: "TOY_PASSPHRASE" }),
  ]);
  const unknown = readEnv({ ...base, ENGINE: "teddy" }, () => "w1");
  expect(unknown.ok ? [] : unknown.problems).toMatchObject([
    { name: "ENGINE", problem: "must be one of openai, command, echo, openclaw, toy" },
  ]);
});

it("the help has its variables behind those of the other engines", () => {
  expect(formatEnvHelp()).toContain("ENGINE=toy: what each answer begins with.");
  const names = envHelp().map(({ name }) => name);
  expect(names.indexOf("TOY_GREETING")).toBe(names.indexOf("OPENCLAW_CONFIG_PATH") + 1);
});

it("its memory and its probes are known", () => {
  expect(memoryPlace(envOf({ ...variables, DATA_DIR: "/data" }))).toEqual({
    root: "/data",
    entries: ["toy"],
    machineFiles: ["toy/lock"],
  });
  expect(memoryPlace(envOf(variables))).toBeNull();
  const probes = { workerId: "w1", model: null, gatewayUrl: "ws://127.0.0.1:9" };
  expect(probePlaces(envOf(variables))).toEqual(probes);
});

it("it answers a message in the loop, and what it says of its secret reaches neither the log nor the component", async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  let printed = "";
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => ((printed += String(chunk)), done()),
  });
  const env = envOf(variables);
  const secrets = secretsOf(env, {});
  const log = createLogger({ level: "info", workerId: "w1", secrets, destination });
  const world = loopWith([aJob("m1"), aJob("break")]);
  const engine = createEngine(env, { clock: systemClock, log, processEnv: {} });
  Object.assign(world.deps, { engine, log, secrets });
  await runFor(world, 3_000);
  expect(world.delivery.sent).toEqual(["hello, question m1"]);
  expect(world.transport.settles("break")).toEqual(["fail:retry:toy: [redacted] did not open it"]);
  expect(printed).toContain("toy.created");
  expect(printed).not.toContain(passphrase);
});
