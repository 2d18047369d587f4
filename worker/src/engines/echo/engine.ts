/** Repeats the user's text: for demos, tests and checking a deployment without a model. */
import { EngineError, type Engine } from "../../engine/engine.js";

/** Creates the echo engine; its answer is `echo: <text>`. */
export function createEchoEngine(): Engine {
  return {
    name: "echo",
    stateful: false,
    start: () => Promise.resolve(),
    ready: () => true,
    run: ({ text, signal }) =>
      signal.aborted
        ? Promise.reject(new EngineError("aborted", "echo: aborted"))
        : Promise.resolve({ text: `echo: ${text}` }),
    stop: () => Promise.resolve(),
  };
}
