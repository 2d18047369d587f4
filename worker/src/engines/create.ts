/** The engine that the environment asks for. */
import { randomBytes } from "node:crypto";
import type { Clock } from "../clock.js";
import type { WorkerEnv } from "../env.js";
import { memoryPlace } from "../memory/place.js";
import { createCommandEngine, parseCommand } from "./command/engine.js";
import { createEchoEngine } from "./echo/engine.js";
import { EngineError, type Engine } from "../engine/engine.js";
import { createOpenAiEngine } from "./openai/engine.js";
import { createOpenClawEngine, type OpenClawLog } from "./openclaw/engine.js";

export interface CreateEngineDeps {
  clock: Clock;
  log: OpenClawLog;
  /** The process's environment; the command engine passes a few names of it on. */
  processEnv: Record<string, string | undefined>;
}

/** Builds the engine without starting it. `env` has been checked: what the engine needs is there. */
export function createEngine(env: WorkerEnv, deps: CreateEngineDeps): Engine {
  switch (env.ENGINE) {
    case "echo":
      return createEchoEngine();
    case "openai":
      return createOpenAiEngine({
        baseUrl: env.OPENAI_BASE_URL,
        model: required("MODEL", env.OPENCLAW_AGENT_MODEL ?? env.MODEL),
        apiKey: env.OPENAI_API_KEY,
        clock: deps.clock,
      });
    case "command": {
      const argv = parseCommand(required("ENGINE_COMMAND", env.ENGINE_COMMAND));
      if (argv === null) throw new EngineError("refused", "ENGINE_COMMAND is not a command");
      return createCommandEngine({ argv, env: deps.processEnv, dataDir: memoryPlace(env)?.root });
    }
    case "openclaw": {
      const token = gatewayToken(env);
      return createOpenClawEngine(
        {
          url: env.OPENCLAW_GATEWAY_URL.replace(/^http/, "ws"),
          token,
          timeoutMs: env.ENGINE_TIMEOUT_MS,
          connectTimeoutMs: env.OPENCLAW_GATEWAY_CONNECT_TIMEOUT_MS,
          thinking: env.OPENCLAW_THINKING,
          mediaRoots: mediaRoots(env),
          gateway: gatewayProcess(env, deps.processEnv, token),
        },
        { clock: deps.clock, log: deps.log },
      );
    }
  }
}

/** A gateway that the worker runs itself needs no token that anybody else knows. */
function gatewayToken(env: WorkerEnv): string {
  if (env.OPENCLAW_GATEWAY_TOKEN !== undefined) return env.OPENCLAW_GATEWAY_TOKEN;
  if (env.OPENCLAW_GATEWAY_COMMAND !== undefined) return randomBytes(32).toString("hex");
  return required("OPENCLAW_GATEWAY_TOKEN", undefined);
}

const withheld = new Set(["AGENT_TOKEN", "CLIENT_TLS_KEY", "INIT_SCRIPT"]);

/** The gateway's own process sees the environment of the worker (model keys, proxies), but not what the worker is known by. */
function gatewayProcess(env: WorkerEnv, processEnv: CreateEngineDeps["processEnv"], token: string) {
  if (env.OPENCLAW_GATEWAY_COMMAND === undefined) return undefined;
  const argv = parseCommand(env.OPENCLAW_GATEWAY_COMMAND);
  if (argv === null) throw new EngineError("refused", "OPENCLAW_GATEWAY_COMMAND is not a command");
  const passed = Object.entries(processEnv).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !withheld.has(entry[0]),
  );
  // The memory of a conversation known from the start is on the disk before the engine starts.
  const own = { ...Object.fromEntries(passed), OPENCLAW_GATEWAY_TOKEN: token };
  return { argv, env: own, atFirstRun: env.OPENCLAW_CONVERSATION_ID === undefined };
}

/** Where the agent works, and where the gateway keeps media; its configuration and sessions lie beside, not inside. */
const mediaRoots = ({ OPENCLAW_WORKSPACE_DIR: work, OPENCLAW_STATE_DIR: state }: WorkerEnv): string[] => [
  ...(work === undefined ? [] : [work]),
  ...(state === undefined ? [] : [`${state}/media`]),
];

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new EngineError("refused", `${name} is missing`);
  return value;
}
