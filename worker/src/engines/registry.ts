/** The engines of this worker, one line each. */
import { commandKind } from "./command/kind.js";
import { echoKind } from "./echo/kind.js";
import { openAiKind } from "./openai/kind.js";
import { openClawKind } from "./openclaw/kind.js";

/** In the order of the help. */
export const engineKinds = [openAiKind, commandKind, echoKind, openClawKind] as const;
