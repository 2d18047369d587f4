/** A program of the operator's, as the environment names it. */
import { z } from "zod";
import { EngineError } from "../../engine/engine.js";
import { dataRoot } from "../../memory/place.js";
import { missing, type EngineKind } from "../kind.js";
import { commandLine, parseCommand } from "../program.js";
import { createCommandEngine } from "./engine.js";

const env = {
  ENGINE_COMMAND: commandLine.optional().meta({
    description: "ENGINE=command: program and arguments, prompt on stdin, answer on stdout. No shell.",
  }),
  COMMAND_STATEFUL: z.enum(["true", "false"]).default("false").meta({
    description:
      "ENGINE=command: true when the program keeps memory in DATA_DIR, which it gets by that name.",
  }),
};

const place: NonNullable<EngineKind<typeof env>["place"]> = ({ COMMAND_STATEFUL, DATA_DIR }) =>
  COMMAND_STATEFUL === "true" ? { root: dataRoot(DATA_DIR), entries: null, machineFiles: [] } : null;

export const commandKind: EngineKind<typeof env> & { name: "command" } = {
  name: "command",
  env,
  faults: (given) =>
    missing(given, "ENGINE_COMMAND", ...(given["COMMAND_STATEFUL"] === "true" ? ["DATA_DIR"] : [])),
  place,
  program: ({ ENGINE_COMMAND }) => parseCommand(ENGINE_COMMAND ?? "")?.[0],
  create(given, { processEnv }) {
    const argv = parseCommand(given.ENGINE_COMMAND ?? "");
    if (argv === null) throw new EngineError("refused", "ENGINE_COMMAND is not a command");
    return createCommandEngine({ argv, env: processEnv, dataDir: place(given)?.root });
  },
};
