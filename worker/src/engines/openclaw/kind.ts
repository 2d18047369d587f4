/** An OpenClaw gateway, the operator's or one that the worker runs, as the environment sets it up. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import type { z } from "zod";
import { EngineError } from "../../engine/engine.js";
import { httpUrl, keyText, text, wholeMs } from "../../envShapes.js";
import { dataRoot, PRIVATE_DIR } from "../../memory/place.js";
import { missing, type CreateEngineDeps, type EngineKind, type SharedEnv } from "../kind.js";
import { commandLine, parseCommand } from "../program.js";
import { createOpenClawEngine } from "./engine.js";

const env = {
  OPENCLAW_GATEWAY_URL: httpUrl("ws://127.0.0.1:18789", ["ws:", "wss:", "http:", "https:"])
    .default("ws://127.0.0.1:18789")
    .meta({ description: "ENGINE=openclaw: the agent gateway's WebSocket." }),
  OPENCLAW_GATEWAY_TOKEN: keyText.optional().meta({
    description: "ENGINE=openclaw: the gateway's token. With OPENCLAW_GATEWAY_COMMAND: generated.",
    secret: true,
  }),
  OPENCLAW_GATEWAY_COMMAND: commandLine.optional().meta({
    description:
      "ENGINE=openclaw: how to run the gateway. Set: the worker starts it, restarts it, and stops it while its files are saved or replaced. Default: it runs already.",
  }),
  OPENCLAW_GATEWAY_CONNECT_TIMEOUT_MS: wholeMs(100).default(60_000).meta({
    description: "ENGINE=openclaw: longest wait for a usable gateway, at the start and after a loss.",
  }),
  OPENCLAW_THINKING: text
    .optional()
    .meta({ description: "ENGINE=openclaw: thinking level. Default: the model's own." }),
  OPENCLAW_STATE_DIR: text.optional().meta({
    description: "ENGINE=openclaw: the gateway's state, directly inside DATA_DIR. Part of the memory.",
  }),
  OPENCLAW_WORKSPACE_DIR: text.optional().meta({
    description: "ENGINE=openclaw: the agent's workspace, directly inside DATA_DIR. Part of the memory.",
  }),
  OPENCLAW_CONFIG_PATH: text.optional().meta({
    description:
      "ENGINE=openclaw: the gateway's configuration. It belongs to the machine: no snapshot holds it.",
  }),
};
type Env = z.infer<z.ZodObject<typeof env>>;

export const openClawKind: EngineKind<typeof env> & { name: "openclaw" } = {
  name: "openclaw",
  env,
  faults(given) {
    const root = dataRoot(given["DATA_DIR"]);
    const misplaced = directories(given)
      .filter(({ dir }) => path.dirname(path.resolve(dir)) !== root || path.basename(dir) === PRIVATE_DIR)
      .map(({ name }) => ({ name, problem: "must be a directory directly inside DATA_DIR" }));
    // The worker gives one of its own making to a gateway that it runs itself.
    const ownGateway = given["OPENCLAW_GATEWAY_COMMAND"] !== undefined;
    return [...(ownGateway ? [] : missing(given, "OPENCLAW_GATEWAY_TOKEN")), ...misplaced];
  },
  /** Without directories the gateway's are not this machine's. */
  place(given) {
    const dirs = directories(given);
    if (dirs.length === 0) return null;
    const root = dataRoot(given.DATA_DIR);
    const relative = (below: string): string =>
      path.relative(root, path.resolve(below)).split(path.sep).join("/");
    const { OPENCLAW_CONFIG_PATH: config } = given;
    return {
      root,
      entries: dirs.map(({ dir }) => relative(dir)),
      machineFiles: config === undefined ? [] : [relative(config)],
    };
  },
  probes: ({ OPENCLAW_GATEWAY_URL: gatewayUrl }) => ({ gatewayUrl }),
  create(given, { clock, log, processEnv }) {
    const token = gatewayToken(given);
    return createOpenClawEngine(
      {
        url: given.OPENCLAW_GATEWAY_URL.replace(/^http/, "ws"),
        token,
        timeoutMs: given.ENGINE_TIMEOUT_MS,
        connectTimeoutMs: given.OPENCLAW_GATEWAY_CONNECT_TIMEOUT_MS,
        thinking: given.OPENCLAW_THINKING,
        mediaRoots: mediaRoots(given),
        gateway: gatewayProcess(given, processEnv, token),
      },
      { clock, log },
    );
  },
};

type Directories = Partial<Pick<Env, "OPENCLAW_STATE_DIR" | "OPENCLAW_WORKSPACE_DIR">>;

function directories(given: Directories): { name: string; dir: string }[] {
  return (["OPENCLAW_STATE_DIR", "OPENCLAW_WORKSPACE_DIR"] as const).flatMap((name) => {
    const dir = given[name];
    return dir === undefined ? [] : [{ name, dir }];
  });
}

/** A gateway that the worker runs itself needs no token that anybody else knows. */
function gatewayToken({ OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_GATEWAY_COMMAND: command }: Env): string {
  if (token !== undefined) return token;
  if (command !== undefined) return randomBytes(32).toString("hex");
  throw new EngineError("refused", "OPENCLAW_GATEWAY_TOKEN is missing");
}

const withheld = new Set(["AGENT_TOKEN", "CLIENT_TLS_KEY", "INIT_SCRIPT"]);

/** The gateway's own process sees the environment of the worker (model keys, proxies), but not what the worker is known by. */
function gatewayProcess(given: SharedEnv & Env, processEnv: CreateEngineDeps["processEnv"], token: string) {
  if (given.OPENCLAW_GATEWAY_COMMAND === undefined) return undefined;
  const argv = parseCommand(given.OPENCLAW_GATEWAY_COMMAND);
  if (argv === null) throw new EngineError("refused", "OPENCLAW_GATEWAY_COMMAND is not a command");
  const passed = Object.entries(processEnv).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !withheld.has(entry[0]),
  );
  // The memory of a conversation known from the start is on the disk before the engine starts.
  const own = { ...Object.fromEntries(passed), OPENCLAW_GATEWAY_TOKEN: token };
  return { argv, env: own, atFirstRun: given.OPENCLAW_CONVERSATION_ID === undefined };
}

/** Where the agent works, and where the gateway keeps media; its configuration and sessions lie beside, not inside. */
const mediaRoots = ({ OPENCLAW_WORKSPACE_DIR: work, OPENCLAW_STATE_DIR: state }: Directories): string[] => [
  ...(work === undefined ? [] : [work]),
  ...(state === undefined ? [] : [`${state}/media`]),
];
