/** An engine that exists here alone: it greets, keeps its memory in a directory, and has a password that it tells everybody. */
import { z } from "zod";
import { EngineError, type EngineRequest } from "../../../worker/src/engine/engine.js";
import { missing, type EngineKind } from "../../../worker/src/engines/kind.js";

const env = {
  TOY_GREETING: z.string().optional().meta({ description: "ENGINE=toy: what each answer begins with." }),
  TOY_PASSPHRASE: z
    .string()
    .optional()
    .meta({ description: "ENGINE=toy: the word that opens it.", secret: true }),
};

async function answer({ text, signal }: EngineRequest, greeting: string, passphrase: string) {
  if (text.includes("hang"))
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  if (signal.aborted) throw new EngineError("aborted", "toy: aborted");
  if (text.includes("break")) throw new EngineError("crashed", `toy: ${passphrase} did not open it`);
  return { text: `${greeting}, ${text}` };
}

export const toyKind: EngineKind<typeof env> = {
  name: "toy",
  env,
  faults: (given) => missing(given, "TOY_GREETING", "TOY_PASSPHRASE"),
  place: ({ DATA_DIR: root }) =>
    root === undefined ? null : { root, entries: ["toy"], machineFiles: ["toy/lock"] },
  probes: () => ({ gatewayUrl: "ws://127.0.0.1:9" }),
  create: ({ TOY_GREETING: greeting = "", TOY_PASSPHRASE: passphrase = "" }, { log }) => {
    log.info({ passphrase }, "toy.created");
    return {
      name: "toy",
      stateful: false,
      start: () => Promise.resolve(),
      ready: () => true,
      run: (request) => answer(request, greeting, passphrase),
      stop: () => Promise.resolve(),
    };
  },
};
