/** A model behind OpenAI's API, as the environment sets it up. */
import { EngineError } from "../../engine/engine.js";
import { httpUrl, keyText, text } from "../../envShapes.js";
import { missing, type EngineKind } from "../kind.js";
import { createOpenAiEngine } from "./engine.js";

const env = {
  OPENAI_BASE_URL: httpUrl("https://api.openai.com/v1")
    .default("https://api.openai.com/v1")
    .meta({ description: "ENGINE=openai: server with POST /chat/completions, up to and with the version." }),
  OPENAI_API_KEY: keyText
    .optional()
    .meta({ description: "ENGINE=openai: its key; required for api.openai.com.", secret: true }),
  OPENCLAW_AGENT_MODEL: text.optional().meta({ description: "ENGINE=openai: the model. Wins over MODEL." }),
  MODEL: text
    .optional()
    .meta({ description: "ENGINE=openai: the model, when OPENCLAW_AGENT_MODEL is absent." }),
};

export const openAiKind: EngineKind<typeof env> & { name: "openai" } = {
  name: "openai",
  env,
  faults(given) {
    const address = given["OPENAI_BASE_URL"] ?? "https://api.openai.com";
    return missing(
      given,
      ...(address.startsWith("https://api.openai.com") ? ["OPENAI_API_KEY"] : []),
      ...(given["OPENCLAW_AGENT_MODEL"] === undefined ? ["MODEL"] : []),
    );
  },
  probes: ({ OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey }) => ({ model: { baseUrl, apiKey } }),
  create({ OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey, ...given }, { clock }) {
    const model = given.OPENCLAW_AGENT_MODEL ?? given.MODEL;
    if (model === undefined) throw new EngineError("refused", "MODEL is missing");
    return createOpenAiEngine({ baseUrl, apiKey, model, clock });
  },
};
