import { setTimeout as sleep } from "node:timers/promises";
import type { ModelServer } from "../model/index.js";
import type { DemoGateway } from "./gateway.js";
import type { UntilGenerating } from "./killer.js";

/** The model is asked right after a claim; without a request by then the worker is not doing what it should. */
const MODEL_WAIT_MS = 5_000;

/** Each worker asks for a model of its own name, so that the model server's log shows who asked. */
export const modelNameOf = (worker: string): string => `sim-${worker}`;

/** For workers that ask the model server themselves. */
export const generatingAt =
  (model: ModelServer): UntilGenerating =>
  (worker, held) =>
    model.waitForRequests(
      (requests) =>
        requests.some(
          (request) =>
            request.model === modelNameOf(worker) &&
            request.outcome === "open" &&
            request.lastUserText === held.text,
        ),
      MODEL_WAIT_MS,
    );

/** For workers behind the gateway. Only one worker can hold a message, so its text tells whose it is. */
export const generatingBehind =
  (gateway: DemoGateway): UntilGenerating =>
  async (worker, held) => {
    const waited = new AbortController();
    const late = async () => {
      await sleep(MODEL_WAIT_MS, undefined, { signal: waited.signal });
      throw new Error(`${worker} did not send "${held.text}" to the gateway within ${MODEL_WAIT_MS} ms`);
    };
    try {
      await Promise.race([gateway.untilGenerating(held.text), late()]);
    } finally {
      waited.abort();
    }
  };
